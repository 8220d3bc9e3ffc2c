"""What is said about a change of a mesh, judged by the real Envoy before and after it."""

from __future__ import annotations

import pytest

from tests.envoy.generated_scenarios import KINDS, World
from tests.envoy.mesh_claims import PairTally, judge_pair

pytestmark = pytest.mark.envoy
PAIRS = 4  # of each kind


def test_what_is_said_about_changes_holds_in_envoy() -> None:
    """A witness ends as it says on both sides, and where nothing differs, no request is handled differently."""
    tally, world = PairTally(), World()
    for kind in KINDS:
        for seed in range(PAIRS):
            judge_pair(kind, seed, 60, world, tally)
    assert tally.problems == []
    assert tally.said["witness"] >= 3
