"""How threads take turns on the interpreter, in a process that has an event loop to keep."""

import sys

TURN_SECONDS = 0.001
"""After how long a thread that computes hands over to the event loop; Python's own 5 ms add up, one for each call."""


def shorten_turns() -> None:
    """Keep the event loop from waiting long for searches and the writer."""
    sys.setswitchinterval(TURN_SECONDS)
