from __future__ import annotations

import pytest
import yaml

from tests.conformance import corpus
from tests.conformance.parity import compared
from tests.conformance.test_deviations import DEVIATIONS

EVERY = 20


RELEASES = ["1.29", "1.31"]
CACHED = ("endpoints/ip-families", "listeners/proxyconfig-headers-metadata")
FLAG = "PILOT_ENABLE_ALPHA_GATEWAY_API"


@pytest.mark.slow
@pytest.mark.parametrize("release", RELEASES)
def test_a_sample_agrees_with_other_releases(release: str) -> None:
    """All resources of a sample of cases are those of the release; `make conformance` compares all cases."""
    root = corpus.cases_dir()
    paths = sorted(path.parent.relative_to(root).as_posix() for path in root.rglob("case.yaml"))
    cases = [case for case in corpus.asked(root, paths, release) if case not in CACHED][::EVERY]
    results = compared(root, cases, release=release)
    assert [row for result in results for row in result.rows if not row.equal] == []
    assert [each for result in results for each in result.rejections if each.state != "equal"] == []


@pytest.mark.slow
@pytest.mark.parametrize("release", RELEASES)
def test_cases_with_feature_flags_agree(release: str) -> None:
    """With the flags that the recorded istiod had, every resource of these cases is equal. Without, Istio 1.29 and 1.30
    ignore their TCPRoutes and listeners for TCP.
    """
    results = compared(corpus.cases_dir(), flagged_cases(), release=release)
    assert [row for result in results for row in result.rows if not row.equal] == []


@pytest.mark.slow
@pytest.mark.parametrize("release", RELEASES)
def test_only_routes_of_sidecars_depend_on_the_order_of_proxies(release: str) -> None:
    """The deviations of docs/deviations.md that istiod's cache of routes causes are the only ones in these cases."""
    results = compared(corpus.cases_dir(), CACHED, release=release)
    differ = {(row.case, row.proxy, row.type, row.name) for result in results for row in result.rows if not row.equal}
    assert differ == {row for row in DEVIATIONS if row[0] in CACHED}


def flagged_cases() -> tuple[str, ...]:
    """The cases that istiod answered with feature flags."""
    root = corpus.cases_dir()
    files = sorted(path for path in root.rglob("case.yaml") if "features" in yaml.safe_load(path.read_text()))
    return tuple(path.parent.relative_to(root).as_posix() for path in files)


def test_every_flag_is_known() -> None:
    """The page about deviations names the flags of the cases."""
    root = corpus.cases_dir()
    flags = {
        flag for case in flagged_cases() for flag in yaml.safe_load((root / case / "case.yaml").read_text())["features"]
    }
    assert flags == {FLAG}
