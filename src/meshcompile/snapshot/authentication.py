"""PeerAuthentications and RequestAuthentications by namespace."""

from dataclasses import dataclass

from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.snapshot.resources import Resources


@dataclass(frozen=True)
class AuthenticationIndex:
    """PeerAuthentications and RequestAuthentications by namespace."""


def authentication_index(resources: Resources, mesh: MeshConfig) -> AuthenticationIndex:
    """The index of the accepted resources."""
    return AuthenticationIndex()
