"""`proxy-config all`, `secrets` and `bootstrap`, and `--live-parts`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

PROXY = "deployment/catalog.shop"


def test_all_tables_in_istioctls_order(run: Run, mesh: Path) -> None:
    """`pc all` prints all tables in sequence, with the type in front of each name."""
    out = run("pc", "all", PROXY, "-f", mesh).out
    parts = out.split("\n\n")
    assert [part.split()[0] for part in parts] == ["Istio", "NAME", "NAME", "NAME", "RESOURCE", "NAME"]
    assert "cluster/BlackHoleCluster     " in parts[1]
    assert "listener/virtualInbound " in parts[2]
    assert "route/80 " in parts[3]
    assert "secret/ROOTCA " in parts[4]
    assert "endpoint/" in parts[5]


def test_all_as_data(run: Run, mesh: Path) -> None:
    """`pc all -o json` has all kinds of resources."""
    data = json.loads(run("pc", "a", PROXY, "-f", mesh, "-o", "json").out)
    assert list(data) == ["listeners", "routes", "clusters", "endpoints", "extensions"]


@pytest.mark.parametrize(
    ("table", "shown"),
    [
        ("listeners", "Inline Route: /healthz/ready*"),
        ("routes", "/stats/prometheus*"),
        ("clusters", "xds-grpc"),
        ("endpoints", "127.0.0.1:15020"),
        ("all", "cluster/sds-grpc"),
    ],
)
def test_live_parts_are_shown_when_they_are_asked_for(run: Run, mesh: Path, table: str, shown: str) -> None:
    """A table has the resources of the bootstrap only with `--live-parts`."""
    assert shown in run("pc", table, PROXY, "-f", mesh, "--live-parts").out
    assert shown not in run("pc", table, PROXY, "-f", mesh).out


def test_secrets_and_bootstrap(run: Run, mesh: Path) -> None:
    """`secrets` and `bootstrap` print text, or JSON."""
    assert run("pc", "secrets", PROXY, "-f", mesh).out.splitlines()[1].startswith("default ")
    dump = json.loads(run("pc", "secret", PROXY, "-f", mesh, "-o", "json").out)
    assert [secret["name"] for secret in dump["dynamicActiveSecrets"]] == ["default", "ROOTCA"]
    assert run("pc", "bootstrap", PROXY, "-f", mesh).out == "Istio Version: 1.30.3\n"
    node = json.loads(run("pc", "b", PROXY, "-f", mesh, "-o", "json").out)["bootstrap"]["node"]
    assert node["cluster"] == "catalog.shop"
