"""Clusters that need no control plane: endpoints and certificates are inlined."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from meshcompile.codes.output import CALLED_WITHOUT_CERTIFICATE, ISTIO_ONLY
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.emit.locality_endpoints import TRANSPORT_SOCKET_MATCH
from meshcompile.envoy.config.cluster import Cluster, ClusterTransportSocketMatch, Filter
from meshcompile.envoy.config.core import Address, EnvoyInternalAddress, Metadata, SocketAddress, TransportSocket
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment, Endpoint, LbEndpoint
from meshcompile.envoy.extensions.clusters.dynamic_forward_proxy import ClusterConfig
from meshcompile.envoy.message import Message, replaced
from meshcompile.output.bootstrap import extensions
from meshcompile.output.bootstrap.options import Flavour, Options
from meshcompile.output.bootstrap.tls import MissingSecret, static_socket
from meshcompile.output.packed import type_of
from meshcompile.output.walk import rewritten
from meshcompile.values.ip import is_ip
from meshcompile.values.names import ORIGINAL_DESTINATION

_OF_TUNNELS = frozenset({ORIGINAL_DESTINATION, TRANSPORT_SOCKET_MATCH})

StaticSocket = Callable[[TransportSocket], TransportSocket | None]


def static_cluster(
    cluster: Cluster, assignments: Mapping[str, ClusterLoadAssignment], options: Options, origin: Origin
) -> tuple[Cluster, list[Diagnostic]]:
    """The cluster with all data that Envoy would fetch for it, and findings about omitted parts."""
    findings: list[Diagnostic] = []
    filters = tuple(_filters(cluster, options, origin, findings))
    static = _with_sockets(replaced(cluster, filters=filters), options, origin, findings)
    return _resolving(_with_endpoints(static, assignments, options), cluster), findings


def _resolving(static: Cluster, cluster: Cluster) -> Cluster:
    """The cluster. A dynamic forward proxy cluster, which resolves any host name, may skip verification of the
    server.

    Envoy rejects such a cluster without verification of the server's certificate. A cluster without TLS has no
    certificate to verify.
    """
    kind = cluster.cluster_type
    if kind is None or not isinstance(kind.typed_config, ClusterConfig) or cluster.transport_socket is not None:
        return static
    config = replaced(kind.typed_config, allow_insecure_cluster_options=True)
    return replaced(static, cluster_type=replaced(kind, typed_config=config))


def _with_endpoints(cluster: Cluster, assignments: Mapping[str, ClusterLoadAssignment], options: Options) -> Cluster:
    """The cluster with its endpoints; one without any answers 503."""
    if cluster.type != "EDS":
        own = cluster.load_assignment
        moved = None if own is None else _moved(own, options)
        return replaced(cluster, load_assignment=moved, eds_cluster_config=None)
    config = cluster.eds_cluster_config
    assignment = assignments.get((config and config.service_name) or cluster.name)
    if assignment is None:
        return replaced(cluster, type="STATIC", eds_cluster_config=None)
    static = _moved(assignment, options)
    kind = "STATIC" if all(map(is_ip, _hosts(static))) else "STRICT_DNS"
    return replaced(cluster, type=kind, load_assignment=static, eds_cluster_config=None)


def _moved(assignment: ClusterLoadAssignment, options: Options) -> ClusterLoadAssignment:
    """The load assignment after replacing the endpoints that the options name."""
    if not options.endpoints:
        return assignment

    def moved(message: Message) -> Message:
        match message:
            case Address(socket_address=SocketAddress() as socket):
                to = _target(f"{socket.address}:{socket.port_value}", options.endpoints)
                return message if to is None else Address(socket_address=to)
            case LbEndpoint(endpoint=Endpoint(address=Address(envoy_internal_address=EnvoyInternalAddress() as there))):
                to = _target(there.endpoint_id, options.endpoints)
                return message if to is None else _direct(message, to)
            case _:
                return message

    return rewritten(assignment, moved)


def _direct(endpoint: LbEndpoint, to: SocketAddress) -> LbEndpoint:
    """An endpoint behind an HBONE tunnel, moved to where no tunnel ends."""
    known = {} if endpoint.metadata is None else endpoint.metadata.filter_metadata
    others = {key: value for key, value in known.items() if key not in _OF_TUNNELS}
    address = Address(socket_address=to)
    return replaced(endpoint, endpoint=Endpoint(address=address), metadata=Metadata(filter_metadata=others))


def _target(address: str, endpoints: Mapping[str, str]) -> SocketAddress | None:
    """Where an endpoint with an address and port is moved to; None when it stays."""
    to = endpoints.get(address) or endpoints.get(address.rpartition(":")[0].strip("[]"))
    if to is None:
        return None
    address, _, port = to.rpartition(":")
    return SocketAddress(address=address.strip("[]"), port_value=int(port))


def _hosts(assignment: ClusterLoadAssignment) -> Iterator[str]:
    """The addresses and names of the endpoints."""
    for locality in assignment.endpoints:
        for endpoint in locality.lb_endpoints:
            address = None if endpoint.endpoint is None else endpoint.endpoint.address
            if address is not None and address.socket_address is not None:
                yield address.socket_address.address


def _filters(cluster: Cluster, options: Options, origin: Origin, findings: list[Diagnostic]) -> Iterator[Filter]:
    """The filters that the flavour of Envoy includes."""
    for item in cluster.filters:
        if options.flavour is Flavour.ENVOY and type_of(item.typed_config) in extensions.ISTIO_ONLY:
            findings.append(ISTIO_ONLY(origin, extension=item.name, resource=f"cluster {cluster.name}"))
        else:
            yield item


def _with_sockets(cluster: Cluster, options: Options, origin: Origin, findings: list[Diagnostic]) -> Cluster:
    """The cluster with the transport sockets that can be made; without a certificate it is called in plain text."""

    def static(socket: TransportSocket) -> TransportSocket | None:
        try:
            return static_socket(socket, options)
        except MissingSecret as missing:
            findings.append(CALLED_WITHOUT_CERTIFICATE(origin, resource=f"cluster {cluster.name}", secret=missing.name))
            return None

    matches = tuple(_matches(cluster.transport_socket_matches, static))
    own = None if cluster.transport_socket is None else static(cluster.transport_socket)
    return replaced(cluster, transport_socket_matches=matches, transport_socket=own)


def _matches(
    matches: Iterable[ClusterTransportSocketMatch], static: StaticSocket
) -> Iterator[ClusterTransportSocketMatch]:
    for item in matches:
        if item.transport_socket is None:
            yield item
        elif (socket := static(item.transport_socket)) is not None:
            yield replaced(item, transport_socket=socket)
