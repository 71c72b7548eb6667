"""What the board is to agents: tools, resources and prompts, on the SDK."""
