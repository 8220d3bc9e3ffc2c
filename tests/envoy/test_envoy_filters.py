"""EnvoyFilters in the real Envoy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

import meshcompile
from tests.conformance.corpus import cases_dir
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


# Cases with valid patches. Others insert invalid scripts, or filters in invalid positions.
SOUND = (
    "book/ch14-lua",
    "book/ch14-rate-limit",
    "book/ch14-tap",
    "extensions/ef-cluster-transport-socket",
    "extensions/ef-filter-chain",
    "extensions/ef-http-route",
    "extensions/ef-listener",
    "extensions/ef-listener-filter",
    "extensions/ef-network-filter",
    "extensions/ef-route-configuration",
    "extensions/ef-virtual-host",
)


@pytest.mark.slow
@pytest.mark.parametrize("case", SOUND)
def test_patched_configuration_is_accepted(case: str) -> None:
    """The real Envoy accepts configuration with patches of every kind of object."""
    folder = cases_dir() / case
    mesh = meshcompile.load(
        folder / "input.yaml", mesh_config=yaml.safe_load((folder / "case.yaml").read_text()).get("mesh")
    )
    for node in sorted(folder.glob("istiod/*/node.json")):
        config = mesh.compile(meshcompile.Proxy.from_node(json.loads(node.read_text())))
        assert any(report.changes for report in config.patches)
        assert validate(config.bootstrap().to_dict()).error == ""


def test_a_lua_filter_changes_answers() -> None:
    """A Lua filter and a route of an EnvoyFilter answer real requests through the compiled gateway."""
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
