"""The order of Go's `sort.Slice`, including the order of equal elements.

Go sorts by pattern-defeating quicksort, which is not stable but deterministic. istioctl sorts its tables with it, and
some of its comparisons are inconsistent, so equal tables need the same algorithm. Follows Go's `sort.pdqsort_func`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableSequence
from typing import Generic, TypeVar

T = TypeVar("T")

LONGEST_INSERTION = 12  # up to here, insertion sort
SHORTEST_NINTHER = 50  # from here, the pivot is a median of medians
SHORTEST_SHIFT = 50  # from here, a nearly sorted range is finished by shifting
MOST_SHIFTS = 5
WORD = (1 << 64) - 1


def go_sorted(items: Iterable[T], less: Callable[[T, T], bool]) -> list[T]:
    """The items as Go's `sort.Slice` would leave them."""
    result = list(items)
    _Sort(result, less).quick(0, len(result), len(result).bit_length())
    return result


class _Sort(Generic[T]):
    """One run over `items`. Ranges are half open: [a, b)."""

    def __init__(self, items: MutableSequence[T], less: Callable[[T, T], bool]) -> None:
        self.items = items
        self._less = less

    def less(self, i: int, j: int) -> bool:
        return self._less(self.items[i], self.items[j])

    def swap(self, i: int, j: int) -> None:
        self.items[i], self.items[j] = self.items[j], self.items[i]

    def quick(self, a: int, b: int, limit: int) -> None:
        """Sort [a, b). After `limit` bad pivots, heap sort takes over."""
        balanced = partitioned = True
        while (length := b - a) > LONGEST_INSERTION:
            if limit == 0:
                return self.heap(a, b)
            if not balanced:
                self.break_patterns(a, b)
                limit -= 1
            pivot, swaps = self.pivot(a, b)
            if descending := swaps == 12:
                self.items[a:b] = self.items[a:b][::-1]
                pivot = b - 1 - (pivot - a)
            if balanced and partitioned and (descending or swaps == 0) and self.nearly_sorted(a, b):
                return None
            if a > 0 and not self.less(a - 1, pivot):
                a = self.partition_equal(a, b, pivot)
                continue
            middle, partitioned = self.partition(a, b, pivot)
            balanced = min(middle - a, b - middle) >= length // 8
            if middle - a < b - middle:
                self.quick(a, middle, limit)
                a = middle + 1
            else:
                self.quick(middle + 1, b, limit)
                b = middle
        return self.insertion(a, b)

    def insertion(self, a: int, b: int) -> None:
        for i in range(a + 1, b):
            self.shift_left(i, a)

    def shift_left(self, j: int, end: int) -> None:
        """Move item j to the left while it is less than its neighbour, as far as `end`."""
        while j > end and self.less(j, j - 1):
            self.swap(j, j - 1)
            j -= 1

    def heap(self, a: int, b: int) -> None:
        for i in range((b - a - 1) // 2, -1, -1):
            self.sift_down(i, b - a, a)
        for i in range(b - a - 1, -1, -1):
            self.swap(a, a + i)
            self.sift_down(0, i, a)

    def sift_down(self, root: int, end: int, first: int) -> None:
        while (child := 2 * root + 1) < end:
            if child + 1 < end and self.less(first + child, first + child + 1):
                child += 1
            if not self.less(first + root, first + child):
                return
            self.swap(first + root, first + child)
            root = child

    def partition(self, a: int, b: int, pivot: int) -> tuple[int, bool]:
        """The pivot's new index, with smaller items before it, and whether the range was already partitioned."""
        self.swap(a, pivot)
        i, j = self.out_of_place(a, a + 1, b - 1)
        already = i > j
        while i <= j:
            self.swap(i, j)
            i, j = self.out_of_place(a, i + 1, j - 1)
        self.swap(j, a)
        return j, already

    def out_of_place(self, pivot: int, i: int, j: int) -> tuple[int, int]:
        """The next pair of items on the wrong sides; i > j if there is none."""
        while i <= j and self.less(i, pivot):
            i += 1
        while i <= j and not self.less(j, pivot):
            j -= 1
        return i, j

    def partition_equal(self, a: int, b: int, pivot: int) -> int:
        """The index of the first item greater than the pivot, after moving equal items before it."""
        self.swap(a, pivot)
        i, j = a + 1, b - 1
        while True:
            while i <= j and not self.less(a, i):
                i += 1
            while i <= j and self.less(a, j):
                j -= 1
            if i > j:
                return i
            self.swap(i, j)
            i, j = i + 1, j - 1

    def nearly_sorted(self, a: int, b: int) -> bool:
        """True if the range is sorted after at most a few shifts."""
        i = a + 1
        for _ in range(MOST_SHIFTS):
            while i < b and not self.less(i, i - 1):
                i += 1
            if i == b:
                return True
            if b - a < SHORTEST_SHIFT:
                return False
            self.swap(i, i - 1)
            if i - a >= 2:
                self.shift_left(i - 1, 0)
            if b - i >= 2:
                self.shift_right(i + 1, b)
        return False

    def shift_right(self, j: int, b: int) -> None:
        while j < b and self.less(j, j - 1):
            self.swap(j, j - 1)
            j += 1

    def break_patterns(self, a: int, b: int) -> None:
        """Swap three items at positions from a generator that is seeded with the length."""
        length = random = b - a
        place = a + length // 4 * 2 - 1
        for i in range(3):
            random ^= random << 13 & WORD
            random ^= random >> 7
            random ^= random << 17 & WORD
            other = random & ((1 << length.bit_length()) - 1)
            self.swap(place - 1 + i, a + (other - length if other >= length else other))

    def pivot(self, a: int, b: int) -> tuple[int, int]:
        """The index of the pivot, and the number of comparisons that found a descending pair, 0 to 12."""
        quarter = (b - a) // 4
        places = [a + quarter, a + 2 * quarter, a + 3 * quarter]
        swaps = 0
        if b - a >= SHORTEST_NINTHER:
            medians = [self.median(place - 1, place, place + 1) for place in places]
            places, swaps = [place for place, _ in medians], sum(count for _, count in medians)
        place, count = self.median(*places)
        return place, swaps + count

    def median(self, i: int, j: int, k: int) -> tuple[int, int]:
        """The index of the median of three items, and the number of descending pairs."""
        swaps = 0
        if self.less(j, i):
            i, j, swaps = j, i, swaps + 1
        if self.less(k, j):
            j, swaps = k, swaps + 1
        if self.less(j, i):
            j, swaps = i, swaps + 1
        return j, swaps
