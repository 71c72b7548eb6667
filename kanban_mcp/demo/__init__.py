"""A board to look at: a project under way, with a past, and agents that go on with it."""
