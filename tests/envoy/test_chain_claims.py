"""The sets of connections of filter chains, judged by the real Envoy with random listeners."""

from __future__ import annotations

import pytest

from tests.envoy.chain_claims import ChainTally, judge_listeners

pytestmark = pytest.mark.envoy
LISTENERS = 25
CONNECTIONS = 6  # for each chain


def test_connections_come_to_the_chains_whose_sets_have_them() -> None:
    """Each connection comes to the one chain whose set has it, and none to a chain whose set is empty."""
    tally = ChainTally()
    judge_listeners(range(LISTENERS), CONNECTIONS, tally)
    assert tally.problems == []
    assert tally.connections >= 300
    assert tally.chains["empty"] >= 5
