"""REST, and its description."""
