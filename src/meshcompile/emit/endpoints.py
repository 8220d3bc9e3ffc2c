"""Load assignments of a proxy."""

from meshcompile.emit.locality_endpoints import EndpointEmitter
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment
from meshcompile.envoy.message import at
from meshcompile.queries import derived
from meshcompile.resolve.endpoints.load_assignments import HostAssignments, LoadAssignment, LoadAssignments


@derived
def load_assignments(resolved: LoadAssignments) -> tuple[ClusterLoadAssignment, ...]:
    """Every load assignment of a proxy, sorted by cluster name."""
    assignments = (assignment for host in resolved.hosts for assignment in _of_host(host))
    return tuple(sorted(assignments, key=lambda assignment: assignment.cluster_name))


@derived
def _of_host(resolved: HostAssignments) -> tuple[ClusterLoadAssignment, ...]:
    endpoints = EndpointEmitter()
    return tuple(load_assignment(assignment, endpoints) for assignment in resolved.assignments)


def load_assignment(assignment: LoadAssignment, endpoints: EndpointEmitter) -> ClusterLoadAssignment:
    """The endpoints of one cluster."""
    return at(
        ClusterLoadAssignment(cluster_name=assignment.cluster_name, endpoints=endpoints.groups(assignment.groups)),
        assignment.origins,
    )
