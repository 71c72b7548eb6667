"""MCP as it is on the wire, without the SDK: what every client is told, and answers to plain requests."""
