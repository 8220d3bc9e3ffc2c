"""AuthorizationPolicies by namespace."""

from dataclasses import dataclass

from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.snapshot.resources import Resources


@dataclass(frozen=True)
class AuthorizationIndex:
    """AuthorizationPolicies by namespace."""


def authorization_index(resources: Resources, mesh: MeshConfig) -> AuthorizationIndex:
    """The index of the accepted resources."""
    return AuthorizationIndex()
