"""Load assignments, from their pieces."""

from weakref import WeakKeyDictionary

from meshcompile.emit.locality_endpoints import EndpointEmitter
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment
from meshcompile.envoy.message import at
from meshcompile.resolve.endpoints import HostAssignments, LoadAssignment, LoadAssignments

# Proxies that share pieces share the messages.
_EMITTED: WeakKeyDictionary[LoadAssignments, tuple[ClusterLoadAssignment, ...]] = WeakKeyDictionary()
_EMITTED_OF_HOST: WeakKeyDictionary[HostAssignments, tuple[ClusterLoadAssignment, ...]] = WeakKeyDictionary()


def load_assignments(pieces: LoadAssignments) -> tuple[ClusterLoadAssignment, ...]:
    """Every load assignment of a proxy, sorted by cluster name."""
    emitted = _EMITTED.get(pieces)
    if emitted is None:
        made = (assignment for host in pieces.hosts for assignment in _of_host(host))
        emitted = _EMITTED[pieces] = tuple(sorted(made, key=lambda assignment: assignment.cluster_name))
    return emitted


def _of_host(pieces: HostAssignments) -> tuple[ClusterLoadAssignment, ...]:
    emitted = _EMITTED_OF_HOST.get(pieces)
    if emitted is None:
        endpoints = EndpointEmitter()
        emitted = _EMITTED_OF_HOST[pieces] = tuple(load_assignment(each, endpoints) for each in pieces.assignments)
    return emitted


def load_assignment(assignment: LoadAssignment, endpoints: EndpointEmitter) -> ClusterLoadAssignment:
    """The endpoints of one cluster."""
    return at(
        ClusterLoadAssignment(cluster_name=assignment.cluster_name, endpoints=endpoints.groups(assignment.groups)),
        assignment.origins,
    )
