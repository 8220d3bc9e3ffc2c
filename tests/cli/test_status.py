"""`meshcompile status`: the table, the selection, and the data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.cli.conftest import Run
from tests.unit.test_status import BACKEND, GATEWAY, INGRESS, POLICY, ROUTE, USING, WAYPOINT

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "status.json").read_text())
LONG = "a" * 63


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A Gateway that is served, with a route to a Service that is not there."""
    path = tmp_path / "shop.yaml"
    path.write_text(GATEWAY + INGRESS + ROUTE)
    return path


def test_problems_are_below_their_row(run: Run, written: Path) -> None:
    """The table has a row per object and part, with what is wrong and where; the exit status is 1."""
    done = run("status", "-f", written)
    assert done.status == 1
    header, *lines = done.out.splitlines()
    assert header.split() == ["OBJECT", "ACCEPTED", "RESOLVED", "PROGRAMMED", "ROUTES"]
    assert [line.split() for line in lines if not line.startswith("    ")] == [
        ["Gateway/edge.shop", "True", "-", "True"],
        ["listener", "web", "True", "True", "True", "1"],
        ["HTTPRoute/web.shop"],
        ["at", "Gateway/edge", "True", "False", "-"],
    ]
    assert lines[-2:] == [
        "    ResolvedRefs is False, BackendNotFound: backend(web.shop.svc.cluster.local) not found",
        f"    --> {written}:29:27",
    ]
    assert done.err == "meshcompile: 2 objects, 1 with problems\n"


def test_without_problems_the_status_is_0(run: Run, written: Path) -> None:
    """The exit status is 0 if no condition says that something is wrong."""
    written.write_text(written.read_text() + BACKEND)
    done = run("status", "-f", written)
    assert (done.status, done.err) == (0, "meshcompile: 2 objects, none with problems\n")


@pytest.mark.parametrize("name", ["web", "web.shop", "httproute/web", "HTTPRoute/web.shop"])
def test_one_object_by_name(run: Run, written: Path, name: str) -> None:
    """An object is named with or without its kind and namespace."""
    (shown,) = json.loads(run("status", "-f", written, name, "-o", "json").out)
    assert (shown["kind"], shown["metadata"]) == ("HTTPRoute", {"name": "web", "namespace": "shop"})


def test_an_unknown_object_is_wrong_usage(run: Run, written: Path) -> None:
    """The message suggests a similar name, or says that another controller serves the Gateway."""
    done = run("status", "-f", written, "HTTPRoute/wob.shop")
    assert (done.status, done.out) == (2, "")
    assert "did you mean 'HTTPRoute/web.shop'?" in done.err
    written.write_text(GATEWAY.replace("gatewayClassName: istio", "gatewayClassName: nginx"))
    assert "no controller of Istio serves the class of Gateway shop/edge" in run("status", "-f", written, "edge").err


def test_data_has_the_schema(run: Run, written: Path) -> None:
    """JSON and YAML are the same data, as the schema describes it, with the place of each condition."""
    written.write_text(GATEWAY + INGRESS + BACKEND + ROUTE + POLICY)
    shown = json.loads(run("status", "-f", written, "-o", "json").out)
    Draft202012Validator(SCHEMA).validate(shown)
    assert yaml.safe_load(run("status", "-f", written, "-o", "yaml").out) == shown
    gateway, route, policy = shown
    assert gateway["status"]["listeners"][0]["attachedRoutes"] == 1
    assert route["status"]["parents"][0]["parentRef"] == {
        "group": "gateway.networking.k8s.io",
        "kind": "Gateway",
        "name": "edge",
    }
    (accepted, _) = policy["status"]["ancestors"][0]["conditions"]
    assert accepted["origin"] == {"file": str(written), "line": 40, "column": 16, "field": "spec.targetRefs[0]"}


def test_the_table_fits_100_columns(run: Run, written: Path) -> None:
    """Messages are wrapped, and a long name only moves its own row."""
    written.write_text((GATEWAY + INGRESS + ROUTE).replace("edge", LONG).replace("name: ingress", f"name: {LONG}"))
    done = run("status", "-f", written)
    rows = [line for line in done.out.splitlines() if "-->" not in line and LONG not in line]
    assert max(map(len, rows)) <= 100
    assert any(line.startswith("    Programmed is False") for line in rows)


def test_input_without_gateway_api_is_said(run: Run, mesh: Path) -> None:
    """Nothing is printed for input without objects of the Gateway API, and a message says so."""
    done = run("status", "-f", mesh)
    assert (done.status, done.out) == (0, "")
    assert done.err == "meshcompile: the input has no object of the Gateway API that Istio serves\n"


def test_the_waypoint_of_a_service_is_shown(run: Run, written: Path) -> None:
    """The row of a Service says whether it is bound, and to which waypoint."""
    written.write_text(WAYPOINT + USING)
    lines = run("status", "-f", written, "--ambient", "service/web").out.splitlines()
    assert lines[1].split() == ["Service/web.shop", "True", "-", "-"]
    assert lines[2].strip() == "Successfully attached to waypoint infra/waypoint"
