"""PeerAuthentications and RequestAuthentications by namespace. Follows istiod's `model.AuthenticationPolicies`."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypeVar

from msgspec import Struct

from meshcompile.models.base import Resource
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.security.peer_authentication import PeerAuthentication
from meshcompile.models.security.request_authentication import RequestAuthentication
from meshcompile.snapshot.resources import ConfigStore, by_namespace
from meshcompile.values.labels import Labels, selects

R = TypeVar("R", bound=Resource)


class MutualTlsMode(StrEnum):
    """What a server accepts: plain text only, both, or mutual TLS only. Unset is None and not a member."""

    DISABLE = "DISABLE"
    PERMISSIVE = "PERMISSIVE"
    STRICT = "STRICT"


def mutual_tls_mode(mode: str | None) -> MutualTlsMode | None:
    """The mode of a policy; None for UNSET or a missing mode."""
    return None if mode is None else MutualTlsMode.__members__.get(mode)


class AuthenticationIndex(Struct, frozen=True):
    """Policies by namespace, oldest first. Of several PeerAuthentications without a selector, only the oldest
    applies.

    `mesh_mode` is the root namespace's mode, or None without such a policy. `namespace_modes` are the modes of the
    namespaces that have a policy of their own, after inheritance.
    """

    root_namespace: str
    peer: Mapping[str, tuple[PeerAuthentication, ...]]
    request: Mapping[str, tuple[RequestAuthentication, ...]]
    mesh_mode: MutualTlsMode | None
    namespace_modes: Mapping[str, MutualTlsMode]

    def namespace_mode(self, namespace: str) -> MutualTlsMode | None:
        """The mode of namespace-wide and mesh-wide policies; None if there are none."""
        return self.namespace_modes.get(namespace, self.mesh_mode)

    def peer_for(self, namespace: str, labels: Labels) -> tuple[PeerAuthentication, ...]:
        """The PeerAuthentications that select a workload: first those of its namespace, then those of the root
        namespace.
        """
        return tuple(policy for policy in self._lookup(self.peer, namespace) if selects(peer_selector(policy), labels))

    def request_in(self, namespace: str, *others: str) -> tuple[RequestAuthentication, ...]:
        """The RequestAuthentications that may apply to a workload: first its namespace's, then the root namespace's,
        then those of `others`.
        """
        known = {namespace, self.root_namespace}
        further = (self.request.get(each, ()) for each in others if each not in known)
        return self._lookup(self.request, namespace) + tuple(policy for group in further for policy in group)

    def _lookup(self, policies: Mapping[str, tuple[R, ...]], namespace: str) -> tuple[R, ...]:
        own = policies.get(namespace, ())
        return own if namespace == self.root_namespace else own + policies.get(self.root_namespace, ())


def authentication_index(resources: ConfigStore, mesh: MeshConfig) -> AuthenticationIndex:
    """The index of the accepted policies."""
    peer = by_namespace(_without_shadowed(resources.all(PeerAuthentication)))
    wide = {policy.namespace: own_mode(policy) for group in peer.values() for policy in group if is_wide(policy)}
    mesh_mode = wide.pop(mesh.root_namespace) or MutualTlsMode.PERMISSIVE if mesh.root_namespace in wide else None
    inherited = mesh_mode or MutualTlsMode.PERMISSIVE
    return AuthenticationIndex(
        root_namespace=mesh.root_namespace,
        peer=peer,
        request=by_namespace(resources.all(RequestAuthentication)),
        mesh_mode=mesh_mode,
        namespace_modes={namespace: mode or inherited for namespace, mode in wide.items()},
    )


def peer_selector(policy: PeerAuthentication) -> Labels:
    """The labels that select workloads; empty for a policy of the whole namespace or mesh."""
    selector = policy.spec.selector
    return {} if selector is None else selector.match_labels


def is_wide(policy: PeerAuthentication) -> bool:
    """True for a policy of a whole namespace, or of the mesh."""
    return not peer_selector(policy)


def own_mode(policy: PeerAuthentication) -> MutualTlsMode | None:
    """The mode that a policy sets for all ports; None if it inherits one."""
    return None if policy.spec.mtls is None else mutual_tls_mode(policy.spec.mtls.mode)


def _without_shadowed(policies: Iterable[PeerAuthentication]) -> Iterable[PeerAuthentication]:
    """The policies, without the namespace-wide policies of a namespace that has an older one."""
    seen: set[str] = set()
    for policy in policies:
        if not is_wide(policy):
            yield policy
        elif policy.namespace not in seen:
            seen.add(policy.namespace)
            yield policy
