"""VirtualServices with their delegates merged in, by gateway and by who may see them."""

from dataclasses import dataclass

from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.snapshot.resources import Resources
from meshcompile.snapshot.services import ServiceIndex


@dataclass(frozen=True)
class VirtualServiceIndex:
    """VirtualServices with their delegates merged in, by gateway and by who may see them."""


def virtual_service_index(resources: Resources, mesh: MeshConfig, services: ServiceIndex) -> VirtualServiceIndex:
    """The index of the accepted resources."""
    return VirtualServiceIndex()
