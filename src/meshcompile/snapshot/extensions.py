"""WasmPlugins and TrafficExtensions by namespace."""

from dataclasses import dataclass

from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.snapshot.resources import Resources


@dataclass(frozen=True)
class ExtensionIndex:
    """WasmPlugins and TrafficExtensions by namespace."""


def extension_index(resources: Resources, mesh: MeshConfig) -> ExtensionIndex:
    """The index of the accepted resources."""
    return ExtensionIndex()
