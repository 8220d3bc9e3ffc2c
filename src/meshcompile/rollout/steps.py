"""The steps of a plan: what is applied, what that pushes, and why it comes when it does."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from msgspec import Struct

from meshcompile.compare.pairs import ConfigPair
from meshcompile.rollout.edits import WORKLOADS, ObjectEdit, Verb
from meshcompile.rollout.footprint import XDS, Drain, drains
from meshcompile.rollout.order import Order
from meshcompile.rollout.stages import Stage

MOST_CLUSTERS = 2
"""The number of clusters that a reason names."""


class PlanStep(Struct, frozen=True, eq=False):
    """One object to apply or to delete.

    `pushes` is the number of proxies that get something new, by `LDS`, `RDS`, `CDS`, `EDS` and `ECDS`, and `drains` are
    the connections that close. `manifest` is the object, if it is a version that is in neither input.
    """

    edit: ObjectEdit
    reason: str
    pushes: Mapping[str, int]
    drains: tuple[Drain, ...]

    @property
    def action(self) -> str:
        """`apply` or `delete`."""
        return "delete" if self.edit.verb is Verb.REMOVE else "apply"

    @property
    def manifest(self) -> Mapping[str, object] | None:
        """The data of a version that is in neither input; None for any other object."""
        if not self.edit.is_transitional or self.edit.after is None:
            return None
        value: Mapping[str, object] = self.edit.after.origin.document.value
        return value


def steps(order: Order) -> tuple[PlanStep, ...]:
    """The steps of an order."""
    stages = order.stages
    return tuple(
        PlanStep(edit, _reason(order, number), *_pushed(stages[number], stages[number + 1]))
        for number, edit in enumerate(order.edits)
    )


def _pushed(before: Stage, after: Stage) -> tuple[Mapping[str, int], tuple[Drain, ...]]:
    counts = dict.fromkeys(XDS.values(), 0)
    closed: dict[Drain, None] = {}
    for key in before.configs.keys() & after.configs.keys():
        pair = ConfigPair(before.configs[key], after.configs[key])
        for kind in pair.changed:
            counts[XDS[kind]] += 1
        closed |= dict.fromkeys(drains(key[0], pair))
    return {name: count for name, count in counts.items() if count}, tuple(sorted(closed))


def _reason(order: Order, number: int) -> str:
    """Why a step comes when it does, from the clusters that it adds, takes away, and routes to."""
    before, after = order.stages[number], order.stages[number + 1]
    added, gone = after.clusters - before.clusters, before.clusters - after.clusters
    routed, left = after.routed - before.routed, before.routed - after.routed
    found = [
        *_before_routes(order, number, added),
        *_after_clusters(order, number, routed & after.clusters),
        *_before_removal(order, number, left & after.clusters),
        *_after_routes(order, number, gone - after.routed),
    ]
    if order.edits[number].is_transitional:
        found.insert(0, "this version has what both sides need")
    return "; ".join(found) or _independent(order.edits[number])


def _independent(edit: ObjectEdit) -> str:
    """The reason for a step on which no route of another step depends."""
    is_workload = edit.id[2] in WORKLOADS
    match edit.verb:
        case Verb.ADD if is_workload:
            return "wait until its Pods are ready before steps that route to them"
        case Verb.REMOVE if is_workload:
            return "no step after it routes to its Pods"
        case _:
            return "no other step depends on it"


def _before_routes(order: Order, number: int, added: frozenset[str]) -> Iterator[str]:
    """Clusters that this step adds, and that a later step routes to."""
    for later, edit in islice(enumerate(order.edits), number + 1, None):
        used = (order.stages[later + 1].routed - order.stages[later].routed) & added
        if used:
            yield f"adds {_names(used)}, before {edit.name} routes there"
            return


def _after_clusters(order: Order, number: int, routed: frozenset[str]) -> Iterator[str]:
    """Clusters that this step routes to, and that an earlier step has added."""
    for earlier in range(number - 1, -1, -1):
        added = (order.stages[earlier + 1].clusters - order.stages[earlier].clusters) & routed
        if added:
            yield f"routes to {_names(added)}, which exists since {order.edits[earlier].name}"
            return


def _before_removal(order: Order, number: int, left: frozenset[str]) -> Iterator[str]:
    """Clusters that this step no longer routes to, and that a later step takes away."""
    for later, edit in islice(enumerate(order.edits), number + 1, None):
        gone = (order.stages[later].clusters - order.stages[later + 1].clusters) & left
        if gone:
            yield f"no longer routes to {_names(gone)}, before {edit.name} takes it away"
            return


def _after_routes(order: Order, number: int, gone: frozenset[str]) -> Iterator[str]:
    """Clusters that this step takes away, and that an earlier step has stopped to route to."""
    for earlier in range(number - 1, -1, -1):
        left = (order.stages[earlier].routed - order.stages[earlier + 1].routed) & gone
        if left:
            yield f"takes away {_names(left)}, which nothing routes to since {order.edits[earlier].name}"
            return


def _names(clusters: Sequence[str] | frozenset[str]) -> str:
    shown = sorted(clusters)
    more = f" and {len(shown) - MOST_CLUSTERS} more" if len(shown) > MOST_CLUSTERS else ""
    return f"{', '.join(shown[:MOST_CLUSTERS])}{more}"
