"""The endpoints of each service."""

from dataclasses import dataclass

from meshcompile.models.mesh.mesh_networks import MeshNetworks
from meshcompile.snapshot.resources import Resources
from meshcompile.snapshot.services import ServiceIndex
from meshcompile.snapshot.workloads import WorkloadIndex


@dataclass(frozen=True)
class EndpointIndex:
    """The endpoints of each service."""


def endpoint_index(
    resources: Resources, services: ServiceIndex, workloads: WorkloadIndex, networks: MeshNetworks, cluster: str
) -> EndpointIndex:
    """The index of the accepted resources."""
    return EndpointIndex()
