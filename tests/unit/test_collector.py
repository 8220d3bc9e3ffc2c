"""The garbage collector is paused, but memory does not grow."""

from __future__ import annotations

import gc
import sys

import pytest

from meshcompile.collector import collect_if_grown, gc_paused


@pytest.mark.slow
def test_garbage_of_many_rounds_is_collected() -> None:
    """Garbage of many rounds without collection does not accumulate."""
    gc.collect()
    collect_if_grown()
    before = sys.getallocatedblocks()
    for _ in range(20):
        collect_if_grown()
        with gc_paused():
            for _ in range(before // 2):
                loop: list[object] = []
                loop.append(loop)
    assert sys.getallocatedblocks() < 10 * before


def test_the_collector_is_left_as_it_was() -> None:
    """After a pause, the collector is on if it was on, and off if it was off."""
    for switch in (gc.disable, gc.enable):
        switch()
        enabled = gc.isenabled()
        with gc_paused():
            assert not gc.isenabled()
        assert gc.isenabled() is enabled
