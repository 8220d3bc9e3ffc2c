"""Names that Istio and Envoy generate, and parsers for those of clusters and subsets.

`outbound|80|v2|catalog.istioinaction.svc.cluster.local` is the name of the cluster of subset `v2` at port 80.
`outbound_.80_.v2_.catalog.istioinaction.svc.cluster.local` is its form as an SNI value, without `|`. Follows istiod's
`model.BuildSubsetKey`, `BuildDNSSrvSubsetKey` and `ParseSubsetKey`.
"""

from enum import StrEnum

from msgspec import Struct

BLACK_HOLE_CLUSTER = "BlackHoleCluster"
PASSTHROUGH_CLUSTER = "PassthroughCluster"
UNKNOWN_HOSTS_CLUSTER = "AllowAnyDynamicDNSCluster"
UNKNOWN_HOSTS = "allow_any_dynamic_dns"
INBOUND_PASSTHROUGH_CLUSTER = "InboundPassthroughCluster"
HBONE_PORT = 15008
ORIGINAL_DESTINATION = "envoy.filters.listener.original_dst"
"""The listener filter that finds the original destination, and its metadata."""
CONNECT_ORIGINATE = "connect_originate"
"""The internal listener that opens HBONE tunnels, and its cluster."""
CONNECT_TERMINATE = "connect_terminate"
"""The listener at which HBONE tunnels end."""
MAIN_INTERNAL = "main_internal"
"""The internal listener for what HBONE tunnels carry, and its cluster."""
ENCAP = "encap"
"""The cluster of a waypoint for connections to workloads."""
INNER_CONNECT_ORIGINATE = "inner_connect_originate"
"""The internal listener that opens the inner one of two HBONE tunnels, to another network, and its cluster."""
OUTER_CONNECT_ORIGINATE = "outer_connect_originate"
"""The internal listener that opens the outer one of two HBONE tunnels, to another network, and its cluster."""
HTTP_CONNECTION_MANAGER = "envoy.filters.network.http_connection_manager"
"""The name of the network filter that reads HTTP."""


class Direction(StrEnum):
    """The first part of a cluster's name."""

    OUTBOUND = "outbound"
    INBOUND = "inbound"
    INBOUND_VIP = "inbound-vip"


# The cluster of a backend without a host. It never exists, so requests to it fail.
UNKNOWN_SERVICE = "UnknownService"
ZERO_WEIGHT_HOST, ZERO_WEIGHT_SUBSET = "internal.cluster.local", "zero-weight"
"""The destination of a TCPRoute or TLSRoute without weights: no cluster has this name."""


class ClusterName(Struct, frozen=True):
    """The four parts of a cluster's name. `str()` joins them with `|`, and names UNKNOWN_SERVICE without a host."""

    direction: Direction
    port: int
    subset: str
    host: str

    def __str__(self) -> str:
        if not self.host and self.direction is not Direction.INBOUND:
            return UNKNOWN_SERVICE
        return f"{self.direction}|{self.port}|{self.subset}|{self.host}"

    @property
    def sni(self) -> str:
        """The name as an SNI value, as AUTO_PASSTHROUGH gateways and ISTIO_MUTUAL clients use it."""
        return f"{self.direction}_.{self.port}_.{self.subset}_.{self.host}"


def outbound(port: int, subset: str, host: str) -> str:
    """The name of an outbound cluster; `subset` is "" for the whole service."""
    return f"outbound|{port}|{subset}|{host}"


def inbound(port: int) -> str:
    """The name of an inbound cluster, which has neither subset nor host."""
    return f"inbound|{port}||"


def inbound_vip(port: int, subset: str, host: str) -> str:
    """The name of a waypoint's cluster for a service. `subset` begins with `http` or `tcp`: `http/v1`."""
    return f"inbound-vip|{port}|{subset}|{host}"


def outbound_sni(port: int, subset: str, host: str) -> str:
    """The SNI value of an outbound cluster under mutual TLS, and the name of its SNI-DNAT cluster."""
    return f"outbound_.{port}_.{subset}_.{host}"


def parse_cluster_name(name: str) -> ClusterName | None:
    """The parts of a cluster's name in either form; None for a name of another form (`BlackHoleCluster`)."""
    separator = "|" if "|" in name else "_."
    parts = name.split(separator)
    if len(parts) != 4 or parts[0] not in tuple(Direction) or not parts[1].isdigit():
        return None
    return ClusterName(Direction(parts[0]), int(parts[1]), parts[2], parts[3])
