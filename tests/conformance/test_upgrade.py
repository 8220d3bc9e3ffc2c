"""Reports of upgrades, compared with what the istiods of both releases answer."""

from __future__ import annotations

import pytest

from tests.conformance import corpus
from tests.conformance.upgrades import judged

CASES = (
    ("book/ch5-forum-serviceentry", "1.29", "1.31"),
    ("book/ch9-least-privilege", "1.30", "1.31"),
    ("book/ch9-ext-authz", "1.29", "1.31"),
    ("book/ch14-wasm-plugin", "1.29", "1.30"),
    ("realworld/bank-zero-trust", "1.29", "1.30"),
    ("realworld/enterprise-egress", "1.29", "1.31"),
    ("realworld/legacy-mesh-conflicts", "1.30", "1.31"),
    ("realworld/shop-canary-drills", "1.29", "1.30"),
    ("realworld/two-clusters-east-west", "1.29", "1.30"),
)
"""A sample of cases with a release to upgrade from, and one to upgrade to; `make conformance-upgrades` has all."""


@pytest.mark.parametrize(("case", "before", "after"), CASES)
def test_reports_name_what_istiod_changes(case: str, before: str, after: str) -> None:
    """A report names each resource of each proxy whose recorded answers differ, and no other."""
    found = judged(corpus.cases_dir(), case, before, after)
    assert found.changes, "the case tells nothing"
    assert (found.missing, found.extra, found.unexplained) == (frozenset(), frozenset(), 0)
