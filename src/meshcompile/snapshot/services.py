"""The services of the mesh by host name and by who may see them."""

from dataclasses import dataclass

from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.snapshot.resources import Resources
from meshcompile.snapshot.workloads import WorkloadIndex


@dataclass(frozen=True)
class ServiceIndex:
    """The services of the mesh by host name and by who may see them."""


def service_index(resources: Resources, mesh: MeshConfig, workloads: WorkloadIndex, cluster: str) -> ServiceIndex:
    """The index of the accepted resources."""
    return ServiceIndex()
