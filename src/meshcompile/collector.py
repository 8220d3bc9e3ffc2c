"""The garbage collector, out of the way."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


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


# How many times as many objects there may be as were left when somebody last looked for garbage.
_GROWTH = 4


@dataclass(slots=True)
class _Heap:
    """The heap of this process: there is one, as there is one collector."""

    left: int | None = None  # objects when somebody last looked for garbage; None when nobody did


_HEAP = _Heap()


def _grow_old() -> None:
    """Let the collector take all that is there for old, and look for garbage when there is much more than before.

    It looks at what is young first, and would go through everything that was made while it was off at once. Freezing
    and unfreezing moves it to the oldest generation without a look at any of it; what somebody froze stays frozen. As
    the collector does not count what comes to the oldest generation that way, a program that compiles again and again
    would never get rid of the meshes that it is done with: hence the look, which a single compilation is spared.
    """
    if gc.get_freeze_count():
        return
    found = _aged()
    if _HEAP.left is None:
        _HEAP.left = found
    elif found > _GROWTH * _HEAP.left:
        gc.collect()
        _HEAP.left = _aged()


def _aged() -> int:
    """The number of objects that the collector knows, all of them in its oldest generation now."""
    gc.freeze()
    count = gc.get_freeze_count()
    gc.unfreeze()
    return count
