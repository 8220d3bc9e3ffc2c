"""The authorizations of the mesh, and those that name workloads. Follows `buildZtunnelPolicies` of `workloads.go`."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from meshcompile.envoy.workload_security import Authorization
from meshcompile.models.security.authorization_policy import AuthorizationPolicy
from meshcompile.models.security.peer_authentication import PeerAuthentication
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

    def holding_for(self, namespace: str, labels: Labels) -> tuple[Authorization, ...]:
        """The authorizations that ztunnel asks about a workload: those of its namespace and of the mesh, and those that
        the workload names. A name of one that is not sent counts for nothing.
        """
        named = frozenset(self.names(namespace, labels))
        return tuple(each for each in self.authorizations if policy_name(each) in named or _is_wide(each, namespace))


def policy_name(policy: Authorization) -> str:
    """The name of the resource of an authorization: `namespace/name`."""
    return f"{policy.namespace}/{policy.name}"


def workload_policies(
    policies: Iterable[AuthorizationPolicy], peer_policies: Iterable[PeerAuthentication], root_namespace: str
) -> ZtunnelPolicies:
    """The policies of the mesh. Both lists are oldest first."""
    peers = PeerAuthentications(root_namespace, tuple(peer_policies))
    converted = tuple(_converted(policies, root_namespace))
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


def _is_wide(policy: Authorization, namespace: str) -> bool:
    match policy.scope:
        case "GLOBAL":
            return True
        case "NAMESPACE":
            return policy.namespace == namespace
        case "WORKLOAD_SELECTOR":
            return False


def _converted(
    policies: Iterable[AuthorizationPolicy], root_namespace: str
) -> Iterator[tuple[AuthorizationPolicy, Authorization]]:
    for policy in policies:
        made = authorization(policy, root_namespace)
        if made is not None:
            yield policy, made
