"""The garbage collector, out of the way."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """No garbage collection meanwhile.

    Loading and compiling make many objects and keep nearly all of them: looking for garbage among them takes as long
    as making them, and longer the more there are.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            _grow_old()
            gc.enable()


def _grow_old() -> None:
    """Let the collector take all that is there for old.

    It looks at what is young first, and would go through everything that was made while it was off at once. Freezing
    and unfreezing moves it to the oldest generation without a look at any of it; what somebody froze stays frozen.
    """
    if not gc.get_freeze_count():
        gc.freeze()
        gc.unfreeze()
