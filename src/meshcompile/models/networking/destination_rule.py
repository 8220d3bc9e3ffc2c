"""DestinationRule: how clients talk to a host once routing has chosen it."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from meshcompile.models.base import Node, OneOf, ProtoEnum
from meshcompile.models.common import (
    Bool,
    BoolValue,
    DoubleValue,
    Duration,
    Int32,
    IstioResource,
    PortSelector,
    UInt32,
    UInt32Value,
    UInt64,
    WorkloadSelector,
    size,
)
from meshcompile.models.networking.common import ApiVersion


class SimpleLB(ProtoEnum):
    """A load balancing policy without parameters; LEAST_REQUEST unless one is named."""

    UNSPECIFIED = "UNSPECIFIED"
    LEAST_CONN = "LEAST_CONN"
    RANDOM = "RANDOM"
    PASSTHROUGH = "PASSTHROUGH"
    ROUND_ROBIN = "ROUND_ROBIN"
    LEAST_REQUEST = "LEAST_REQUEST"


class RingHash(Node):
    """Consistent hashing on a ring (Envoy's RING_HASH)."""

    minimum_ring_size: UInt64 = 0
    """Least number of points on the ring (`minimum_ring_size`); 0 means Envoy's 1024."""


class MagLev(Node):
    """Consistent hashing by a look-up table (Envoy's MAGLEV)."""

    table_size: UInt64 = 0
    """Size of the table, a prime (`table_size`); 0 means Envoy's 65537."""


class HTTPCookieAttribute(Node):
    """An attribute of a cookie that the proxy makes."""

    name: str
    """Name of the attribute."""
    value: str = ""
    """Value of the attribute."""


class HTTPCookie(Node):
    """A cookie to hash by, made by the proxy if the client sends none."""

    name: str
    """Name of the cookie."""
    path: str = ""
    """Path of the cookie."""
    ttl: Duration | None = None
    """Life of the cookie; 0s makes it a session cookie, absent makes the proxy create none."""
    attributes: tuple[HTTPCookieAttribute, ...] = ()
    """More attributes of a cookie that the proxy makes."""


class ConsistentHashLB(OneOf):
    """Requests with the same key go to the same endpoint: `hash_policy` of routes, ring or table of clusters."""

    one_of = (
        ("http_header_name", "http_cookie", "use_source_ip", "http_query_parameter_name"),
        ("ring_hash", "maglev"),
    )

    http_header_name: str | None = None
    """Hash by this header (`hash_policy.header`)."""
    http_cookie: HTTPCookie | None = None
    """Hash by this cookie (`hash_policy.cookie`)."""
    use_source_ip: Bool | None = None
    """Hash by the client's address (`hash_policy.connection_properties.source_ip`); works for TCP too."""
    http_query_parameter_name: str | None = None
    """Hash by this query parameter (`hash_policy.query_parameter`)."""
    ring_hash: RingHash | None = None
    """Use a ring (`lb_policy: RING_HASH`); the default."""
    maglev: MagLev | None = None
    """Use a look-up table (`lb_policy: MAGLEV`)."""
    minimum_ring_size: UInt64 = 0
    """Deprecated form of `ringHash.minimumRingSize`."""


class LocalityDistribute(Node):
    """How traffic that starts in one locality is spread over others (endpoint weights)."""

    from_: str = ""
    """Locality where the traffic starts, as `region/zone/sub-zone`, with `*` for any."""
    to: Mapping[str, UInt32] = {}
    """Percentage for each locality; they add up to 100."""


class LocalityFailover(Node):
    """The region that takes over when all endpoints of a region fail (endpoint priorities)."""

    from_: str = ""
    """Region that fails."""
    to: str = ""
    """Region that takes over."""


class LocalityLoadBalancerSetting(Node):
    """Preference for endpoints that are near; failing over needs outlier detection."""

    distribute: tuple[LocalityDistribute, ...] = ()
    """Fixed shares by locality (`load_balancing_weight` of localities); excludes failing over."""
    failover: tuple[LocalityFailover, ...] = ()
    """Which region takes over for which (`priority` of localities)."""
    failover_priority: tuple[str, ...] = ()
    """Labels in order of weight: the more of them an endpoint shares with the client, the higher its `priority`."""
    enabled: BoolValue = None
    """Switches the preference on or off; the mesh's setting if absent."""


class WarmupConfiguration(Node):
    """More traffic bit by bit for a new endpoint (Envoy's slow start)."""

    duration: Duration
    """Time until an endpoint gets its full share (`slow_start_window`)."""
    minimum_percent: Annotated[DoubleValue, Field(ge=0, le=100)] = None
    """Share it starts with (`min_weight_percent`); 10% by default."""
    aggression: Annotated[DoubleValue, Field(ge=0)] = None
    """Shape of the growth (`aggression`); 1, the default, is linear."""


class LoadBalancerSettings(OneOf):
    """How an endpoint is chosen."""

    one_of = (("simple", "consistent_hash"),)

    simple: SimpleLB | None = None
    """Policy without parameters (`lb_policy`)."""
    consistent_hash: ConsistentHashLB | None = None
    """Policy that keeps a client at its endpoint: `lb_policy` RING_HASH or MAGLEV, and `hash_policy` of the routes."""
    locality_lb_setting: LocalityLoadBalancerSetting | None = None
    """Preference for endpoints that are near, in place of the mesh's."""
    warmup_duration_secs: Duration | None = None
    """Deprecated form of `warmup.duration`."""
    warmup: WarmupConfiguration | None = None
    """Slow start (`slow_start_config`); for ROUND_ROBIN and LEAST_REQUEST only."""


class TcpKeepalive(Node):
    """Probes on idle connections (socket option SO_KEEPALIVE)."""

    probes: UInt32 = 0
    """Unanswered probes after which a connection is dead (`keepalive_probes`); 0 leaves it to the system."""
    time: Duration | None = None
    """Idle time before the first probe (`keepalive_time`)."""
    interval: Duration | None = None
    """Time between probes (`keepalive_interval`)."""


class TCPSettings(Node):
    """Limits for connections of every protocol."""

    max_connections: Int32 = 0
    """Most connections to the host (`circuit_breakers`: `max_connections`); 0 is no limit."""
    connect_timeout: Duration | None = None
    """Time to connect (`connect_timeout`); the mesh's, 10s, if absent."""
    tcp_keepalive: TcpKeepalive | None = None
    """Probes on idle connections (`upstream_connection_options.tcp_keepalive`)."""
    max_connection_duration: Duration | None = None
    """Longest life of a connection (`max_connection_duration`)."""
    idle_timeout: Duration | None = None
    """Idle time after which a TCP connection is closed (`idle_timeout` of `tcp_proxy`); 0s switches it off."""


class H2UpgradePolicy(ProtoEnum):
    """Whether HTTP/1.1 is carried over HTTP/2 between proxies."""

    DEFAULT = "DEFAULT"
    DO_NOT_UPGRADE = "DO_NOT_UPGRADE"
    UPGRADE = "UPGRADE"


class HTTPSettings(Node):
    """Limits for HTTP."""

    http1_max_pending_requests: Int32 = 0
    """Most requests that wait for a connection (`circuit_breakers`: `max_pending_requests`); 0 is no limit."""
    http2_max_requests: Int32 = 0
    """Most requests at a time (`circuit_breakers`: `max_requests`); 0 is no limit."""
    max_requests_per_connection: Int32 = 0
    """Requests after which a connection is closed (`max_requests_per_connection`); 0 is no limit, 1 switches
    keep-alive off.
    """
    max_retries: Int32 = 0
    """Most retries at a time (`circuit_breakers`: `max_retries`); 0 is no limit."""
    idle_timeout: Duration | None = None
    """Time without requests after which a connection is closed (`common_http_protocol_options.idle_timeout`); Envoy's
    1h if absent.
    """
    h2_upgrade_policy: H2UpgradePolicy = H2UpgradePolicy.DEFAULT
    """Whether HTTP/1.1 is upgraded to HTTP/2 (`explicit_http_config`); by default the mesh's setting."""
    use_client_protocol: Bool = False
    """Speak the client's HTTP version to the host (`use_downstream_protocol_config`)."""
    max_concurrent_streams: Int32 = 0
    """Most streams on an HTTP/2 connection (`http2_protocol_options.max_concurrent_streams`); 0 leaves Envoy's
    default.
    """


class ConnectionPoolSettings(Node):
    """Limits on connections and requests: circuit breakers and timeouts of a cluster."""

    tcp: TCPSettings | None = None
    """Limits for connections of every protocol."""
    http: HTTPSettings | None = None
    """Limits for HTTP."""


class OutlierDetection(Node):
    """When an endpoint that fails is left out for a while."""

    consecutive_errors: Int32 = 0
    """Deprecated, without effect."""
    split_external_local_origin_errors: Bool = False
    """Count failures to connect apart from error responses (`split_external_local_origin_errors`)."""
    consecutive_local_origin_failures: UInt32Value = None
    """Failures to connect in a row, if counted apart (`consecutive_local_origin_failure`); Envoy's 5 if absent."""
    consecutive_gateway_errors: UInt32Value = None
    """Responses 502, 503 and 504 in a row (`consecutive_gateway_failure`); absent or 0 does not count them."""
    consecutive_5xx_errors: UInt32Value = None
    """Responses 5xx in a row (`consecutive_5xx`); Envoy's 5 if absent, 0 does not count them."""
    interval: Duration | None = None
    """Time between two looks (`interval`); 10s if absent."""
    base_ejection_time: Duration | None = None
    """Shortest time out, multiplied by the number of times (`base_ejection_time`); 30s if absent."""
    max_ejection_percent: Int32 = 0
    """Largest share of endpoints that may be out (`max_ejection_percent`); 0 means Envoy's 10%."""
    min_health_percent: Int32 = 0
    """Share of healthy endpoints below which all are used again (`healthy_panic_threshold`)."""


class ClientTLSMode(ProtoEnum):
    """Whether a client uses TLS, and with which certificate."""

    DISABLE = "DISABLE"
    SIMPLE = "SIMPLE"
    MUTUAL = "MUTUAL"
    ISTIO_MUTUAL = "ISTIO_MUTUAL"


class ClientTLSSettings(Node):
    """TLS towards a host: Envoy's upstream transport socket."""

    mode: ClientTLSMode = ClientTLSMode.DISABLE
    """Whether TLS is used, and with which certificate."""
    client_certificate: str = ""
    """File of the client's certificate chain, for MUTUAL (SDS `file-cert:`)."""
    private_key: str = ""
    """File of the client's private key, for MUTUAL (SDS `file-cert:`)."""
    ca_certificates: str = ""
    """File of the authorities that the server's certificate is checked against (SDS `file-root:`); the system's if
    empty.
    """
    credential_name: str = ""
    """Kubernetes Secret with key, certificate and authorities, in place of files (SDS `kubernetes://`)."""
    subject_alt_names: tuple[str, ...] = ()
    """Names of which the server's certificate must carry one (`match_typed_subject_alt_names`)."""
    sni: str = ""
    """Server name sent to the server (`sni`)."""
    insecure_skip_verify: BoolValue = None
    """Trust any server certificate."""
    ca_crl: str = ""
    """File of the revoked server certificates."""


class PortTrafficPolicy(Node):
    """The policy of one port; it replaces the host's whole policy there."""

    port: PortSelector | None = None
    """Port of the service."""
    load_balancer: LoadBalancerSettings | None = None
    """How an endpoint is chosen."""
    connection_pool: ConnectionPoolSettings | None = None
    """Limits on connections and requests."""
    outlier_detection: OutlierDetection | None = None
    """When an endpoint that fails is left out."""
    tls: ClientTLSSettings | None = None
    """TLS towards the host."""


class TunnelSettings(Node):
    """TCP inside an HTTP CONNECT or POST request to a proxy outside (`tunneling_config`)."""

    protocol: str = ""
    """CONNECT, which is the default, or POST."""
    target_host: str
    """Host that the outside proxy connects to (`tunneling_config.hostname`)."""
    target_port: UInt32
    """Port that the outside proxy connects to (`tunneling_config.hostname`)."""


class ProxyProtocolVersion(ProtoEnum):
    """A version of the PROXY protocol."""

    V1 = "V1"
    V2 = "V2"


class ProxyProtocol(Node):
    """A PROXY protocol header before each connection's data."""

    version: ProxyProtocolVersion = ProxyProtocolVersion.V1
    """Version of the header."""


class RetryBudget(Node):
    """A limit of retries relative to the requests at a time."""

    percent: Annotated[DoubleValue, Field(ge=0, le=100)] = None
    """Retries at a time as a percentage of the requests (`budget_percent`); 20% if absent."""
    min_retry_concurrency: UInt32 = 0
    """Retries that are always allowed (`min_retry_concurrency`); 0 means 3."""


class TrafficPolicy(Node):
    """What applies to all traffic to a host or a subset."""

    load_balancer: LoadBalancerSettings | None = None
    """How an endpoint is chosen (`lb_policy`, `common_lb_config`)."""
    connection_pool: ConnectionPoolSettings | None = None
    """Limits on connections and requests (`circuit_breakers`, protocol options)."""
    outlier_detection: OutlierDetection | None = None
    """When an endpoint that fails is left out (`outlier_detection`)."""
    tls: ClientTLSSettings | None = None
    """TLS towards the host (`transport_socket`); automatic mutual TLS if absent."""
    port_level_settings: Annotated[tuple[PortTrafficPolicy, ...], size(4096)] = ()
    """Policies of single ports, each replacing this one there."""
    tunnel: TunnelSettings | None = None
    """Tunnel through a proxy outside."""
    proxy_protocol: ProxyProtocol | None = None
    """PROXY protocol header before the data (`upstream_proxy_protocol` around the transport socket)."""
    retry_budget: RetryBudget | None = None
    """Limit of retries (`circuit_breakers.thresholds.retry_budget`)."""


class Subset(Node):
    """A named part of a host's endpoints: a cluster of its own."""

    name: str
    """Name that routes refer to; third part of the name of its cluster, `outbound|80|v1|host`."""
    labels: Mapping[str, str] = {}
    """Labels that its endpoints carry, which decide on its load assignment."""
    traffic_policy: TrafficPolicy | None = None
    """Policy of the subset, field by field over the host's."""


class DestinationRuleSpec(Node):
    """A host, its subsets and their policies."""

    host: str
    """Name of the service in the registry, or a wildcard; a short name is completed with the rule's namespace."""
    traffic_policy: TrafficPolicy | None = None
    """Policy of all traffic to the host."""
    subsets: tuple[Subset, ...] = ()
    """Named parts of the host's endpoints."""
    export_to: tuple[str, ...] = ()
    """Namespaces that see the rule: `.` its own, `*` all, or names; the mesh's default if empty."""
    workload_selector: WorkloadSelector | None = None
    """Client workloads of its namespace that the rule is for; all if absent."""


class DestinationRule(IstioResource):
    """Shapes the clusters of a host: subsets, load balancing, limits, outlier detection, TLS."""

    api_version: ApiVersion = "networking.istio.io/v1"
    kind: Literal["DestinationRule"] = "DestinationRule"
    spec: DestinationRuleSpec
