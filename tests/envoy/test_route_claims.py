"""What is said about routes and tables, judged by the real Envoy with random tables and aimed requests."""

from __future__ import annotations

import pytest

from tests.envoy.route_claims import RouteTally, judge

pytestmark = pytest.mark.envoy
TABLES = 15
FOUND = (1266, 1415, 1462, 1666, 2591, 2728)
"""Tables about which something wrong was said once."""
REQUESTS = 30  # for the unreachable routes of each table


def test_what_is_proved_about_routes_holds_in_envoy() -> None:
    """No request reaches an unreachable route, witnesses do as they say, and nearly every question has an answer."""
    tally = RouteTally()
    judge([*range(TABLES), *FOUND], REQUESTS, tally)
    assert tally.problems == []
    assert tally.decided >= 0.95
    assert min(tally.answers[kind] for kind in ("reached", "unreachable", "differ", "same")) >= 5
    assert tally.aimed > TABLES * REQUESTS // 2
