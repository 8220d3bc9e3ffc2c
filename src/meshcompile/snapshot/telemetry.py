"""Telemetries by namespace."""

from dataclasses import dataclass

from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.snapshot.resources import Resources


@dataclass(frozen=True)
class TelemetryIndex:
    """Telemetries by namespace."""


def telemetry_index(resources: Resources, mesh: MeshConfig) -> TelemetryIndex:
    """The index of the accepted resources."""
    return TelemetryIndex()
