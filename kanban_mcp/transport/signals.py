"""The signals that ask a server to end."""

import signal


def ending() -> list[signal.Signals]:
    """SIGTERM, SIGINT, and SIGHUP, which a closed terminal sends: not where it is ignored, as under `nohup`."""
    hung_up = [] if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else [signal.SIGHUP]
    return [signal.SIGTERM, signal.SIGINT, *hung_up]
