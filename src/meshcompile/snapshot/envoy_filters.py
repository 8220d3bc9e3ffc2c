"""EnvoyFilters by namespace."""

from dataclasses import dataclass

from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.snapshot.resources import Resources


@dataclass(frozen=True)
class EnvoyFilterIndex:
    """EnvoyFilters by namespace."""


def envoy_filter_index(resources: Resources, mesh: MeshConfig) -> EnvoyFilterIndex:
    """The index of the accepted resources."""
    return EnvoyFilterIndex()
