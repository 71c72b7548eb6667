"""`python -m kanban_mcp`, and the console script."""

from kanban_mcp.loading import loading


def main() -> None:
    """Start."""
    with loading():
        from kanban_mcp.cli import main as command_line  # noqa: PLC0415
    command_line()


if __name__ == "__main__":
    main()
