"""The intended differences from istiod, which docs/deviations.md explains."""

from __future__ import annotations

import pytest

from tests.conformance import corpus
from tests.conformance.parity import compared

# (case, proxy, type, name of the resource)
DEVIATIONS = (
    # istiod answers from a cache, whose key lacks what these proxies differ in. The first proxy to connect decides.
    ("endpoints/ip-families", "both", "routes", "80"),
    ("endpoints/ip-families", "v4", "routes", "80"),
    ("listeners/proxyconfig-headers-metadata", "kv", "routes", "80"),
    # An API server would have converted these ServiceEntries to v1, the only version that these parts of istiod read.
    ("fuzz-gwapi/ambient-seed-24", "waypoint-grove", "listeners", "main_internal"),
    ("fuzz-gwapi/ambient-seed-27", "wp2-pylon", "listeners", "main_internal"),
    ("fuzz-gwapi/ambient-seed-28", "mesa", "routes", "80"),
    ("fuzz-gwapi/ambient-seed-28", "waypoint-pylon", "listeners", "main_internal"),
    ("fuzz-gwapi/ambient-seed-33", "waypoint-karst", "listeners", "main_internal"),
    ("fuzz-gwapi/ambient-seed-34", "waypoint-ochre", "listeners", "main_internal"),
    ("fuzz-gwapi/ambient-seed-39", "wp2-mesa", "listeners", "main_internal"),
    ("fuzz-gwapi/ambient-seed-50", "quartz", "routes", "80"),
    ("fuzz-gwapi/ambient-seed-50", "waypoint-ember", "listeners", "main_internal"),
    ("fuzz-gwapi/ambient-seed-68", "ridge", "routes", "quartz.ext:8080"),
    ("fuzz-gwapi/ambient-seed-72", "waypoint-quartz", "listeners", "main_internal"),
    ("fuzz-gwapi/ambient-seed-86", "waypoint-mesa", "listeners", "main_internal"),
    ("fuzz-gwapi/gwapi-seed-57", "mesa", "routes", "80"),
    ("fuzz-gwapi/gwapi-seed-57", "haven", "routes", "80"),
    ("fuzz-gwapi/gwapi-seed-80", "fjord", "routes", "80"),
    ("fuzz-gwapi/gwapi-seed-80", "ember", "routes", "80"),
)


@pytest.mark.slow
@pytest.mark.xfail(strict=True, reason="docs/deviations.md")
@pytest.mark.parametrize(("case", "proxy", "kind", "name"), DEVIATIONS)
def test_deviation(case: str, proxy: str, kind: str, name: str) -> None:
    """Every deviation still exists. If one does not, its row must be removed from the page."""
    (result,) = compared(corpus.cases_dir(), [case], (kind,))
    assert all(row.equal for row in result.rows if (row.proxy, row.name) == (proxy, name))
