"""Locality and zone-aware load balancing: the weights and priorities of endpoint groups for one client.

Follows istiod's `loadbalancer.GetEffectiveLbSetting`, `ApplyLocalityLoadBalancer` and `ApplyZoneAwareLoadBalancer`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import ceil
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.behaviour import Behaviour
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.networking.destination_rule import (
    LoadBalancerSettings,
)
from meshcompile.models.networking.localities import (
    LocalityDistribute,
    LocalityFailover,
    LocalityLoadBalancerSetting,
    ZoneAwareLoadBalancerSetting,
)
from meshcompile.proxy import ProxyType
from meshcompile.resolve.endpoints.locality_groups import LbEndpoint, LocalityGroup, changed_weight, uint32
from meshcompile.resolve.scope.clients import DISTRIBUTION_LABELS, ClientKey
from meshcompile.snapshot.service import Service, TrafficDistribution
from meshcompile.values.labels import NETWORK
from meshcompile.values.localities import Locality, locality


class LocalitySettings(Struct, frozen=True):
    """The settings for localities: distribution by weight, or failover, which needs outlier detection or `forced`.

    With `network_preferred`, endpoints in another network come by their other labels, after those of the own network.
    """

    distribute: tuple[LocalityDistribute, ...] = ()
    failover: tuple[LocalityFailover, ...] = ()
    failover_priority: tuple[str, ...] = ()
    forced: bool = False
    network_preferred: bool = False

    @property
    def is_explicit(self) -> bool:
        return bool(self.failover or self.failover_priority)


Localities: TypeAlias = LocalitySettings | ZoneAwareLoadBalancerSetting
"""What decides about localities: shares and failover that istiod computes, or zones that Envoy prefers."""


def locality_settings(
    mesh: MeshConfig, balancer: LoadBalancerSettings | None, service: Service, behaviour: Behaviour, client: ClientKey
) -> Localities | None:
    """The settings of a rule, or the service's traffic distribution, or the mesh's settings; None when disabled."""
    settings = _written_settings(mesh, balancer, service)
    if isinstance(settings, ZoneAwareLoadBalancerSetting):
        return None if client.type is ProxyType.WAYPOINT else settings  # a waypoint does not know its zone
    return replace(settings, network_preferred=True) if settings and behaviour.network_preferred else settings


def _written_settings(mesh: MeshConfig, balancer: LoadBalancerSettings | None, service: Service) -> Localities | None:
    """The first settings that are written. At each level, those for zones come first."""
    if balancer is not None and balancer.zone_aware_lb_setting is not None:
        return balancer.zone_aware_lb_setting
    if balancer is not None and balancer.locality_lb_setting is not None:
        return _enabled(balancer.locality_lb_setting)
    if service.traffic_distribution is not TrafficDistribution.ANY:
        return LocalitySettings(failover_priority=DISTRIBUTION_LABELS[service.traffic_distribution], forced=True)
    if mesh.zone_aware_lb_setting is not None:
        return mesh.zone_aware_lb_setting
    return None if mesh.locality_lb_setting is None else _enabled(mesh.locality_lb_setting)


def _enabled(setting: LocalityLoadBalancerSetting) -> LocalitySettings | None:
    if setting.enabled is False:
        return None
    return LocalitySettings(setting.distribute, setting.failover, setting.failover_priority)


def balanced(
    groups: Sequence[LocalityGroup], settings: Localities | None, client: ClientKey, fails_over: bool
) -> tuple[LocalityGroup, ...]:
    """The groups with the weights and priorities of the settings.

    `fails_over` means that the cluster detects unhealthy endpoints. Without detection, traffic would never leave the
    first priority.
    """
    if settings is None:
        return tuple(groups)
    if isinstance(settings, ZoneAwareLoadBalancerSetting):
        return tuple(groups) if settings.enabled is False else _by_region(groups, settings, client)
    if settings.distribute:
        return _distributed(groups, settings.distribute, client.locality)
    if not fails_over and not settings.forced:
        return tuple(groups)
    if len(groups) == 1 and not settings.failover_priority:
        return tuple(groups)  # as in most meshes: there is nowhere to fail over to
    if not settings.failover_priority:
        return _failed_over(groups, settings.failover, client.locality)
    prioritized = _by_labels(groups, settings.failover_priority, client, settings.network_preferred)
    return _failed_over(prioritized, settings.failover, client.locality) if settings.failover else prioritized


# ---- zones


def _by_region(
    groups: Sequence[LocalityGroup], settings: ZoneAwareLoadBalancerSetting, client: ClientKey
) -> tuple[LocalityGroup, ...]:
    """The groups with priorities by labels, then by region: the client's own, the one that takes over, the others."""
    if settings.failover_priority:
        groups = _by_labels(groups, settings.failover_priority, client, network_preferred=True)
    region = client.locality.region
    to = next((failover.to for failover in settings.failover if failover.from_ == region), None)
    ranks = (0 if group.locality.region == region else 1 if group.locality.region == to else 2 for group in groups)
    return _with_priorities(groups, [group.priority * 3 + rank for group, rank in zip(groups, ranks, strict=True)])


# ---- distribute


def _distributed(
    groups: Sequence[LocalityGroup], distribute: Iterable[LocalityDistribute], where: Locality
) -> tuple[LocalityGroup, ...]:
    """The groups with the weights that the first setting for the client's locality gives.

    A locality without a weight loses its endpoints.
    """
    setting = next((d for d in distribute if covers(d.from_, where)), None)
    if setting is None:
        return tuple(groups)
    weights = dict(_shares(groups, setting.to))
    return tuple(
        replace(group, weight=weights[index] or group.weight) if index in weights else replace(group, endpoints=())
        for index, group in enumerate(groups)
    )


def _shares(groups: Sequence[LocalityGroup], to: Mapping[str, int]) -> Iterator[tuple[int, int]]:
    """Index and weight of each group. The groups of a locality divide its share by their own weights."""
    left = set(range(len(groups)))
    for rule, share in sorted(to.items()):
        matched = [index for index in sorted(left) if covers(rule, groups[index].locality)]
        left -= set(matched)
        own = {index: _own_weight(groups[index]) for index in matched}
        total = uint32(sum(own.values())) or 1
        yield from ((index, ceil(uint32(weight * share) / total)) for index, weight in own.items())


def _own_weight(group: LocalityGroup) -> int:
    """The weight of a group; 1 for a group that lost all its endpoints."""
    return 1 if group.weight is None else group.weight


def covers(rule: str, where: Locality) -> bool:
    """True when a locality pattern covers the locality.

    The pattern is `region/zone/subzone`. A `*` matches anything, as does a missing zone or subzone.
    """
    region, zone, subzone = locality(rule)
    return region in ("*", where.region) and zone in ("*", "", where.zone) and subzone in ("*", "", where.subzone)


# ---- failover


def _failed_over(
    groups: Sequence[LocalityGroup], failover: Iterable[LocalityFailover], where: Locality
) -> tuple[LocalityGroup, ...]:
    """The groups with priorities by distance: same subzone, zone, region, failover region, and the others.

    The existing priorities of the groups come first.
    """
    to = next((setting.to for setting in failover if setting.from_ == where.region), None)
    return _with_priorities(groups, [group.priority * 5 + _distance(where, group.locality, to) for group in groups])


def _distance(where: Locality, other: Locality, failover_to: str | None) -> int:
    if where.region != other.region:
        return 3 if failover_to is None or other.region == failover_to else 4
    if where.zone != other.zone:
        return 2
    return 0 if where.subzone == other.subzone else 1


def _by_labels(
    groups: Sequence[LocalityGroup], priorities: tuple[str, ...], client: ClientKey, network_preferred: bool
) -> tuple[LocalityGroup, ...]:
    """The groups, split by how many labels their endpoints share with the client, counted from the first label."""
    if not client.has_labels:
        return tuple(groups)
    preferred = tuple(_preferred_labels(priorities, dict(client.labels)))
    by_network = network_preferred and priorities[:1] == (NETWORK,)
    mismatch = _mismatch_of_network if by_network else _mismatch
    parts = [part for group in groups for part in _split(group, preferred, mismatch)]
    return _with_priorities(parts, [part.priority for part in parts])


def _preferred_labels(priorities: Iterable[str], labels: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The label and value that endpoints should have: from `label=value`, or the client's own value."""
    written = [tuple(priority.split("=")) for priority in priorities]
    fixed = {parts[0]: parts[1] for parts in written if len(parts) == 2}
    return ((parts[0], fixed.get(parts[0], labels.get(parts[0], ""))) for parts in written)


Preferred = Sequence[tuple[str, str]]
Mismatch = Callable[[LbEndpoint, Preferred], int]


def _split(group: LocalityGroup, preferred: Preferred, mismatch: Mismatch) -> Iterator[LocalityGroup]:
    parts: dict[int, list[LbEndpoint]] = {}
    for endpoint in group.endpoints:
        parts.setdefault(mismatch(endpoint, preferred), []).append(endpoint)
    for priority, endpoints in sorted(parts.items()):
        yield LocalityGroup(group.locality, tuple(endpoints), changed_weight(endpoints), priority)


def _mismatch(endpoint: LbEndpoint, preferred: Sequence[tuple[str, str]]) -> int:
    """0 when all labels match. An earlier mismatch gives a higher number."""
    return next(
        (
            len(preferred) - index
            for index, (label, value) in enumerate(preferred)
            if endpoint.labels.get(label, "") != value
        ),
        0,
    )


def _mismatch_of_network(endpoint: LbEndpoint, preferred: Preferred) -> int:
    """The same if the first label is the network: another network comes after all groups of the own network."""
    (label, value), others = preferred[0], preferred[1:]
    elsewhere = len(preferred) if endpoint.labels.get(label, "") != value else 0
    return elsewhere + _mismatch(endpoint, others)


def _with_priorities(groups: Sequence[LocalityGroup], priorities: Sequence[int]) -> tuple[LocalityGroup, ...]:
    """The groups with these priorities, renumbered from 0 without gaps."""
    if len(set(priorities)) <= 1 and not any(group.priority for group in groups):
        return tuple(groups)
    rank = {priority: index for index, priority in enumerate(sorted(set(priorities)))}
    return tuple(
        group if group.priority == rank[priority] else replace(group, priority=rank[priority])
        for group, priority in zip(groups, priorities, strict=True)
    )
