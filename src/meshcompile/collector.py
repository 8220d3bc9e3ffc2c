"""Pauses and triggers of Python's garbage collector."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct

# The factor by which the heap may grow before the next collection.
_GROWTH = 4


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause garbage collection, and then move all new objects to the oldest generation.

    Loading and compiling create many objects and keep nearly all of them. Collecting among them takes as long as
    creating them, and longer the more there are. After a pause, the collector would examine all of them as young
    objects. Freezing and unfreezing moves them to the oldest generation without examining them. Objects that the caller
    froze stay frozen.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            if not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()
            gc.enable()


class _Heap(Struct):
    """The state of this process' heap. A process has one heap and one collector."""

    left: int | None = None  # memory blocks after the last collection; None before the first


_HEAP = _Heap()


def collect_if_grown() -> None:
    """Collect if the heap has grown much since the last collection. Called before a mesh is loaded.

    The collector does not count objects that `gc_paused` moves to the oldest generation. Without this function, a
    program that loads repeatedly would keep all old meshes. A program that loads once pays nothing.
    """
    blocks = sys.getallocatedblocks()
    if _HEAP.left is None:
        _HEAP.left = blocks
    elif blocks > _GROWTH * _HEAP.left:
        gc.collect()
        _HEAP.left = sys.getallocatedblocks()
