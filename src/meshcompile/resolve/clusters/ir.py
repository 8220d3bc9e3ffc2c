"""What a cluster is made from: plain values and leaves of what users wrote."""

from dataclasses import dataclass
from enum import Enum, StrEnum, auto

from meshcompile.durations import Duration
from meshcompile.models.networking.destination_rule import (
    OutlierDetection,
    ProxyProtocolVersion,
    RetryBudget,
    WarmupConfiguration,
)
from meshcompile.queries import Source
from meshcompile.resolve.downstream_tls import Secret
from meshcompile.resolve.endpoint_builder import Upstream
from meshcompile.resolve.locality_groups import LocalityGroup
from meshcompile.source import Origin


class Discovery(StrEnum):
    """How the endpoints of a cluster are found."""

    EDS = "EDS"
    STATIC = "STATIC"
    STRICT_DNS = "STRICT_DNS"
    LOGICAL_DNS = "LOGICAL_DNS"
    ORIGINAL_DST = "ORIGINAL_DST"
    DYNAMIC_FORWARD_PROXY = "DYNAMIC_FORWARD_PROXY"  # by the host of each request


class Algorithm(StrEnum):
    """How one endpoint of several is chosen."""

    ROUND_ROBIN = "ROUND_ROBIN"
    LEAST_REQUEST = "LEAST_REQUEST"
    RANDOM = "RANDOM"
    RING_HASH = "RING_HASH"
    MAGLEV = "MAGLEV"
    CLUSTER_PROVIDED = "CLUSTER_PROVIDED"  # there is no choice: original destination, or by host


@dataclass(frozen=True, slots=True)
class SlowStart:
    """How fast new endpoints get their full share; `warmup` is None for the deprecated setting of a window alone."""

    algorithm: Algorithm  # LEAST_REQUEST or ROUND_ROBIN
    window: Duration | None
    warmup: WarmupConfiguration | None


@dataclass(frozen=True, slots=True)
class Balancing:
    """The load balancing of a cluster. `panic_threshold` is None where Envoy's default stands."""

    algorithm: Algorithm
    slow_start: SlowStart | None = None
    ring_size: int | None = None
    table_size: int | None = None
    locality_weighted: bool = False
    panic_threshold: int | None = None
    keeps_draining: bool = False


class UpstreamProtocol(Enum):
    """What is spoken to the endpoints."""

    HTTP1 = auto()
    HTTP2 = auto()
    AS_DOWNSTREAM = auto()


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """HTTP settings of a cluster. `has_common` makes the common options appear even when none of them is set."""

    protocol: UpstreamProtocol
    preserves_header_case: bool = False
    max_concurrent_streams: int = 0
    has_common: bool = False
    idle_timeout: Duration | None = None
    max_requests_per_connection: int = 0
    max_connection_duration: Duration | None = None
    auto_sni: bool = False
    auto_san_validation: bool = False


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Circuit breakers; 0 stands for no limit."""

    max_connections: int = 0
    max_pending_requests: int = 0
    max_requests: int = 0
    max_retries: int = 0
    retry_budget: RetryBudget | None = None


NO_LIMITS = Thresholds()


@dataclass(frozen=True, slots=True)
class Keepalive:
    """TCP keepalive; 0 and None leave the operating system's value."""

    probes: int = 0
    time: int | None = None  # seconds
    interval: int | None = None


@dataclass(frozen=True, slots=True)
class UpstreamTls:
    """TLS that a cluster originates. `roots` is None when the server's certificate is not checked.

    `secret_validation` tells a check without roots that is written down as empty from one that is left out.
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


@dataclass(frozen=True, slots=True)
class Security:
    """How connections to the endpoints are secured: in plain text when `tls` is None.

    With `only_where_possible`, TLS goes to endpoints whose workload takes mutual TLS, plain text to the others.
    """

    tls: UpstreamTls | None = None
    only_where_possible: bool = False
    proxy_protocol: ProxyProtocolVersion | None = None


PLAIN_TEXT = Security()


@dataclass(frozen=True, slots=True)
class DnsSettings:
    """How host names are resolved."""

    families: str  # V4_ONLY, V6_ONLY, ALL
    refresh_rate: Duration | None


@dataclass(frozen=True, slots=True)
class ServiceName:
    """A service as telemetry names it."""

    host: str
    name: str
    namespace: str


@dataclass(frozen=True, slots=True)
class ClusterMetadata:
    """What Istio's own filters read from a cluster; `rule` is namespace and name of its DestinationRule.

    `services` is None where telemetry is told nothing; an empty tuple says that there are none.
    """

    services: tuple[ServiceName, ...] | None = None
    rule: tuple[str, str] | None = None
    subset: str = ""
    is_external: bool = False
    is_tunnelled: bool = False  # every endpoint takes HBONE
    keeps_alpn: bool = False  # the ALPN of TLS that users asked for is not Istio's to change


@dataclass(frozen=True, slots=True)
class Binding:
    """The addresses that connections to a workload's own application come from, so that they are not captured."""

    source: str
    extra_sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster, decided.

    `balancing` and `thresholds` are None only for the black hole. `upstream` says what EDS gives the cluster's
    endpoints for, None for all others. `host` is that of a DYNAMIC_FORWARD_PROXY.
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
    host: str = ""
    insecure_host_options: bool = False
    port_override: int | None = None
    binding: Binding | None = None
    stays_connected: bool = False  # inbound: idle hosts are never cleaned up
    exchanges_metadata: bool = False
    upstream: Upstream | None = None
    is_sni_dnat: bool = False
    origins: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True)
class Clusters:
    """All clusters of a proxy: `shared` are the outbound ones, which proxies of one scope with equal traits share."""

    shared: "SharedClusters"
    own: tuple[Cluster, ...]
    external_sds: str = ""  # path of the socket of an external SDS server


@dataclass(frozen=True, slots=True)
class SharedClusters(Source):
    """The outbound clusters of a scope, by service."""

    hosts: tuple["HostClusters", ...]


@dataclass(frozen=True, slots=True)
class HostClusters(Source):
    """The outbound clusters of one service: the same object in every scope where the same rule is in force for it."""

    clusters: tuple[Cluster, ...]
