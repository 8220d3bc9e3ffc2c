"""An order of edits in which no stage routes to a cluster that does not exist: make before break."""

from collections.abc import Sequence
from enum import StrEnum, auto

from msgspec import Struct

from meshcompile.rollout.edits import ObjectEdit
from meshcompile.rollout.stages import Problem, ProxyKey, Stage, after

MOST_STAGES = 400
"""The number of meshes that are compiled in search of an order."""


class OrderVerdict(StrEnum):
    """What is known about the order of edits."""

    SAFE = auto()
    """Every stage was compiled, and none routes to nothing."""
    IMPOSSIBLE = auto()
    """Every order was tried, and each has a stage that routes to nothing."""
    UNKNOWN = auto()
    """There are too many orders to try."""


class Order(Struct, frozen=True, eq=False):
    """Edits in order, and the stage before all of them and after each.

    If no order was found, these are the most edits that can be applied safely, and `blocked` has the problems of each
    of the others when it is applied next.
    """

    verdict: OrderVerdict
    edits: tuple[ObjectEdit, ...]
    stages: tuple[Stage, ...]
    blocked: tuple[tuple[ObjectEdit, tuple[Problem, ...]], ...] = ()


def ordered(first: Stage, last: Stage, edits: Sequence[ObjectEdit], proxies: Sequence[ProxyKey] | None) -> Order:
    """An order of edits that lead from one mesh to another.

    Args:
        first: The stage before the change. Its problems, and those of the last stage, forbid nothing.
        last: The stage after it.
        edits: The edits, those that mostly come first at the beginning.
        proxies: The proxies to look at; all of them by default.
    """
    return _Search((first, last), tuple(edits), proxies).found(first)


class _Search:
    """A search through the orders, the most promising first."""

    def __init__(
        self, ends: tuple[Stage, Stage], edits: tuple[ObjectEdit, ...], proxies: Sequence[ProxyKey] | None
    ) -> None:
        self.ends, self.edits, self.proxies = ends, edits, proxies
        self.budget = MOST_STAGES
        self.dead: set[frozenset[int]] = set()
        self.best: tuple[tuple[int, ...], tuple[Stage, ...]] = ((), ())

    def found(self, first: Stage) -> Order:
        done = self._from((), (first,))
        if done is not None:
            return Order(OrderVerdict.SAFE, tuple(self.edits[each] for each in done[0]), done[1])
        verdict = OrderVerdict.UNKNOWN if self.budget <= 0 else OrderVerdict.IMPOSSIBLE
        applied, stages = self.best if self.best[1] else ((), (first,))
        blocked = tuple(
            (edit, tuple(sorted(self._new_problems(after(stages[-1], (edit,), self.proxies)))))
            for number, edit in enumerate(self.edits)
            if number not in applied
        )
        return Order(verdict, tuple(self.edits[each] for each in applied), stages, blocked)

    def _from(
        self, applied: tuple[int, ...], stages: tuple[Stage, ...]
    ) -> tuple[tuple[int, ...], tuple[Stage, ...]] | None:
        if len(applied) >= len(self.best[0]):
            self.best = applied, stages
        if len(applied) == len(self.edits):
            return applied, stages
        for number, edit in enumerate(self.edits):
            if number in applied or frozenset((*applied, number)) in self.dead:
                continue
            if self.budget <= 0:
                return None
            self.budget -= 1
            is_last = len(applied) + 1 == len(self.edits)
            reached = self.ends[1] if is_last else after(stages[-1], (edit,), self.proxies)
            if not self._new_problems(reached):
                done = self._from((*applied, number), (*stages, reached))
                if done is not None:
                    return done
            self.dead.add(frozenset((*applied, number)))
        return None

    def _new_problems(self, reached: Stage) -> frozenset[Problem]:
        return reached.problems_beyond(*self.ends)
