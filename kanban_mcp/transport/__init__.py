"""How callers speak to the operations."""
