"""The endpoints of static clusters, at the addresses that the options name."""

from collections.abc import Iterator

from meshcompile.emit.locality_endpoints import TRANSPORT_SOCKET_MATCH
from meshcompile.envoy.config.core import Address, EnvoyInternalAddress, Metadata, SocketAddress
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment, Endpoint, LbEndpoint, LocalityLbEndpoints
from meshcompile.envoy.message import Message, replaced
from meshcompile.output.bootstrap.addresses import AddressMap
from meshcompile.output.bootstrap.options import Options, Resolve
from meshcompile.output.walk import rewritten
from meshcompile.values.names import ORIGINAL_DESTINATION

_OF_TUNNELS = frozenset({ORIGINAL_DESTINATION, TRANSPORT_SOCKET_MATCH})


def static_assignment(assignment: ClusterLoadAssignment, options: Options) -> ClusterLoadAssignment:
    """The load assignment after the replacement of addresses by names, and then of those that the options name."""
    named = _by_name(assignment) if options.resolve is Resolve.DNS else assignment
    return moved(named, options.moves) if options.endpoints else named


def hosts(assignment: ClusterLoadAssignment) -> Iterator[str]:
    """The addresses and names of the endpoints."""
    for locality in assignment.endpoints:
        for endpoint in locality.lb_endpoints:
            address = None if endpoint.endpoint is None else endpoint.endpoint.address
            if address is not None and address.socket_address is not None:
                yield address.socket_address.address


def moved(assignment: ClusterLoadAssignment, to: AddressMap) -> ClusterLoadAssignment:
    """The load assignment with other addresses. An endpoint behind an HBONE tunnel is moved to where none ends."""

    def change(message: Message) -> Message:
        match message:
            case Address(socket_address=SocketAddress() as socket):
                target = to.moved(socket.address, socket.port_value or 0)
                return message if target is None else Address(socket_address=target)
            case LbEndpoint(endpoint=Endpoint(address=Address(envoy_internal_address=EnvoyInternalAddress() as there))):
                address, _, port = there.endpoint_id.rpartition(":")
                target = to.moved(address.strip("[]"), int(port) if port.isdecimal() else 0, there.endpoint_id)
                return message if target is None else _direct(message, target)
            case _:
                return message

    return rewritten(assignment, change)


def _direct(endpoint: LbEndpoint, to: SocketAddress) -> LbEndpoint:
    """An endpoint behind an HBONE tunnel, moved to where no tunnel ends."""
    known = {} if endpoint.metadata is None else endpoint.metadata.filter_metadata
    others = {key: value for key, value in known.items() if key not in _OF_TUNNELS}
    address = Address(socket_address=to)
    return replaced(endpoint, endpoint=Endpoint(address=address), metadata=Metadata(filter_metadata=others))


def _by_name(assignment: ClusterLoadAssignment) -> ClusterLoadAssignment:
    """The load assignment with the names of workloads. The replicas of a workload become one endpoint."""
    return replaced(assignment, endpoints=tuple(map(_named, assignment.endpoints)))


def _named(locality: LocalityLbEndpoints) -> LocalityLbEndpoints:
    unique: dict[object, LbEndpoint] = {}
    for endpoint in map(_endpoint_by_name, locality.lb_endpoints):
        place = None if endpoint.endpoint is None else endpoint.endpoint.address
        unique.setdefault(place, endpoint)
    return replaced(locality, lb_endpoints=tuple(unique.values()))


def _endpoint_by_name(endpoint: LbEndpoint) -> LbEndpoint:
    """The endpoint with the name of its workload; one without a workload stays as it is."""
    workload = workload_of(endpoint)
    match endpoint.endpoint:
        case Endpoint(address=Address(socket_address=SocketAddress() as socket)) as there if workload:
            address = Address(socket_address=replaced(socket, address=workload))
            return replaced(endpoint, endpoint=replaced(there, address=address))
        case _:
            return endpoint


def workload_of(endpoint: LbEndpoint) -> str:
    """The name of the workload in Istio's metadata, `WORKLOAD;NAMESPACE;SERVICE;REVISION;CLUSTER`; "" without one."""
    known = {} if endpoint.metadata is None else endpoint.metadata.filter_metadata
    workload = known.get("istio", {}).get("workload", "")
    return str(workload).partition(";")[0]
