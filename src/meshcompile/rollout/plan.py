"""A plan: what a change does to requests, to the fleet, and how to apply it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from meshcompile.collector import gc_paused
from meshcompile.compare.compilation import Compilation
from meshcompile.compare.mesh_diff import MeshDiff, compared
from meshcompile.compare.pairs import ConfigPair
from meshcompile.compare.proxies import by_workload
from meshcompile.compare.sharing import sharing
from meshcompile.mesh import Mesh
from meshcompile.rollout.edits import ObjectEdit, edits
from meshcompile.rollout.footprint import Drain, Footprint, Size, footprint
from meshcompile.rollout.order import Order, OrderVerdict, ordered
from meshcompile.rollout.savings import Savings, savings
from meshcompile.rollout.stages import ProxyKey, Stage, stage
from meshcompile.rollout.steps import PlanStep, steps
from meshcompile.rollout.transitional import in_two_phases

MOST_CHECKED = 300
"""The number of proxies that are looked at in each stage of an order."""
MOST_EDITS = 60
"""The number of objects up to which an order is looked for."""


class Plan(Struct, frozen=True, eq=False):
    """What a change does, and how to apply it.

    `steps` are in an order in which every proxy that was looked at always routes to clusters that exist; `checked` is
    the number of these proxies. If there is no such order, `verdict` says so, `steps` are the most that can be applied
    safely, and `blocked` has what is wrong with the others. `needs_two_phases` means that the steps have versions of
    objects that are in neither input.
    """

    diff: MeshDiff
    footprints: tuple[Footprint, ...]
    steps: tuple[PlanStep, ...]
    verdict: OrderVerdict
    needs_two_phases: bool
    blocked: tuple[tuple[str, tuple[str, ...]], ...]
    checked: int
    savings: Savings

    @property
    def is_empty(self) -> bool:
        """Whether no proxy gets anything new, and no object changes."""
        return self.diff.is_empty and not self.steps and not self.blocked

    @property
    def pushes(self) -> Mapping[str, tuple[str, ...]]:
        """The workloads whose proxies get something new, by `LDS`, `RDS`, `CDS`, `EDS` and `ECDS`."""
        found: dict[str, dict[str, None]] = {name: {} for name in ("LDS", "RDS", "CDS", "EDS", "ECDS")}
        for each in self.footprints:
            for name in each.types:
                found[name][each.workload] = None
        return {name: tuple(workloads) for name, workloads in found.items()}

    @property
    def drains(self) -> tuple[Drain, ...]:
        """The connections that close when all of the change is applied."""
        return tuple(sorted({drain for each in self.footprints for drain in each.drains}))

    @property
    def sizes(self) -> tuple[Size, Size]:
        """The size of all configurations, before and after."""
        before = sum((each.before for each in self.footprints), Size())
        return before, sum((each.after for each in self.footprints), Size())

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, as `meshcompile plan -o json` prints it. schemas/plan.json describes it."""
        from meshcompile.rollout.data import plan_data  # it imports this module

        return plan_data(self)


@gc_paused()
def plan(before: Mesh, after: Mesh) -> Plan:
    """The plan for a change of a mesh: the difference, the blast radius over all proxies, and an order of applying."""
    later = sharing(before, after)
    fleet = _Fleet(before, later.mesh)
    diff = compared(before, later, seen=fleet.seen)
    footprints = fleet.footprints
    changed = tuple(edits(before, later.mesh))
    proxies = _looked_at(before, later.mesh, footprints)
    order, needs_two_phases = _order(fleet, changed, proxies)
    return Plan(
        diff=diff,
        footprints=tuple(footprints),
        steps=steps(order),
        verdict=order.verdict,
        needs_two_phases=needs_two_phases,
        blocked=tuple((edit.name, tuple(map(str, problems))) for edit, problems in order.blocked),
        checked=len(proxies),
        savings=savings(later.mesh),
    )


class _Fleet:
    """All proxies before and after the change: footprints, and the first compilations, which stages use again."""

    def __init__(self, before: Mesh, after: Mesh) -> None:
        self.before, self.after = before, after
        self.footprints: list[Footprint] = []
        self._keys = {proxy.id: key for mesh in (before, after) for key, proxy in by_workload(mesh).items()}
        self._known: dict[ProxyKey, tuple[Compilation, Compilation]] = {}

    def seen(self, was: Compilation, now: Compilation, pair: ConfigPair) -> None:
        """Count a proxy."""
        key = self._keys[was.proxy.id]
        self.footprints.append(footprint(key[0], pair))
        if pair.changed or len(self._known) < MOST_CHECKED:
            self._known[key] = was, now

    def first(self, proxies: Sequence[ProxyKey]) -> Stage:
        """The stage before the change."""
        return stage(self.before, proxies, {key: was for key, (was, _) in self._known.items()})

    def last(self, proxies: Sequence[ProxyKey], first: Stage) -> Stage:
        """The stage after the change."""
        return stage(self.after, proxies, {key: now for key, (_, now) in self._known.items()}, first.targets)


def _order(fleet: _Fleet, changed: Sequence[ObjectEdit], proxies: Sequence[ProxyKey]) -> tuple[Order, bool]:
    """An order of the edits, if need be with transitional versions of some objects."""
    first = fleet.first(proxies)
    if not changed:
        return Order(OrderVerdict.SAFE, (), (first,)), False
    if len(changed) > MOST_EDITS:
        return Order(OrderVerdict.UNKNOWN, (), (first,), tuple((edit, ()) for edit in changed)), False
    last = fleet.last(proxies, first)
    order = ordered(first, last, changed, proxies)
    if order.verdict is OrderVerdict.SAFE:
        return order, False
    phases = in_two_phases(changed, [edit for edit, _ in order.blocked])
    if phases is not None:
        longer = ordered(first, last, phases, proxies)
        if longer.verdict is OrderVerdict.SAFE:
            return longer, True
    return order, False


def _looked_at(before: Mesh, after: Mesh, footprints: Iterable[Footprint]) -> Sequence[ProxyKey]:
    """The proxies of which every stage is compiled: all of them, or in large fleets those that change first."""
    changing = {each.workload for each in footprints if each.types}
    keys = sorted({*by_workload(before), *by_workload(after)}, key=lambda key: (key[0] not in changing, key))
    return keys[:MOST_CHECKED]
