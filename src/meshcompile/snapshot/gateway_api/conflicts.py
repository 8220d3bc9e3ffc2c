"""Listeners that cannot share a port with an earlier listener of the same Gateway.

Follows istiod's `listener_conflict.go`.
"""

from collections.abc import Iterable, Iterator, Mapping

from meshcompile.models.gateway_api.gateway import KubernetesGateway, Listener, ListenerSet

HOSTNAME_CONFLICT = "HostnameConflict"
PROTOCOL_CONFLICT = "ProtocolConflict"

Conflicts = Mapping[tuple[str, str, str], str]
"""The reason for which a listener takes no part, by the namespace and name of its owner, and its own name."""

_L4 = frozenset({"TCP", "UDP"})
_WITH_HOSTS = frozenset({"HTTP", "HTTPS", "TLS"})


def conflicts(gateway: KubernetesGateway, listener_sets: Iterable[ListenerSet]) -> Conflicts:
    """The listeners that lose. The Gateway's own come first, then those of older ListenerSets."""
    lost: dict[tuple[str, str, str], str] = {}
    accepted: list[Listener] = []
    for owner, listener in _in_order(gateway, listener_sets):
        prior = next((each for each in accepted if not _are_distinct(listener, each)), None)
        if prior is None:
            accepted.append(listener)
        else:
            lost[owner.namespace, owner.name, listener.name] = _reason(listener, prior)
    return lost


def _in_order(
    gateway: KubernetesGateway, listener_sets: Iterable[ListenerSet]
) -> Iterator[tuple[KubernetesGateway | ListenerSet, Listener]]:
    oldest_first = sorted(
        listener_sets, key=lambda each: (each.metadata.creation_timestamp or "", f"{each.namespace}/{each.name}")
    )
    owners: tuple[KubernetesGateway | ListenerSet, ...] = (gateway, *oldest_first)
    for owner in owners:
        yield from ((owner, listener) for listener in owner.spec.listeners)


def _are_distinct(one: Listener, other: Listener) -> bool:
    if one.port != other.port:
        return True
    protocols = {one.protocol, other.protocol}
    if protocols <= _WITH_HOSTS:
        return (one.hostname or "*") != (other.hostname or "*")
    if protocols <= _L4 | _WITH_HOSTS:
        return False
    return one.protocol != other.protocol


def _reason(listener: Listener, prior: Listener) -> str:
    is_l4 = {listener.protocol, prior.protocol} <= _L4
    return PROTOCOL_CONFLICT if is_l4 or listener.protocol != prior.protocol else HOSTNAME_CONFLICT
