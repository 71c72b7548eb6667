"""The HTTP server: from its sockets to the parts that answer, and how it stops."""
