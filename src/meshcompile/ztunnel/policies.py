"""The authorizations of the mesh, and those that name workloads. Follows `buildZtunnelPolicies` of `workloads.go`."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from meshcompile.envoy.workload_security import Authorization
from meshcompile.models.security.authorization_policy import AuthorizationPolicy
from meshcompile.models.security.peer_authentication import PeerAuthentication
from meshcompile.snapshot.resources import ConfigStore
from meshcompile.values.labels import Labels, selects
from meshcompile.ztunnel.authorizations import authorization
from meshcompile.ztunnel.peer_authentication import PeerAuthentications


class SelectingPolicy(Struct, frozen=True, eq=False):
    """The name of an authorization, and the labels of the workloads that it is for."""

    name: str
    selector: Labels


class ZtunnelPolicies(Struct, frozen=True, eq=False):
    """The authorizations, and how workloads are selected for them."""

    authorizations: tuple[Authorization, ...]
    root_namespace: str
    _selecting: Mapping[str, tuple[SelectingPolicy, ...]]
    _peers: PeerAuthentications

    def names(self, namespace: str, labels: Labels) -> tuple[str, ...]:
        """The names of the authorizations that select a workload, first those of AuthorizationPolicies."""
        candidates = (
            each
            for source in dict.fromkeys((namespace, self.root_namespace))
            for each in self._selecting.get(source, ())
        )
        selected = sorted(each.name for each in candidates if selects(each.selector, labels))
        return (*selected, *self._peers.names(namespace, labels))


def workload_policies(resources: ConfigStore, root_namespace: str) -> ZtunnelPolicies:
    """The policies of the mesh."""
    peers = PeerAuthentications(root_namespace, resources.all(PeerAuthentication))
    converted = tuple(_converted(resources.all(AuthorizationPolicy), root_namespace))
    selecting: dict[str, list[SelectingPolicy]] = {}
    for policy, _ in converted:
        selector = policy.spec.selector
        if selector is not None and (selector.match_labels or "match_labels" in selector.model_fields_set):
            found = SelectingPolicy(f"{policy.namespace}/{policy.name}", selector.match_labels)
            selecting.setdefault(policy.namespace, []).append(found)
    return ZtunnelPolicies(
        authorizations=(*(made for _, made in converted), *peers.authorizations()),
        root_namespace=root_namespace,
        _selecting={namespace: tuple(group) for namespace, group in selecting.items()},
        _peers=peers,
    )


def _converted(
    policies: Iterable[AuthorizationPolicy], root_namespace: str
) -> Iterator[tuple[AuthorizationPolicy, Authorization]]:
    for policy in policies:
        made = authorization(policy, root_namespace)
        if made is not None:
            yield policy, made
