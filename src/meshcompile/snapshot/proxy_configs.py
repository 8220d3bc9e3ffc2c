"""ProxyConfigs by namespace."""

from dataclasses import dataclass

from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.snapshot.resources import Resources


@dataclass(frozen=True)
class ProxyConfigIndex:
    """ProxyConfigs by namespace."""


def proxy_config_index(resources: Resources, mesh: MeshConfig) -> ProxyConfigIndex:
    """The index of the accepted resources."""
    return ProxyConfigIndex()
