"""Endpoints grouped by locality, each group with a weight and a priority."""

from collections.abc import Iterable

from msgspec import Struct, field

from meshcompile.documents import Origin
from meshcompile.snapshot.service import ISTIO_TLS_MODE, Health
from meshcompile.values.labels import Labels
from meshcompile.values.localities import Locality


class EndpointTunnel(Struct, frozen=True):
    """The HBONE tunnel to an endpoint, and its destination: the endpoint, or a service for which it is the waypoint.

    It `chooses_socket` in clusters that also have endpoints without tunnels.
    """

    address: str
    port: int
    to_waypoint: bool = False
    chooses_socket: bool = True


class LbEndpoint(Struct, frozen=True):
    """One endpoint. With `port` 0, its address is the path of a unix socket.

    `tls_mode` is "" when the client sends plain text. `telemetry` describes the workload for the stats filters.
    `tunnel` takes the place of mutual TLS.
    """

    address: str
    port: int
    weight: int
    telemetry: str
    tls_mode: str = ""
    health: Health = Health.UNKNOWN
    network: str = ""
    cluster: str = ""
    labels: Labels = field(default_factory=dict)
    tunnel: EndpointTunnel | None = None
    origin: Origin | None = None

    def __hash__(self) -> int:
        """The hash of the fields that nearly always distinguish endpoints."""
        return hash((self.address, self.port, self.telemetry))

    @property
    def host(self) -> str:
        """The IP address or host name, or the destination of the tunnel; "" for a unix socket without a tunnel."""
        return self.address if self.port or self.tunnel is not None else ""

    @property
    def takes_mutual_tls(self) -> bool:
        return self.tls_mode == ISTIO_TLS_MODE and (self.tunnel is None or not self.tunnel.chooses_socket)


class LocalityGroup(Struct, frozen=True):
    """The endpoints of one locality and priority. `weight` is None for a group that lost all its endpoints."""

    locality: Locality
    endpoints: tuple[LbEndpoint, ...]
    weight: int | None
    priority: int = 0


MAX_WEIGHT = 2**32 - 1


def total_weight(endpoints: Iterable[LbEndpoint]) -> int:
    """The weight of a locality."""
    return min(sum(endpoint.weight for endpoint in endpoints), MAX_WEIGHT)


def changed_weight(endpoints: Iterable[LbEndpoint]) -> int:
    """The weight of endpoints that are not all those of a locality. There, istiod does not check for overflows."""
    return uint32(sum(endpoint.weight for endpoint in endpoints))


def uint32(number: int) -> int:
    """The lowest 32 bits of a number, as in Go's arithmetic."""
    return number & MAX_WEIGHT
