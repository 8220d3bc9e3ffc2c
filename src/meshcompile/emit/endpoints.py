"""Load assignments, from their pieces."""

from meshcompile.envoy.config.endpoint import ClusterLoadAssignment
from meshcompile.resolve.endpoints import LoadAssignments


def load_assignments(pieces: LoadAssignments) -> tuple[ClusterLoadAssignment, ...]:
    """Every load assignment of a proxy, sorted by cluster name."""
    return ()
