"""Clusters that need no control plane: endpoints and certificates in them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from meshcompile.codes.output import CALLED_WITHOUT_CERTIFICATE, ISTIO_ONLY
from meshcompile.diagnostics import Diagnostic
from meshcompile.ip import is_ip
from meshcompile.output.bootstrap import extensions
from meshcompile.output.bootstrap.options import Flavour, Options
from meshcompile.output.bootstrap.tls import MissingSecret, static_socket
from meshcompile.source import Origin

Json = Mapping[str, Any]


def static_cluster(
    cluster: Json, assignments: Mapping[str, Json], options: Options, origin: Origin
) -> tuple[Json, list[Diagnostic]]:
    """The cluster with what Envoy would fetch for it, and what had to be left out."""
    found: list[Diagnostic] = []
    fetched = {"edsClusterConfig", "filters", "transportSocket", "transportSocketMatches"}
    static = {key: value for key, value in cluster.items() if key not in fetched}
    static |= _endpoints(cluster, assignments, options)
    static |= _filters(cluster, options, origin, found)
    static |= _sockets(cluster, options, origin, found)
    static |= _resolving(cluster)
    return static, found


def _resolving(cluster: Json) -> Json:
    """The type of a cluster that looks up whatever name it is asked for.

    Envoy refuses it without checks of the server's certificate; one that does no TLS has no certificate to check.
    """
    kind = cluster.get("clusterType", {})
    if extensions.type_of(kind.get("typedConfig", {})) not in extensions.RESOLVING or "transportSocket" in cluster:
        return {}
    return {"clusterType": {**kind, "typedConfig": {**kind["typedConfig"], "allowInsecureClusterOptions": True}}}


def _endpoints(cluster: Json, assignments: Mapping[str, Json], options: Options) -> Json:
    """Type and load assignment; a cluster without endpoints has neither, and answers 503."""
    own = cluster.get("loadAssignment")
    if cluster.get("type") != "EDS":
        return {} if own is None else {"loadAssignment": _moved(own, options)}
    name = cluster.get("edsClusterConfig", {}).get("serviceName") or cluster["name"]
    if name not in assignments:
        return {"type": "STATIC"}
    assignment = _moved(assignments[name], options)
    return {
        "type": "STATIC" if all(map(is_ip, _hosts(assignment))) else "STRICT_DNS",
        "loadAssignment": assignment,
    }


def _moved(assignment: Json, options: Options) -> Json:
    """The load assignment with those endpoints moved that the options name."""
    return assignment if not options.endpoints else _with_addresses(assignment, options.endpoints)


def _with_addresses(value: Any, endpoints: Mapping[str, str]) -> Any:
    match value:
        case {"socketAddress": {"address": str(address)} as socket}:
            to = endpoints.get(f"{address}:{socket.get('portValue')}") or endpoints.get(address)
            return value if to is None else {"socketAddress": _socket_address(to)}
        case dict():
            return {key: _with_addresses(item, endpoints) for key, item in value.items()}
        case list():
            return [_with_addresses(item, endpoints) for item in value]
        case _:
            return value


def _socket_address(text: str) -> Json:
    address, _, port = text.rpartition(":")
    return {"address": address.strip("[]"), "portValue": int(port)}


def _hosts(assignment: Json) -> Iterator[str]:
    """The addresses and names of the endpoints."""
    for locality in assignment.get("endpoints", ()):
        for endpoint in locality.get("lbEndpoints", ()):
            socket = endpoint.get("endpoint", {}).get("address", {}).get("socketAddress")
            if socket is not None:
                yield socket.get("address", "")


def _filters(cluster: Json, options: Options, origin: Origin, found: list[Diagnostic]) -> Json:
    """The filters that the flavour has."""
    kept = []
    for item in cluster.get("filters", ()):
        if (
            options.flavour is Flavour.ENVOY
            and extensions.type_of(item.get("typedConfig", {})) in extensions.ISTIO_ONLY
        ):
            found.append(ISTIO_ONLY(origin, extension=item["name"], resource=f"cluster {cluster['name']}"))
        else:
            kept.append(item)
    return {"filters": kept} if kept else {}


def _sockets(cluster: Json, options: Options, origin: Origin, found: list[Diagnostic]) -> Json:
    """The transport sockets that can be made; without a certificate the cluster is called in plain text."""

    def static(socket: Json) -> Json | None:
        try:
            return static_socket(socket, options)
        except MissingSecret as missing:
            found.append(CALLED_WITHOUT_CERTIFICATE(origin, resource=f"cluster {cluster['name']}", secret=missing.name))
            return None

    matches = list(_matches(cluster.get("transportSocketMatches", ()), static))
    own = static(cluster["transportSocket"]) if "transportSocket" in cluster else None
    return {
        **({"transportSocketMatches": matches} if matches else {}),
        **({"transportSocket": own} if own is not None else {}),
    }


def _matches(matches: Iterable[Json], static: Any) -> Iterator[Json]:
    for item in matches:
        socket = static(item["transportSocket"]) if "transportSocket" in item else {}
        if socket is not None:
            yield {**item, "transportSocket": socket} if socket else item
