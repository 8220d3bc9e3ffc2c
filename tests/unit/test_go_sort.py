from __future__ import annotations

from operator import lt

from hypothesis import given
from hypothesis import strategies as st

from meshcompile.golang.sort import go_sorted


@given(st.lists(st.integers(0, 40), max_size=300))
def test_sorts(items: list[int]) -> None:
    """The result is sorted, regardless of the order of equal items."""
    assert go_sorted(items, lt) == sorted(items)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers()), max_size=12))
def test_short_lists_keep_the_order_of_equals(items: list[tuple[int, int]]) -> None:
    """Up to twelve items are sorted by insertion, which is stable."""
    assert go_sorted(items, lambda a, b: a[0] < b[0]) == sorted(items, key=lambda item: item[0])


def test_long_runs_of_equals_leave_their_order() -> None:
    """In a longer list, equal items have Go's order: the middle one, the pivot, first."""
    assert go_sorted(range(13), lambda a, b: False) == list(range(13))
    assert go_sorted([*range(12, 0, -1), 0], lt) == list(range(13))
