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
