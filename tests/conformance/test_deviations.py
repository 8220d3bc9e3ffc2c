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
)


@pytest.mark.slow
@pytest.mark.xfail(strict=True, reason="docs/deviations.md")
@pytest.mark.parametrize(("case", "proxy", "kind", "name"), DEVIATIONS)
def test_deviation(case: str, proxy: str, kind: str, name: str) -> None:
    """Every deviation still exists. If one does not, its row must be removed from the page."""
    (result,) = compared(corpus.cases_dir(), [case], (kind,))
    assert all(row.equal for row in result.rows if (row.proxy, row.name) == (proxy, name))
