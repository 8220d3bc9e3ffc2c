from __future__ import annotations

import json

import pytest
import yaml

from tests.cli.conftest import MESH, Run


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_what_is_decided_for_a_proxy(run: Run, form: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Listeners, route tables, clusters and endpoints are printed in Istio's terms, each with its sources."""
    path = tmp_path_factory.mktemp("mesh") / "mesh.yaml"
    path.write_text(MESH)
    done = run("resolve", "deployment/catalog.shop", "-f", path, "-o", form)
    assert done.status == 0
    found = (json.loads if form == "json" else yaml.safe_load)(done.out)
    assert found["proxy"].endswith(".shop")
    (table,) = found["routeTables"]
    host = next(each for each in table["virtualHosts"] if each["name"].startswith("catalog."))
    assert host["routes"][0]["cluster"] == "outbound|80||catalog.shop.svc.cluster.local"
    assert host["from"] == [f"{path}:1:1"]
    chains = [chain for listener in found["listeners"] for chain in listener["chains"]]
    assert {chain["connection"]["kind"] for chain in chains} == {
        "HttpConnection",
        "TcpConnection",
        "CatchAllConnection",
    }
    assert {chain["connection"]["traits"] for chain in chains} <= found["traits"].keys()
    assert found["patches"] == found["extensions"] == found["findings"] == []


def test_an_unknown_proxy(run: Run, tmp_path_factory: pytest.TempPathFactory) -> None:
    """An unknown proxy is wrong usage, with similar names as suggestions."""
    path = tmp_path_factory.mktemp("mesh") / "mesh.yaml"
    path.write_text(MESH)
    done = run("resolve", "deployment/katalog.shop", "-f", path)
    assert done.status == 2
    assert "did you mean" in done.err
