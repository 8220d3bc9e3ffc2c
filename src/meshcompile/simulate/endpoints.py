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
    for group, load in zip(groups, _priority_loads(groups), strict=True):
        if load:
            healthy = _usable(cluster, group)
            yield from ((endpoint, load * part) for endpoint, part in _within(cluster, healthy))


def _priority_loads(groups: Sequence[Sequence[PlacedEndpoint]]) -> list[Fraction]:
    """The share of each priority. A priority takes over what the ones before it are too unhealthy for."""
    health = [min(Fraction(1), OVERPROVISIONING * Fraction(sum(e.is_healthy for e in g), len(g))) for g in groups]
    total = min(Fraction(1), sum(health, Fraction(0)))
    if not total:
        return [Fraction(1), *(Fraction(0) for _ in groups[1:])] if groups else []
    loads, left = [], Fraction(1)
    for each in health:
        loads.append(min(left, each / total))
        left -= loads[-1]
    return loads


def _usable(cluster: Cluster, group: Sequence[PlacedEndpoint]) -> Sequence[PlacedEndpoint]:
    """The healthy endpoints of a priority, or all of them if too few are healthy."""
    healthy = [endpoint for endpoint in group if endpoint.is_healthy]
    threshold = (cluster.common_lb_config or ClusterCommonLbConfig()).healthy_panic_threshold
    percent = PANIC_THRESHOLD if threshold is None else threshold.value
    return group if len(healthy) * 100 < percent * len(group) else healthy


def _within(cluster: Cluster, endpoints: Sequence[PlacedEndpoint]) -> Iterator[tuple[PlacedEndpoint, Fraction]]:
    """The shares within a priority: by the weights of localities, if the cluster counts them, and of endpoints."""
    config = cluster.common_lb_config
    if config is None or config.locality_weighted_lb_config is None:
        yield from _by_weight(endpoints, Fraction(1))
        return
    localities = {id(e.locality): e.locality for e in endpoints}
    weights = {key: locality.load_balancing_weight or 0 for key, locality in localities.items()}
    total = sum(weights.values())
    for key, weight in weights.items():
        if weight:
            yield from _by_weight([e for e in endpoints if id(e.locality) == key], Fraction(weight, total))


def _by_weight(endpoints: Sequence[PlacedEndpoint], of: Fraction) -> Iterator[tuple[PlacedEndpoint, Fraction]]:
    total = sum(endpoint.weight for endpoint in endpoints)
    return ((endpoint, of * Fraction(endpoint.weight, total)) for endpoint in endpoints)
