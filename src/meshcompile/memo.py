"""Answers that many proxies share, each computed once."""

from collections.abc import Callable, Hashable
from typing import TypeVar, cast

T = TypeVar("T")


class Memo:
    """A cache whose keys are values; whoever asks cannot tell whether it answers from memory.

    It lives as long as what its answers are derived from: a snapshot, a scope.
    """

    __slots__ = ("_answers",)

    def __init__(self) -> None:
        self._answers: dict[Hashable, object] = {}

    def once(self, key: Hashable, answer: Callable[[], T]) -> T:
        """The answer under this key, computed the first time; a key stands for one type of answer only."""
        if key not in self._answers:
            self._answers[key] = answer()
        return cast(T, self._answers[key])

    def canonical(self, key: Hashable, value: T, likeness: Callable[[T], object]) -> T:
        """The first value under this key whose likeness is equal to this one's: itself when there is none.

        For values without a hash, of which there are few kinds: what is made of the canonical one can be shared.
        """
        known: list[tuple[object, T]] = self.once(key, list)
        wanted = likeness(value)
        for like, found in known:
            if like == wanted:
                return found
        known.append((wanted, value))
        return value
