"""`python -m kanban_mcp`, and the console script."""

import errno
import os
import sys

from kanban_mcp.loading import loading

INTERRUPTED = 130
"""What shells have for who was ended by Ctrl-C."""


def main() -> None:
    """Start."""
    try:
        with loading():
            from kanban_mcp.cli import main as command_line  # noqa: PLC0415
        command_line()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)  # before a command had begun: what to do about it is theirs
    except OSError as error:
        if error.errno != errno.ENOSPC or error.filename is not None:
            raise
        # What could not be written would be tried again at the end, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit("kanban-mcp: There is no space where the output goes.")


if __name__ == "__main__":
    main()
