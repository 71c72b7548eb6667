"""`python -m kanban_mcp`, and the console script."""

import gc


def main() -> None:
    """Start, without collecting garbage while loading: nothing loaded is garbage, and looking costs a tenth."""
    gc.disable()
    from kanban_mcp.cli import main as command_line  # noqa: PLC0415

    gc.freeze()
    gc.enable()
    command_line()


if __name__ == "__main__":
    main()
