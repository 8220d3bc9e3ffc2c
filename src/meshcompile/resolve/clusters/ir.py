"""Intermediate representation of clusters: plain values, and leaves of what users wrote."""

from enum import Enum, StrEnum, auto

from msgspec import Struct

from meshcompile.documents import NOWHERE, Origin
from meshcompile.models.networking.destination_rule import (
    ConnectionKeepalive,
    OutlierDetection,
    ProxyProtocol,
    RetryBudget,
    WarmupConfiguration,
)
from meshcompile.queries import Source
from meshcompile.resolve.dns_caches import DnsCache
from meshcompile.resolve.endpoints.endpoint_builder import Upstream
from meshcompile.resolve.endpoints.locality_groups import LocalityGroup
from meshcompile.resolve.hbone.tunnels import TunnelCluster
from meshcompile.resolve.security.downstream_tls import Secret
from meshcompile.values.durations import Duration


class Discovery(StrEnum):
    """How Envoy finds the endpoints of a cluster."""

    EDS = "EDS"
    STATIC = "STATIC"
    STRICT_DNS = "STRICT_DNS"
    LOGICAL_DNS = "LOGICAL_DNS"
    ORIGINAL_DST = "ORIGINAL_DST"
    DYNAMIC_FORWARD_PROXY = "DYNAMIC_FORWARD_PROXY"  # by the host of each request


class Algorithm(StrEnum):
    """How Envoy chooses an endpoint."""

    ROUND_ROBIN = "ROUND_ROBIN"
    LEAST_REQUEST = "LEAST_REQUEST"
    RANDOM = "RANDOM"
    RING_HASH = "RING_HASH"
    MAGLEV = "MAGLEV"
    CLUSTER_PROVIDED = "CLUSTER_PROVIDED"  # there is no choice: original destination, or by host


class SlowStart(Struct, frozen=True):
    """How fast a new endpoint gets its full share.

    `warmup` is None for the deprecated setting, which has only a window.
    """

    algorithm: Algorithm  # LEAST_REQUEST or ROUND_ROBIN
    window: Duration | None
    warmup: WarmupConfiguration | None


class ZoneRouting(Struct, frozen=True):
    """Zone-aware routing: whether Envoy prefers its own zone, and for how many endpoints at least."""

    enabled: bool = True
    min_cluster_size: int | None = None
    origin: Origin = NOWHERE


class Balancing(Struct, frozen=True):
    """The load balancing of a cluster. `panic_threshold` is None where Envoy's default stands.

    `origin` is the place of the settings, `hash_origin` that of the size of the ring or the table.
    """

    algorithm: Algorithm
    slow_start: SlowStart | None = None
    ring_size: int | None = None
    table_size: int | None = None
    locality_weighted: bool = False
    zones: ZoneRouting | None = None
    panic_threshold: int | None = None
    keeps_draining: bool = False
    origin: Origin = NOWHERE
    hash_origin: Origin = NOWHERE


class UpstreamProtocol(Enum):
    """The protocol between the proxy and the endpoints."""

    HTTP1 = auto()
    HTTP2 = auto()
    AS_DOWNSTREAM = auto()


class HttpOptions(Struct, frozen=True):
    """HTTP settings of a cluster. `has_common` emits the common options even when none of them is set."""

    protocol: UpstreamProtocol
    preserves_header_case: bool = False
    max_concurrent_streams: int = 0
    http2_keepalive: ConnectionKeepalive | None = None
    has_common: bool = False
    idle_timeout: Duration | None = None
    max_requests_per_connection: int = 0
    max_connection_duration: Duration | None = None
    auto_sni: bool = False
    auto_san_validation: bool = False
    origins: tuple[Origin, ...] = ()


class Thresholds(Source, frozen=True):
    """Circuit breakers; 0 means no limit."""

    max_connections: int = 0
    max_pending_requests: int = 0
    max_requests: int = 0
    max_retries: int = 0
    retry_budget: RetryBudget | None = None
    origins: tuple[Origin, ...] = ()


NO_LIMITS = Thresholds()


class Keepalive(Struct, frozen=True):
    """TCP keepalive; 0 and None leave the defaults of the operating system."""

    probes: int = 0
    time: int | None = None  # seconds
    interval: int | None = None
    origins: tuple[Origin, ...] = ()


class UpstreamTls(Struct, frozen=True):
    """TLS that a cluster originates.

    `roots` is None when Envoy does not verify the server's certificate. `secret_validation` tells a verification with
    empty roots from one that is left out.
    """

    sni: str = ""
    subject_alt_names: tuple[str, ...] = ()
    certificate: Secret | None = None
    roots: Secret | None = None
    crl: str = ""
    empty_validation: bool = False
    alpn: tuple[str, ...] = ()
    cipher_suites: tuple[str, ...] = ()
    ecdh_curves: tuple[str, ...] = ()
    origin: Origin = NOWHERE


class Tunnelled(Enum):
    """What goes through HBONE tunnels to endpoints that accept HBONE."""

    NOTHING = auto()
    PLAIN_TEXT = auto()  # the tunnel takes the place of mutual TLS
    TLS = auto()  # that users configure, for the application
    EVERYTHING = auto()  # at waypoints, whatever the endpoint: the listener for tunnels tells endpoints apart


class Security(Struct, frozen=True):
    """How connections to the endpoints are secured: in plain text when `tls` is None.

    With `only_where_possible`, TLS goes to endpoints whose workload accepts mutual TLS, and plain text to the others.
    """

    tls: UpstreamTls | None = None
    only_where_possible: bool = False
    proxy_protocol: ProxyProtocol | None = None
    tunnelled: Tunnelled = Tunnelled.NOTHING


PLAIN_TEXT = Security()


class DnsSettings(Struct, frozen=True):
    """How host names are resolved."""

    families: str  # V4_ONLY, V6_ONLY, ALL
    refresh_rate: Duration | None


class ServiceName(Source, frozen=True):
    """The names of a service in telemetry."""

    host: str
    name: str
    namespace: str


class ClusterMetadata(Source, frozen=True):
    """What Istio's filters read from a cluster. `rule` is the namespace and name of its DestinationRule.

    `services` is None when telemetry gets no services. An empty tuple says that there are none.
    """

    services: tuple[ServiceName, ...] | None = None
    rule: tuple[str, str] | None = None
    subset: str = ""
    is_external: bool = False
    is_tunnelled: bool = False  # every endpoint accepts HBONE
    keeps_alpn: bool = False  # Istio does not change the ALPN of TLS that users configure


class Binding(Struct, frozen=True):
    """The source addresses of connections to the workload's application, so that iptables does not capture them."""

    source: str
    extra_sources: tuple[str, ...] = ()


class Cluster(Struct, frozen=True):
    """One cluster, decided.

    `balancing` and `thresholds` are None only for the black hole. `upstream` says what EDS gives the cluster's
    endpoints for, None for all others. `host_cache` is that of a DYNAMIC_FORWARD_PROXY.
    """

    name: str
    stat_name: str
    discovery: Discovery
    connect_timeout: Duration | None
    balancing: Balancing | None = None
    common_balancing: bool = True  # false for clusters that belong to no service
    thresholds: Thresholds | None = None
    keepalive: Keepalive | None = None
    http: HttpOptions | None = None
    security: Security = PLAIN_TEXT
    outlier_detection: OutlierDetection | None = None
    metadata: ClusterMetadata | None = None
    groups: tuple[LocalityGroup, ...] = ()
    local_endpoint: tuple[str, int] | None = None  # inbound: address, or path of a unix socket, and port
    dns: DnsSettings | None = None
    every_family: bool = False  # a waypoint says so for any service that races connections, also without DNS
    host_cache: DnsCache | None = None
    insecure_host_options: bool = False
    port_override: int | None = None
    binding: Binding | None = None
    stays_connected: bool = False  # inbound: idle hosts are never cleaned up
    exchanges_metadata: bool = False
    upstream: Upstream | None = None
    only_mutual_tls: bool = False  # the endpoints that accept it, for mutual TLS that is passed on
    origins: tuple[Origin, ...] = ()


class Clusters(Struct, frozen=True):
    """All clusters of a proxy.

    `shared` are the outbound clusters, which proxies with one scope and equal client keys share. `tunnels` are those of
    HBONE.
    """

    shared: "SharedClusters"
    own: tuple[Cluster, ...]
    tunnels: tuple[TunnelCluster, ...] = ()
    external_sds: str = ""  # path of the socket of an external SDS server


class SharedClusters(Source, frozen=True):
    """The outbound clusters of a scope, by service."""

    hosts: tuple["HostClusters", ...]


class HostClusters(Source, frozen=True):
    """The outbound clusters of one service.

    It is the same object in every scope in which the same rule applies.
    """

    clusters: tuple[Cluster, ...]
