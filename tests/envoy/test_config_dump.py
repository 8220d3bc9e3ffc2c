"""Config dumps of the real Envoy."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import meshcompile
from meshcompile.compare.drift import drift
from meshcompile.config_dump import ConfigDump, parsed_config_dump
from tests.envoy.backends import http_backend
from tests.envoy.client import request
from tests.envoy.runner import on_free_ports, running, validate

pytestmark = pytest.mark.envoy

COOLSTORE = "examples/coolstore"
SIDECAR = "deployment/webapp.istioinaction"
GATEWAY = "deployment/istio-ingressgateway.istio-system"
MOVED = {"/address/socketAddress/address", "/address/socketAddress/portValue"}
"""The fields of listeners that the tests move to free ports."""


def dumped(bootstrap: dict[str, Any]) -> ConfigDump:
    """The dump of an Envoy with this bootstrap."""
    with running(on_free_ports(bootstrap)) as envoy:
        return parsed_config_dump(envoy.get("/config_dump?include_eds").encode())


@pytest.mark.parametrize("proxy", [SIDECAR, GATEWAY])
def test_a_running_proxy_has_no_drift(proxy: str) -> None:
    """The dump of an Envoy with a compiled bootstrap differs from the files only in what the test has moved."""
    mesh = meshcompile.load(COOLSTORE)
    dump = dumped(mesh.compile(proxy).bootstrap().to_dict())
    assert dump.diagnostics == ()
    found = drift(mesh, dump)
    assert {(each.type, field.pointer) for each in found.resources for field in each.fields} <= {
        ("listeners", pointer) for pointer in MOVED
    }
    assert found.proxy.id == mesh.compile(proxy).proxy.id


def test_drift_names_a_changed_route(tmp_path: Path) -> None:
    """After an edit of a route, the drift has this route, with its line."""
    folder = shutil.copytree(COOLSTORE, tmp_path / "coolstore")
    dump = dumped(meshcompile.load(folder).compile(SIDECAR).bootstrap().to_dict())
    path = folder / "catalog.yaml"
    text = path.read_text().replace("exact: v2", "exact: v3")
    path.write_text(text)
    found = drift(meshcompile.load(folder), dump)
    fields = [field for each in found.resources for field in each.fields if field.pointer not in MOVED]
    assert {(field.running, field.wanted) for field in fields} == {("v2", "v3")}
    line = next(number for number, each in enumerate(text.splitlines(), 1) if "exact: v3" in each)
    assert [(place.file, place.line) for place in fields[0].places] == [(str(path), line)]


def test_an_imported_dump_runs() -> None:
    """Envoy accepts the bootstrap that a dump becomes, and routes as the dumped one does."""
    mesh = meshcompile.load(COOLSTORE)
    config = mesh.compile(GATEWAY)
    with http_backend("webapp") as backend:
        webapp = mesh.compile(SIDECAR).proxy.ip_addresses[0]
        static = config.bootstrap(endpoints={webapp: f"127.0.0.1:{backend}"}).to_dict()
        imported = json.loads(dumped(static).bootstrap().to_json())
        assert validate(imported).accepted
        with running(on_free_ports(imported)) as envoy:
            port = envoy.listener_port("0.0.0.0_8080")
            assert request(port, host="webapp.istioinaction.io").backend == "webapp"
            assert request(port, host="unknown.istioinaction.io").status == 404
