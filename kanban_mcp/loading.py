"""Loading modules without looking for garbage among them: nothing loaded is any, and looking costs a tenth."""

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def loading() -> Iterator[None]:
    """Collect nothing in the block, and nothing made in it later."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
