"""Sidecars by namespace."""

from dataclasses import dataclass

from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.snapshot.resources import Resources


@dataclass(frozen=True)
class SidecarIndex:
    """Sidecars by namespace."""


def sidecar_index(resources: Resources, mesh: MeshConfig) -> SidecarIndex:
    """The index of the accepted resources."""
    return SidecarIndex()
