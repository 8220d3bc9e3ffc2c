"""The garbage collector, out of the way but not forever."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct

# How many times as much there may be as was left when somebody last looked for garbage.
_GROWTH = 4


@contextmanager
def paused() -> Iterator[None]:
    """No garbage collection meanwhile; what is made is old at once.

    Loading and compiling make many objects and keep nearly all of them: looking for garbage among them takes as long
    as making them, and longer the more there are. The collector looks at what is young first, and would go through all
    of it afterwards. Freezing and unfreezing moves it to the oldest generation without a look at any of it; what
    somebody else froze stays frozen.
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
    """The heap of this process: there is one, as there is one collector."""

    left: int | None = None  # blocks of memory when somebody last looked for garbage; None when nobody did


_HEAP = _Heap()


def look_for_garbage() -> None:
    """Collect when there is much more than when somebody last looked; called before a mesh is loaded.

    The collector does not count what `paused` makes old: without this, a program that loads again and again would keep
    all meshes that it is done with. A program that loads once is spared the look.
    """
    blocks = sys.getallocatedblocks()
    if _HEAP.left is None:
        _HEAP.left = blocks
    elif blocks > _GROWTH * _HEAP.left:
        gc.collect()
        _HEAP.left = sys.getallocatedblocks()
