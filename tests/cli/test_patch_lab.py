from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import MESH, Run

PROXY = "deployment/catalog.shop"
ENVOY_FILTER = """\
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: timeouts, namespace: shop}
spec:
  configPatches:
  - applyTo: CLUSTER
    match: {cluster: {name: "outbound|80||catalog.shop.svc.cluster.local"}}
    patch: {operation: MERGE, value: {connect_timeout: 3s}}
  - applyTo: CLUSTER
    match: {cluster: {name: nobody}}
    patch: {operation: REMOVE}
"""


@pytest.fixture
def patched(tmp_path: Path) -> Path:
    """The mesh with an EnvoyFilter."""
    path = tmp_path / "patched.yaml"
    path.write_text(MESH + ENVOY_FILTER)
    return path


def test_text(run: Run, patched: Path) -> None:
    """Every patch has a line, and every change has the JSON before and after."""
    done = run("patch-lab", "-p", PROXY, "--envoyfilter", "timeouts", "-f", patched)
    assert done.status == 0
    lines = done.out.splitlines()
    first, second = (n for n, line in enumerate(patched.read_text().splitlines(), 1) if "applyTo" in line)
    assert lines[0] == f"shop/timeouts configPatches[0]: MERGE CLUSTER changes 1 place ({patched}:{first}:5)"
    assert lines[1] == "  cluster outbound|80||catalog.shop.svc.cluster.local"
    assert lines[2] == "    before:"
    assert '        "connectTimeout": "3s",' in lines[lines.index("    after:") :]
    assert lines[-1].endswith(f"changes nothing: nothing has `match.cluster.name: nobody` ({patched}:{second}:5)")
    assert "MC1003 patch-without-effect" in done.err


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_data(run: Run, patched: Path, form: str) -> None:
    """The output is also available as data."""
    done = run("patch-lab", "-p", PROXY, "-f", patched, "-o", form)
    first, second = (json.loads if form == "json" else yaml.safe_load)(done.out)
    assert (first["envoyFilter"], first["patch"], first["applyTo"]) == ("shop/timeouts", 0, "CLUSTER")
    [change] = first["changes"]
    assert {change[side]["connectTimeout"] for side in ("before", "after")} == {"10s", "3s"}
    assert (second["changes"], second["reason"]) == ([], "nothing has `match.cluster.name: nobody`")


def test_unknown_envoy_filter(run: Run, patched: Path) -> None:
    """An unknown EnvoyFilter is wrong usage, with a suggestion."""
    done = run("patch-lab", "-p", PROXY, "--envoyfilter", "timeout", "-f", patched)
    assert done.status == 2
    assert "no EnvoyFilter named timeout; did you mean timeouts" in done.err


def test_nothing_to_show(run: Run, mesh: Path) -> None:
    """A proxy without EnvoyFilters is reported as such."""
    done = run("patch-lab", "-p", PROXY, "-f", mesh)
    assert done.status == 0
    assert done.out.startswith("no EnvoyFilter applies to catalog-0.shop")


def test_compiling_all_proxies(run: Run, patched: Path) -> None:
    """For all proxies together, a patch without effect is reported once, and only if it changes none of them."""
    neighbour = MESH.replace("catalog", "cart").replace("10.96.0.10", "10.96.0.11").replace("shop", "till")
    for_all = ENVOY_FILTER.replace("shop}", "istio-system}", 1)
    for_shop = for_all.replace("match: {cluster", "match: {proxy: {metadata: {NAMESPACE: shop}}, cluster", 1)
    patched.write_text(f"{MESH}{for_shop}---\n{neighbour}")
    done = run("compile", "--all-proxies", "-f", patched)
    assert done.err.count("MC1003") == 1
    assert "; nor for 1 other proxy [MC1003" in done.err
    assert "metadata lack" not in done.err
    assert "metadata lack" in run("compile", "-p", "deployment/cart.till", "-f", patched).err
