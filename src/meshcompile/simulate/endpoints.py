"""The endpoints of a cluster: by priority, health and locality, with their shares of the load."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from meshcompile.envoy.config.cluster import Cluster, ClusterCommonLbConfig
from meshcompile.envoy.config.core import Address, Locality, SocketAddress
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment, Endpoint, LbEndpoint, LocalityLbEndpoints

PANIC_THRESHOLD = 50.0  # percent of healthy endpoints, below which all are used
OVERPROVISIONING = Fraction(140, 100)
HEALTHY = ("UNKNOWN", "HEALTHY")


@dataclass(frozen=True, slots=True)
class PlacedEndpoint:
    """An endpoint in its locality. `pointer` is its place in the resources of the proxy."""

    pointer: str
    message: LbEndpoint
    locality: LocalityLbEndpoints

    @property
    def address(self) -> str:
        """`host:port`, `[host]:port` for IPv6, or the name of an internal listener."""
        endpoint = self.message.endpoint or Endpoint()
        return address_text(endpoint.address)

    @property
    def is_healthy(self) -> bool:
        return self.message.health_status in HEALTHY

    @property
    def counts(self) -> bool:
        """Whether the endpoint counts when health is measured. A draining one does not."""
        return self.message.health_status != "DRAINING"

    @property
    def weight(self) -> int:
        return self.message.load_balancing_weight or 1

    @property
    def locality_name(self) -> str:
        """`region/zone/subzone`, as far as it is known."""
        locality = self.locality.locality or Locality()
        return "/".join((locality.region, locality.zone, locality.sub_zone)).rstrip("/")


def address_text(address: Address | None) -> str:
    match address:
        case Address(socket_address=SocketAddress(address=host, port_value=port)):
            return f"[{host}]:{port or 0}" if ":" in host else f"{host}:{port or 0}"
        case Address(pipe=pipe) if pipe is not None:
            return pipe.path
        case Address(envoy_internal_address=internal) if internal is not None:
            return f"{internal.server_listener_name or ''}/{internal.endpoint_id}"
        case _:
            return ""


def placed_endpoints(assignment: ClusterLoadAssignment | None, pointer: str) -> tuple[PlacedEndpoint, ...]:
    """All endpoints of an assignment. `pointer` is its place."""
    if assignment is None:
        return ()
    return tuple(
        PlacedEndpoint(f"{pointer}/endpoints/{at}/lbEndpoints/{index}", endpoint, locality)
        for at, locality in enumerate(assignment.endpoints)
        for index, endpoint in enumerate(locality.lb_endpoints)
    )


def endpoint_shares(cluster: Cluster, endpoints: Sequence[PlacedEndpoint]) -> Iterator[tuple[PlacedEndpoint, Fraction]]:
    """The endpoints that get requests while the health of all stays as it is, with their shares."""
    priorities = sorted({endpoint.locality.priority for endpoint in endpoints})
    groups = [[e for e in endpoints if e.locality.priority == priority] for priority in priorities]
    health = [min(Fraction(1), OVERPROVISIONING * _health(group)) for group in groups]
    total = min(Fraction(1), sum(health, Fraction(0)))
    panics = [total < 1 and _health(group) * 100 < _panic_threshold(cluster) for group in groups]
    loads = _loads_in_panic(groups) if groups and all(panics) else _loads(health, total)
    for group, load, panic in zip(groups, loads, panics, strict=True):
        if load:
            shares = _by_weight(group, Fraction(1)) if panic else _within(cluster, group)
            yield from ((endpoint, load * share) for endpoint, share in shares)


def _health(group: Sequence[PlacedEndpoint]) -> Fraction:
    """The share of healthy endpoints among those that count."""
    counted = sum(endpoint.counts for endpoint in group)
    return Fraction(sum(endpoint.is_healthy for endpoint in group), counted) if counted else Fraction(0)


def _panic_threshold(cluster: Cluster) -> float:
    """The percentage of healthy endpoints below which all endpoints of a priority are used. 0 turns this off."""
    threshold = (cluster.common_lb_config or ClusterCommonLbConfig()).healthy_panic_threshold
    return PANIC_THRESHOLD if threshold is None else threshold.value


def _loads(health: Sequence[Fraction], total: Fraction) -> list[Fraction]:
    """The share of each priority. A priority takes over what the ones before it are too unhealthy for."""
    loads, left = [], Fraction(1)
    for each in health:
        loads.append(min(left, each / total) if total else Fraction(0))
        left -= loads[-1]
    return loads


def _loads_in_panic(groups: Sequence[Sequence[PlacedEndpoint]]) -> list[Fraction]:
    """The share of each priority if all of them are in panic: by the number of endpoints."""
    total = sum(map(len, groups))
    return [Fraction(len(group), total) for group in groups]


def _within(cluster: Cluster, group: Sequence[PlacedEndpoint]) -> Iterator[tuple[PlacedEndpoint, Fraction]]:
    """The shares of healthy endpoints in a priority: by localities, if the cluster counts their weights."""
    config = cluster.common_lb_config
    healthy = [endpoint for endpoint in group if endpoint.is_healthy]
    if config is None or config.locality_weighted_lb_config is None:
        yield from _by_weight(healthy, Fraction(1))
        return
    localities = list({id(e.locality): e.locality for e in group}.values())
    members = [[e for e in group if e.locality is locality] for locality in localities]
    weights = [
        (locality.load_balancing_weight or 0) * min(Fraction(1), OVERPROVISIONING * _health(each))
        for locality, each in zip(localities, members, strict=True)
    ]
    total = sum(weights, Fraction(0))
    for each, weight in zip(members, weights, strict=True):
        if weight:
            yield from _by_weight([e for e in each if e.is_healthy], weight / total)


def _by_weight(endpoints: Sequence[PlacedEndpoint], of: Fraction) -> Iterator[tuple[PlacedEndpoint, Fraction]]:
    total = sum(endpoint.weight for endpoint in endpoints)
    return ((endpoint, of * Fraction(endpoint.weight, total)) for endpoint in endpoints)
