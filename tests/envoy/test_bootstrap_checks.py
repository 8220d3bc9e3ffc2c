"""Static bootstraps of conformance cases in the real Envoy: a sample of `make conformance-bootstraps`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import meshcompile
from meshcompile.running.dev_certificates import workload_folder
from meshcompile.running.private_files import write_privately
from meshcompile.running.stand_ins import StandIns, stand_ins
from tests.envoy.answers import proxies
from tests.envoy.bootstraps import OF_DEVIATIONS, listed, not_live, refusal, refusal_of_answer, spread
from tests.envoy.runner import on_free_ports, running, validate

pytestmark = pytest.mark.envoy

COOLSTORE = Path(__file__).resolve().parents[2] / "examples" / "coolstore"


@pytest.fixture(scope="module")
def material() -> StandIns:
    return stand_ins()


def test_bootstraps_are_accepted(material: StandIns) -> None:
    """Envoy accepts the bootstraps of cases in all areas, with stand-ins for secrets and files."""
    sample = spread([proxy for proxy in proxies("*") if proxy not in listed() and proxy not in OF_DEVIATIONS], 12)
    assert {proxy: error for proxy in sample if (error := refusal(proxy, material))} == {}


def test_bootstraps_become_live(material: StandIns) -> None:
    """Envoys with the bootstraps of a gateway, a sidecar and a waypoint become live."""
    kinds = {proxy.split("/")[0]: proxy for proxy in proxies("*") if proxy not in listed()}
    assert not_live((kinds[area] for area in ("ingress", "sidecars", "waypoints")), material) == {}


def test_refused_bootstraps_are_istiods_own(material: StandIns) -> None:
    """A listed bootstrap is refused, and so is the one of istiod's own answer."""
    for proxy in spread(sorted(listed()), 3):
        assert refusal(proxy, material)
        assert refusal_of_answer(proxy, material)


def test_a_refused_deviation_is_what_the_input_asks_for(material: StandIns) -> None:
    """Where istiod's answer says nothing, Envoy refuses the header without a name that the input removes."""
    for proxy in OF_DEVIATIONS:
        assert "ResponseHeadersToRemove[0]: value length must be at least 1" in refusal(proxy, material)


def test_options_are_accepted(tmp_path: Path) -> None:
    """Envoy accepts sidecars with all options that add or replace something."""
    config = meshcompile.load(COOLSTORE).compile("deployment/webapp.istioinaction")
    certificates = str(workload_folder(tmp_path, "webapp", "spiffe://cluster.local/ns/istioinaction/sa/webapp"))
    for passthrough in ("dfp", "block"):
        content = config.bootstrap(
            passthrough=passthrough,
            workload_certificates=certificates,
            resolve="dns",
            readiness_port=15021,
            stats_port=15090,
            stats_prefixes=("cluster.",),
            access_log=True,
        )
        assert validate(content.to_dict()).error == ""
    assert validate(config.bootstrap(plaintext=True).to_dict()).error == ""


def test_secrets_from_sds_files(tmp_path: Path) -> None:
    """An Envoy with its secrets in SDS files becomes live."""
    config = meshcompile.load(COOLSTORE).compile("deployment/webapp.istioinaction")
    certificates = str(workload_folder(tmp_path, "webapp", "spiffe://cluster.local/ns/istioinaction/sa/webapp"))
    static = config.bootstrap(workload_certificates=certificates, sds_folder=str(tmp_path))
    for name, content in static.sds_files().items():
        write_privately(tmp_path / name, json.dumps(content))
    with running(on_free_ports(static.to_dict())) as envoy:
        assert envoy.live
