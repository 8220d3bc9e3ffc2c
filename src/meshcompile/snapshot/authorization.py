"""AuthorizationPolicies by namespace. Follows istiod's `model.AuthorizationPolicies`."""

from collections.abc import Mapping
from functools import cached_property

from msgspec import Struct

from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.security.authorization_policy import AuthorizationPolicy
from meshcompile.snapshot.resources import ConfigStore, by_name, by_namespace


class AuthorizationIndex(Struct, frozen=True, dict=True):
    """Policies by namespace, oldest first; those of the root namespace apply everywhere."""

    root_namespace: str
    by_namespace: Mapping[str, tuple[AuthorizationPolicy, ...]]

    def named(self, namespace: str, name: str) -> AuthorizationPolicy | None:
        """The policy of this name."""
        return self._by_name.get((namespace, name))

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, str], AuthorizationPolicy]:
        return by_name(self.by_namespace)


def authorization_index(resources: ConfigStore, mesh: MeshConfig) -> AuthorizationIndex:
    """The index of the accepted policies."""
    return AuthorizationIndex(mesh.root_namespace, by_namespace(resources.all(AuthorizationPolicy)))
