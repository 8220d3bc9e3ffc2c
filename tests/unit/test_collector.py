"""The garbage collector, out of the way but not forever."""

from __future__ import annotations

import gc

from meshcompile.collector import paused


def test_garbage_of_many_rounds_is_collected() -> None:
    """What many rounds without collection leave behind does not add up."""
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(20):
        with paused():
            for _ in range(before // 2):
                loop: list[object] = []
                loop.append(loop)
    assert len(gc.get_objects()) < 8 * before
