"""EnvoyFilters at work in the real Envoy."""

from __future__ import annotations

from pathlib import Path

import pytest

import meshcompile
from tests.envoy.backends import http_backend
from tests.envoy.client import request
from tests.envoy.runner import on_free_ports, running, validate

pytestmark = pytest.mark.envoy

COOLSTORE = Path(__file__).resolve().parents[2] / "examples" / "coolstore"
GATEWAY = "deployment/istio-ingressgateway.istio-system"
HOST = "webapp.istioinaction.io"
GREETING = """\
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: greeting, namespace: istio-system}
spec:
  workloadSelector: {labels: {istio: ingressgateway}}
  configPatches:
  - applyTo: HTTP_FILTER
    match:
      context: GATEWAY
      listener:
        filterChain:
          filter:
            name: envoy.filters.network.http_connection_manager
            subFilter: {name: envoy.filters.http.router}
    patch:
      operation: INSERT_BEFORE
      value:
        name: greeting.lua
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua
          default_source_code:
            inline_string: |
              function envoy_on_response(handle)
                handle:headers():add("x-greeting", "from a patch")
              end
  - applyTo: HTTP_ROUTE
    match:
      context: GATEWAY
      routeConfiguration: {vhost: {name: "webapp.istioinaction.io:80"}}
    patch:
      operation: INSERT_FIRST
      value:
        name: teapot
        match: {path: /teapot}
        direct_response: {status: 418}
"""


def test_a_lua_filter_changes_answers() -> None:
    """A Lua filter and a route that an EnvoyFilter inserts answer real requests, through the compiled gateway."""
    mesh = meshcompile.load([COOLSTORE, GREETING])
    address = mesh.proxy("deployment/webapp.istioinaction").ip_addresses[0]
    config = mesh.compile(GATEWAY)
    assert [len(report.changes) for report in config.patches] == [1, 1]
    with http_backend("webapp") as backend:
        content = config.bootstrap(endpoints={address: f"127.0.0.1:{backend}"}).to_dict()
        assert validate(content).error == ""
        with running(on_free_ports(content)) as envoy:
            port = envoy.listener_port("0.0.0.0_8080")
            answer = request(port, host=HOST)
            assert (answer.backend, answer.headers["x-greeting"]) == ("webapp", "from a patch")
            assert request(port, "/teapot", host=HOST).status == 418
