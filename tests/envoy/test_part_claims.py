"""Rules, routes and subsets that are called unreachable, judged by what the real Envoy counts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from meshcompile.unreachable.found import UnreachableKind
from tests.envoy import part_claims
from tests.envoy.generated_scenarios import KINDS, World
from tests.envoy.part_claims import PartTally, asked_mesh, judge_parts

pytestmark = pytest.mark.envoy
MESHES = 3  # of each kind
REACHED = 8
"""A mesh with a rule that is unreachable, and others that are not."""
RULE, ROUTE, SUBSET = UnreachableKind.POLICY_RULE, UnreachableKind.ROUTE, UnreachableKind.SUBSET


def test_nothing_that_is_called_unreachable_is_reached_in_envoy() -> None:
    """No request is counted for a rule, a route or a subset that is called unreachable."""
    tally, world = PartTally(), World()
    for kind in KINDS:
        for seed in range(MESHES):
            judge_parts(kind, seed, 10, world, tally)
    assert tally.problems == []
    assert min(tally.parts[kind] for kind in (RULE, ROUTE, SUBSET)) >= 1
    assert tally.rules_reached >= 1


def test_a_rule_that_is_reached_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule is named if requests are counted for it although it is called unreachable."""
    world = World()
    honest = asked_mesh("inbound", REACHED, world)
    claimed = next(each for each in honest.parts if each.kind is RULE)
    names = (f"ns[shop]-policy[p{policy}]-rule[{rule}]" for policy in range(4) for rule in range(3))
    wrong = [structs.replace(claimed, name=name) for name in names]
    monkeypatch.setattr(part_claims, "asked_mesh", lambda *_: replace(honest, parts=wrong))
    tally = PartTally()
    judge_parts("inbound", REACHED, 5, world, tally)
    assert any("the rule" in each for each in tally.problems)
