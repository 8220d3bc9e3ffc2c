"""The evaluator of Envoy's configuration, judged by the real Envoy with random meshes and requests."""

from __future__ import annotations

import pytest

from tests.envoy.generated_scenarios import KINDS, World
from tests.envoy.simulated import Comparison, compared

pytestmark = pytest.mark.envoy

MESHES = 8
REQUESTS = 200  # for each mesh, of which some are only connections


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.mark.parametrize("kind", KINDS)
def test_the_evaluator_does_what_envoy_does(kind: str, world: World) -> None:
    """For random meshes and requests, status, flags, details, route, cluster, path and headers are those of Envoy."""
    comparison = Comparison()
    for seed in range(MESHES):
        compared(kind, seed, REQUESTS, world, comparison)
    assert comparison.refused <= MESHES // 4
    assert comparison.requests + comparison.connections >= 300
    assert comparison.outcomes["forwarded"] + comparison.outcomes["bytes ()"] > 20
    assert comparison.all_differences == []
