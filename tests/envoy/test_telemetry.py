"""Telemetry and extensions in the real Envoy."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import meshcompile
from tests.envoy.backends import http_backend
from tests.envoy.client import request
from tests.envoy.runner import on_free_ports, running

pytestmark = pytest.mark.envoy

COOLSTORE = Path(__file__).resolve().parents[2] / "examples" / "coolstore"
GATEWAY = "deployment/istio-ingressgateway.istio-system"
HOST = "webapp.istioinaction.io"
TELEMETRY = """
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: mesh, namespace: istio-system}
spec: {%s}
"""
COLLECTOR = """
apiVersion: v1
kind: Service
metadata: {name: zipkin, namespace: istio-system}
spec: {clusterIP: 10.96.9.9, ports: [{name: http, port: 9411}]}
---
apiVersion: extensions.istio.io/v1alpha1
kind: TrafficExtension
metadata: {name: greeting, namespace: istio-system}
spec:
  lua: {inlineCode: 'function envoy_on_response(handle) handle:headers():add("x-greeting", "hello") end'}
"""


@contextmanager
def gateway(*texts: str, **mesh_config: Any) -> Iterator[int]:
    """The port of the store's gateway in front of a web application that returns the received request."""
    mesh = meshcompile.load([COOLSTORE, *texts], mesh_config=mesh_config)
    address = mesh.proxy("deployment/webapp.istioinaction").ip_addresses[0]
    with http_backend("webapp") as backend:
        content = mesh.compile(GATEWAY).bootstrap(endpoints={address: f"127.0.0.1:{backend}"}).to_dict()
        with running(on_free_ports(content)) as envoy:
            yield envoy.listener_port("0.0.0.0_8080")


def lines(log: Path, count: int) -> list[str]:
    """The lines of a log, once it has this many. Envoy writes them with a delay."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        found = log.read_text().splitlines() if log.exists() else []
        if len(found) >= count:
            return found
        time.sleep(0.2)
    raise AssertionError(f"{log} has no {count} lines")


def file_provider(log: Path, **labels: str) -> list[Mapping[str, Any]]:
    """A provider that writes JSON to the file."""
    return [{"name": "file", "envoyFileAccessLog": {"path": str(log), "logFormat": {"labels": labels}}}]


def test_access_logs_in_the_configured_format(tmp_path: Path) -> None:
    """Requests are logged in the provider's JSON format, and only those that match the filter's expression."""
    spec = "accessLogging: [{providers: [{name: file}], filter: {expression: 'response.code >= 400'}}]"
    log = tmp_path / "access.log"
    provider = file_provider(log, path="%REQ_WITHOUT_QUERY(:PATH)%", status="%RESPONSE_CODE%", host="%REQ(:AUTHORITY)%")
    with gateway(TELEMETRY % spec, extensionProviders=provider) as port:
        assert request(port, "/fine", host=HOST).status == 200
        assert request(port, "/lost?secret=1", host="nowhere.io").status == 404
        (line,) = lines(log, 1)
    assert json.loads(line) == {"path": "/lost", "status": 404, "host": "nowhere.io"}


def test_access_logs_of_the_mesh_config(tmp_path: Path) -> None:
    """Without a Telemetry, the mesh config's file gets a line in its format for each request."""
    log = tmp_path / "access.log"
    with gateway(accessLogFile=str(log), accessLogFormat="%REQ(:METHOD)% %REQ(:PATH)% %RESPONSE_CODE%") as port:
        request(port, "/one", host=HOST)
        request(port, "/two", host=HOST, method="POST")
        assert lines(log, 2) == ["GET /one 200", "POST /two 200"]


def test_trace_headers_reach_the_application() -> None:
    """A traced request keeps its IDs, and one without IDs gets new ones. A script adds a header."""
    spec = "tracing: [{providers: [{name: zipkin}], randomSamplingPercentage: 100}]"
    provider = {"name": "zipkin", "zipkin": {"service": "zipkin.istio-system.svc.cluster.local", "port": 9411}}
    trace, span = "463ac35c9f6413ad48485a3953bb6124", "a2fb4a1d1a96d312"
    with gateway(TELEMETRY % spec, COLLECTOR, extensionProviders=[provider]) as port:
        sent = {"x-b3-traceid": trace, "x-b3-spanid": span, "x-b3-sampled": "1"}
        answer = request(port, host=HOST, headers=sent)
        got = {name.lower(): value for name, value in answer.json["headers"].items()}
        assert (got["x-b3-traceid"], got["x-b3-sampled"]) == (trace, "1")
        fresh = {name.lower(): value for name, value in request(port, host=HOST).json["headers"].items()}
        assert len(fresh["x-b3-traceid"]) == 32
        assert fresh["x-b3-sampled"] == "1"
        assert answer.headers["x-greeting"] == "hello"
