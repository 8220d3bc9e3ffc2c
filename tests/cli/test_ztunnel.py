"""`meshcompile ztunnel`: the tables, the data, and its schema."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.cli.conftest import Run
from tests.unit.test_ztunnel import POD, SERVICE, WAYPOINT, policy

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "ztunnel.json").read_text())


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "shop.yaml"
    deny = policy("selector: {matchLabels: {app: web}}\naction: DENY\nrules: [{from: [{source: {namespaces: [x]}}]}]")
    path.write_text("---\n".join((POD, SERVICE, WAYPOINT, deny)))
    return path


def test_tables(run: Run, written: Path) -> None:
    """There is a table for workloads, services and authorizations, and the counts are on standard error."""
    done = run("ztunnel", "-f", written, "--ambient")
    assert done.status == 0
    assert [line.split() for line in done.out.splitlines()] == [
        ["NAMESPACE", "WORKLOAD", "ADDRESS", "NODE", "WAYPOINT", "PROTOCOL", "POLICIES"],
        ["shop", "web", "10.0.0.1", "n1", "-", "HBONE", "shop/own"],
        [],
        ["NAMESPACE", "SERVICE", "ADDRESS", "WAYPOINT", "ENDPOINTS"],
        ["shop", "web.shop.svc.cluster.local", "10.96.0.1", "-", "1/1"],
        [],
        ["NAMESPACE", "POLICY", "ACTION", "SCOPE"],
        ["shop", "own", "DENY", "WORKLOAD_SELECTOR"],
    ]
    assert "1 workload, 1 service, 1 authorization" in done.err


@pytest.mark.parametrize(("form", "read"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_data(run: Run, written: Path, form: str, read: object) -> None:
    """JSON and YAML have the names of resources, messages and places, as the schema says."""
    assert callable(read)
    data = read(run("ztunnel", "-f", written, "--ambient", "-o", form).out)
    Draft202012Validator(SCHEMA).validate(data)
    assert [each["name"] for each in data["addresses"]] == [
        "Kubernetes//Pod/shop/web",
        "shop/web.shop.svc.cluster.local",
    ]
    assert data["authorizations"][0]["origin"]["file"] == str(written)


def test_one_namespace(run: Run, written: Path) -> None:
    """Only the objects of the namespace are printed."""
    assert run("ztunnel", "other", "-f", written, "--ambient").out == ""


def test_without_ambient_mode(run: Run, written: Path) -> None:
    """A mesh that is not ambient has no ztunnel, which is wrong usage."""
    done = run("ztunnel", "-f", written)
    assert done.status == 2
    assert "--ambient" in done.err
