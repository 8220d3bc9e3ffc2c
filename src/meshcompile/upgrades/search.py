"""Finds the rows that have an effect, with few compilations of the fleet.

Two stages with equal fleets have no row with an effect between them. So the range of rows is halved where the fleets at
its ends differ.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from meshcompile.compare.sharing import following as keeping_answers
from meshcompile.compile import compiled
from meshcompile.diagnostics import Diagnostic
from meshcompile.encoded import fingerprints
from meshcompile.mesh import Mesh
from meshcompile.upgrades.following import following
from meshcompile.upgrades.steps import UpgradeStage

FindingKey = tuple[str, str, int, str]
"""The code, the file, the line and the field. A message may name the release."""
Findings = Mapping[FindingKey, Diagnostic]


class FleetState(Struct, frozen=True):
    """The fleet at one stage: fingerprints of each proxy's configuration, and all findings."""

    mesh: Mesh
    fingerprints: Mapping[tuple[str, str], Mapping[str, bytes]]
    findings: Findings

    def equals(self, other: "FleetState") -> bool:
        """Whether each proxy gets the same, and the findings are the same."""
        return self.fingerprints == other.fingerprints and self.findings.keys() == other.findings.keys()


class StageAtWork(Struct, frozen=True):
    """A stage that differs from the one before it."""

    stage: UpgradeStage
    before: FleetState
    after: FleetState


def stages_at_work(mesh: Mesh, stages: Sequence[UpgradeStage]) -> tuple[StageAtWork, ...]:
    """The stages with an effect on the mesh, in order. The mesh is the one before the first stage."""
    known = {-1: fleet_state(mesh)}

    def state(number: int) -> FleetState:
        if number not in known:
            later = following(mesh, stages[number].behaviour)
            known[number] = fleet_state(keeping_answers(known[max(n for n in known if n < number)].mesh, later))
        return known[number]

    return tuple(
        StageAtWork(stages[number], state(number - 1), state(number))
        for number in _changing(-1, len(stages) - 1, state)
    )


def _changing(low: int, high: int, state: Callable[[int], FleetState]) -> Iterator[int]:
    """The numbers of the stages after `low` and up to `high` that differ from the stage before them."""
    if state(low).equals(state(high)):
        return
    if high - low == 1:
        yield high
        return
    middle = (low + high) // 2
    yield from _changing(low, middle, state)
    yield from _changing(middle, high, state)


def fleet_state(mesh: Mesh) -> FleetState:
    """The state of all proxies of a mesh."""
    found = {_key(each): each for each in mesh.diagnostics}
    prints = {}
    for proxy in mesh.proxies():
        done = compiled(mesh.snapshot, proxy)
        found |= {_key(each): each for each in done.diagnostics}
        prints[proxy.cluster, proxy.id] = fingerprints(done.resources)
    return FleetState(mesh, prints, found)


def _key(finding: Diagnostic) -> FindingKey:
    return finding.code, finding.file, finding.line, finding.field
