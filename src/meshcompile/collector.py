"""The garbage collector, out of the way."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """No garbage collection meanwhile; afterwards the collector looks once through what was made.

    Loading and compiling make many objects and keep nearly all of them: looking for garbage among them takes as long
    as making them, and longer the more there are.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
