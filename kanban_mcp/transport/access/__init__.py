"""Who may speak over HTTP, from where, how often and how much."""
