"""Gateways, oldest first."""

from dataclasses import dataclass

from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.snapshot.resources import Resources


@dataclass(frozen=True)
class GatewayIndex:
    """Gateways, oldest first."""


def gateway_index(resources: Resources, mesh: MeshConfig) -> GatewayIndex:
    """The index of the accepted resources."""
    return GatewayIndex()
