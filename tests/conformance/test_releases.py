from __future__ import annotations

import pytest

from tests.conformance import corpus
from tests.conformance.parity import compared

EVERY = 20
KNOWN = frozenset({"endpoints/ip-families", "listeners/mesh-dynamic-dns", "listeners/proxyconfig-headers-metadata"})


@pytest.mark.slow
@pytest.mark.parametrize("release", ["1.29", "1.31"])
def test_a_sample_agrees_with_other_releases(release: str) -> None:
    """All resources of a sample of cases are those of the release; `make conformance` compares all cases."""
    root = corpus.cases_dir()
    paths = sorted(path.parent.relative_to(root).as_posix() for path in root.rglob("case.yaml"))
    cases = [case for case in corpus.asked(root, paths, release) if case not in KNOWN][::EVERY]
    results = compared(root, cases, release=release)
    assert [row for result in results for row in result.rows if not row.equal] == []
    assert [each for result in results for each in result.rejections if each.state != "equal"] == []
