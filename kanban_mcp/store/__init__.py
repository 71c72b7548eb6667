"""The store: every statement of SQL, a file a noun, over one SQLite file that several processes share."""
