"""Bootstraps whose Envoy says what it decided about each request.

Responses have the route, the cluster, the flags and the details in headers. Every cluster leads to a listener of the
same Envoy that returns the received request. Connections that carry no HTTP are in an access log.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]
TYPE = "type.googleapis.com/envoy.extensions"
ROUTE, CLUSTER, CHAIN = "x-oracle-route", "x-oracle-cluster", "x-oracle-chain"
LOCAL_FLAGS, LOCAL_DETAILS, LOCAL_ROUTE = "x-oracle-local-flags", "x-oracle-local-details", "x-oracle-local-route"
LOCAL_CHAIN = "x-oracle-local-chain"
UPSTREAM_RESPONSE = (("x-a", "upstream"), ("x-b", "upstream"))
ECHO = """
function envoy_on_request(handle)
  local lines = {}
  for name, value in pairs(handle:headers()) do
    lines[#lines + 1] = name .. ": " .. value
  end
  handle:respond({[":status"] = "200", ["x-a"] = "upstream", ["x-b"] = "upstream"}, table.concat(lines, "\\n"))
end
"""


def observed_bootstrap(bootstrap: Json, log: Path) -> Json:
    """The bootstrap of a proxy with observable decisions. `log` is the file for connections without HTTP."""
    static = bootstrap["staticResources"]
    for manager in managers(static["listeners"]):
        _observe_manager(manager)
    for listener in static["listeners"]:
        bound = listener["name"] if listener.get("bindToPort", True) else "virtualOutbound"
        for index, chain in enumerate(listener.get("filterChains", ())):
            chain["name"] = str(index)
        if "defaultFilterChain" in listener:
            listener["defaultFilterChain"]["name"] = "default"
        for proxy in _configs([listener], "TcpProxy"):
            proxy["accessLog"] = [access_log(log, bound)]
    clusters = [_echoing(cluster) for cluster in static["clusters"]]
    extension = {
        "name": "envoy.bootstrap.internal_listener",
        "typedConfig": {"@type": f"{TYPE}.bootstrap.internal_listener.v3.InternalListener"},
    }
    return {
        **bootstrap,
        "bootstrapExtensions": [extension],
        "staticResources": {"listeners": [*static["listeners"], echo_listener()], "clusters": clusters},
    }


def managers(listeners: list[Json]) -> Iterator[Json]:
    """The connection managers of some listeners."""
    return _configs(listeners, "HttpConnectionManager")


def clusters_of_bytes(bootstrap: Json) -> frozenset[str]:
    """The clusters that get connections without HTTP."""
    proxies = list(_configs(bootstrap["staticResources"]["listeners"], "TcpProxy"))
    weighted = [each for proxy in proxies for each in proxy.get("weightedClusters", {}).get("clusters", ())]
    return frozenset((*(proxy.get("cluster", "") for proxy in proxies), *(each["name"] for each in weighted)))


def clusters_without_endpoints(bootstrap: Json) -> frozenset[str]:
    """The clusters whose endpoints are known, and that have none."""
    return frozenset(
        cluster["name"]
        for cluster in bootstrap["staticResources"]["clusters"]
        if "loadAssignment" in cluster
        and not any(each.get("lbEndpoints") for each in cluster["loadAssignment"].get("endpoints", ()))
    )


def _configs(listeners: list[Json], kind: str) -> Iterator[Json]:
    for listener in listeners:
        default = [listener["defaultFilterChain"]] if "defaultFilterChain" in listener else []
        for chain in (*listener.get("filterChains", ()), *default):
            for each in chain["filters"]:
                config = each.get("typedConfig", {})
                if config.get("@type", "").endswith(f".{kind}"):
                    yield config


def _observe_manager(manager: Json) -> None:
    manager["delayedCloseTimeout"] = "0.01s"  # a second by default, after each request that the codec refuses
    table = manager["routeConfig"]
    said = {
        ROUTE: "%METADATA(ROUTE:oracle:route)%",
        CLUSTER: "%UPSTREAM_CLUSTER_RAW%",
        CHAIN: "%FILTER_CHAIN_NAME%",
    }
    table["responseHeadersToAdd"] = [*table.get("responseHeadersToAdd", ()), *_headers(said)]
    for at, host in enumerate(table.get("virtualHosts", ())):
        for index, route in enumerate(host.get("routes", ())):
            metadata = route.setdefault("metadata", {}).setdefault("filterMetadata", {})
            metadata["oracle"] = {"route": f"{at}/{index}"}
    local = {
        LOCAL_FLAGS: "%RESPONSE_FLAGS%",
        LOCAL_DETAILS: "%RESPONSE_CODE_DETAILS%",
        LOCAL_ROUTE: "%METADATA(ROUTE:oracle:route)%",
        LOCAL_CHAIN: "%FILTER_CHAIN_NAME%",
    }
    every = {"statusCodeFilter": {"comparison": {"op": "GE", "value": {"defaultValue": 0, "runtimeKey": "none"}}}}
    manager["localReplyConfig"] = {"mappers": [{"filter": every, "headersToAdd": _headers(local)}]}


def _headers(values: dict[str, str]) -> list[Json]:
    return [{"header": {"key": key, "value": value}} for key, value in values.items()]


def access_log(log: Path, listener: str) -> Json:
    """A log of connections to a listener."""
    fields = {
        "listener": listener,
        "client": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%",
        "cluster": "%UPSTREAM_CLUSTER_RAW%",
        "flags": "%RESPONSE_FLAGS%",
        "chain": "%FILTER_CHAIN_NAME%",
    }
    config = {
        "@type": f"{TYPE}.access_loggers.file.v3.FileAccessLog",
        "path": str(log),
        "logFormat": {"jsonFormat": fields},
    }
    return {"name": "envoy.access_loggers.file", "typedConfig": config}


def connections_in(log: Path) -> dict[tuple[str, str], Json]:
    """The logged connections by the listener and the address of the client: `127.0.0.1:40000`."""
    lines = log.read_text().splitlines() if log.exists() else []
    return {(entry["listener"], entry["client"]): entry for entry in map(json.loads, lines)}


def _echoing(cluster: Json) -> Json:
    """A cluster with the same name, and with the echo as its endpoint if it has any."""
    assignment = cluster.get("loadAssignment", {})
    has_endpoints = any(group.get("lbEndpoints") for group in assignment.get("endpoints", ()))
    if not has_endpoints and cluster.get("type") != "ORIGINAL_DST":
        return {"name": cluster["name"], "type": "STATIC"}
    internal = {"envoyInternalAddress": {"serverListenerName": "echo"}}
    endpoints = [{"lbEndpoints": [{"endpoint": {"address": internal}}]}]
    return {"name": cluster["name"], "loadAssignment": {"clusterName": cluster["name"], "endpoints": endpoints}}


def echo_listener() -> Json:
    """A listener that returns the received request."""
    lua = {"@type": f"{TYPE}.filters.http.lua.v3.Lua", "defaultSourceCode": {"inlineString": ECHO}}
    router = {"@type": f"{TYPE}.filters.http.router.v3.Router"}
    manager = {
        "@type": f"{TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "statPrefix": "echo",
        "routeConfig": {"name": "echo"},
        "httpFilters": [
            {"name": "envoy.filters.http.lua", "typedConfig": lua},
            {"name": "envoy.filters.http.router", "typedConfig": router},
        ],
    }
    return {
        "name": "echo",
        "internalListener": {},
        "filterChains": [{"filters": [{"name": "http", "typedConfig": manager}]}],
    }
