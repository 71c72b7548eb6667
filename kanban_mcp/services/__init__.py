"""What may be done with boards, tasks, notes and tags, and the rules of it."""
