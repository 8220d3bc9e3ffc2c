"""Load assignments, from their pieces."""

from weakref import WeakKeyDictionary

from meshcompile.emit.locality_endpoints import EndpointEmitter
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment
from meshcompile.envoy.message import at
from meshcompile.resolve.endpoints import LoadAssignment, LoadAssignments

# Proxies that share the pieces share the messages.
_EMITTED: WeakKeyDictionary[LoadAssignments, tuple[ClusterLoadAssignment, ...]] = WeakKeyDictionary()


def load_assignments(pieces: LoadAssignments) -> tuple[ClusterLoadAssignment, ...]:
    """Every load assignment of a proxy, sorted by cluster name."""
    emitted = _EMITTED.get(pieces)
    if emitted is None:
        emitted = _EMITTED[pieces] = _load_assignments(pieces)
    return emitted


def _load_assignments(pieces: LoadAssignments) -> tuple[ClusterLoadAssignment, ...]:
    endpoints = EndpointEmitter()
    ordered = sorted(pieces.assignments, key=lambda assignment: assignment.cluster_name)
    return tuple(load_assignment(assignment, endpoints) for assignment in ordered)


def load_assignment(assignment: LoadAssignment, endpoints: EndpointEmitter) -> ClusterLoadAssignment:
    """The endpoints of one cluster."""
    return at(
        ClusterLoadAssignment(cluster_name=assignment.cluster_name, endpoints=endpoints.groups(assignment.groups)),
        assignment.origins,
    )
