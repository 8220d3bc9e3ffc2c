"""The behaviour of the real Envoy with a route configuration, request by request.

The table is the compiled one, except for its destinations: every cluster becomes a listener of the same Envoy that
returns the received request. A request header of each route lists its clusters, weights and mirrors; another one has
the chosen destination. Tables are replaced by renaming a file that Envoy watches.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.envoy.client import connected
from tests.envoy.connections import Connections, Reply
from tests.envoy.reference_routes import Request
from tests.envoy.runner import Envoy, running

Json = dict[str, Any]
TABLE = "table"
PROBE = Request("GET", "generation.of.table", "/")
CLUSTERS, MIRRORS, CHOSEN = "x-oracle-clusters", "x-oracle-mirrors", "x-oracle-chosen"
UPSTREAM_RESPONSE = (("x-a", "upstream"), ("x-b", "upstream"))

TYPE = "type.googleapis.com/envoy.extensions"
# The response of a destination: the received headers, one per line.
ECHO = """
function envoy_on_request(handle)
  local lines = {}
  for name, value in pairs(handle:headers()) do
    lines[#lines + 1] = name .. ": " .. value
  end
  handle:respond({[":status"] = "200", ["x-a"] = "upstream", ["x-b"] = "upstream"}, table.concat(lines, "\\n"))
end
"""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A request as its destination received it."""

    clusters: frozenset[tuple[str, int]]
    mirrors: frozenset[str]
    chosen: str
    headers: tuple[tuple[str, str], ...]

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")


@dataclass(slots=True)
class RouteOracle:
    """A running Envoy and connections to it."""

    envoy: Envoy
    file: Path
    connections: Connections
    _generation: int = field(default=0)

    def load(self, table: Json) -> None:
        """Serve this table from now on."""
        self._generation += 1
        generation = str(self._generation)
        _write(self.file, generation, _served(table, generation))
        deadline = time.monotonic() + 10
        while self._serving() != generation:
            if time.monotonic() > deadline:
                raise AssertionError(f"refused: {self.envoy.get('/config_dump?resource=dynamic_route_configs')}")

    def replies(self, requests: Sequence[Request]) -> Iterator[Reply]:
        return self.connections.replies(requests)

    def _serving(self) -> str:
        (reply,) = self.connections.replies([PROBE])
        return reply.body


@contextmanager
def route_oracle() -> Iterator[RouteOracle]:
    """An Envoy without a table."""
    with tempfile.TemporaryDirectory(prefix="routes-") as folder:
        file = Path(folder) / "routes.json"
        _write(file, "0", _served({}, "0"))
        with (
            running(_bootstrap(file)) as envoy,
            Connections(partial(connected, envoy.listener_port("routes"))) as connections,
        ):
            yield RouteOracle(envoy, file, connections)


def arrived(reply: Reply) -> Arrived | None:
    """The request at its destination, or None if Envoy answered itself."""
    headers = tuple((name, value) for name, _, value in (line.partition(": ") for line in reply.body.split("\n")))
    found = dict(headers)
    if CHOSEN not in found:
        return None
    clusters = frozenset((name, weight) for name, weight in json.loads(found[CLUSTERS]))
    return Arrived(clusters, frozenset(json.loads(found[MIRRORS])), found[CHOSEN], headers)


def _write(file: Path, version: str, table: Json) -> None:
    resource = {"@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration", **table}
    new = file.with_suffix(".new")
    new.write_text(json.dumps({"versionInfo": version, "resources": [resource]}))
    new.rename(file)  # the only change that Envoy notices


def _served(table: Json, generation: str) -> Json:
    """The table with destinations that respond, and a virtual host that returns the generation of the table."""
    hosts = [
        {**host, "routes": [_observed(r) for r in host.get("routes", ())]} for host in table.get("virtualHosts", ())
    ]
    answer = {"status": 200, "body": {"inlineString": generation}}
    probe = {
        "name": "probe",
        "domains": [PROBE.authority],
        "routes": [{"match": {"prefix": "/"}, "directResponse": answer}],
    }
    return {**table, "name": TABLE, "virtualHosts": [probe, *hosts]}


def _observed(route: Json) -> Json:
    """The route, with its destinations in headers."""
    action = route.get("route")
    if action is None:
        return route
    mirrors = [mirror["cluster"] for mirror in action.get("requestMirrorPolicies", ())]
    kept = {key: value for key, value in action.items() if key != "requestMirrorPolicies"}
    if "weightedClusters" in action:
        clusters = action["weightedClusters"]["clusters"]
        said = {CLUSTERS: [[c["name"], c.get("weight", 0)] for c in clusters], MIRRORS: mirrors}
        weighted = [_with(c, {CHOSEN: c["name"]}) | {"name": "echo"} for c in clusters]
        kept["weightedClusters"] = {**action["weightedClusters"], "clusters": weighted}
    else:
        said = {CLUSTERS: [[action["cluster"], 100]], MIRRORS: mirrors, CHOSEN: action["cluster"]}
        kept["cluster"] = "echo"
    return _with(route, said) | {"route": kept}


def _with(message: Json, headers: Mapping[str, Any]) -> Json:
    more = [{"header": {"key": k, "value": v if isinstance(v, str) else json.dumps(v)}} for k, v in headers.items()]
    return {**message, "requestHeadersToAdd": [*message.get("requestHeadersToAdd", ()), *more]}


def _bootstrap(file: Path) -> Json:
    rds = {"routeConfigName": TABLE, "configSource": {"pathConfigSource": {"path": str(file)}}}
    filters = [
        _filter("cors", "cors.v3.Cors"),
        _filter("fault", "fault.v3.HTTPFault"),
        _filter("router", "router.v3.Router"),
    ]
    echo = [
        _filter("lua", "lua.v3.Lua", defaultSourceCode={"inlineString": ECHO}),
        _filter("router", "router.v3.Router"),
    ]
    internal = {"envoyInternalAddress": {"serverListenerName": "echo"}}
    endpoints = [{"lbEndpoints": [{"endpoint": {"address": internal}}]}]
    return {
        "node": {"id": "oracle", "cluster": "oracle"},
        "bootstrapExtensions": [
            {
                "name": "envoy.bootstrap.internal_listener",
                "typedConfig": {"@type": f"{TYPE}.bootstrap.internal_listener.v3.InternalListener"},
            }
        ],
        "staticResources": {
            "listeners": [
                {
                    "name": "routes",
                    "address": {"socketAddress": {"address": "127.0.0.1", "portValue": 0}},
                    "filterChains": [_http(filters, rds=rds)],
                },
                {"name": "echo", "internalListener": {}, "filterChains": [_http(echo, routeConfig={"name": "echo"})]},
            ],
            "clusters": [{"name": "echo", "loadAssignment": {"clusterName": "echo", "endpoints": endpoints}}],
        },
    }


def _http(filters: list[Json], **routes: Json) -> Json:
    manager = {
        "@type": f"{TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "statPrefix": "http",
        "normalizePath": True,
        "httpFilters": filters,
        **routes,
    }
    return {"filters": [{"name": "http", "typedConfig": manager}]}


def _filter(name: str, kind: str, **config: Any) -> Json:
    return {"name": f"envoy.filters.http.{name}", "typedConfig": {"@type": f"{TYPE}.filters.http.{kind}", **config}}
