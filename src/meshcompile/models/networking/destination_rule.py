"""DestinationRule: how clients talk to a host after routing has chosen it."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from meshcompile.models.base import NOTHING, Node, OneOf, ProtoEnum
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
from meshcompile.models.networking.localities import LocalityLoadBalancerSetting, ZoneAwareLoadBalancerSetting


class SimpleLB(ProtoEnum):
    """A load balancing policy without parameters. The default is LEAST_REQUEST."""

    UNSPECIFIED = "UNSPECIFIED"
    LEAST_CONN = "LEAST_CONN"
    RANDOM = "RANDOM"
    PASSTHROUGH = "PASSTHROUGH"
    ROUND_ROBIN = "ROUND_ROBIN"
    LEAST_REQUEST = "LEAST_REQUEST"


class RingHash(Node):
    """Consistent hashing on a ring (Envoy's RING_HASH)."""

    minimum_ring_size: UInt64 = 0
    """Minimum number of points on the ring (`minimum_ring_size`). 0 means 1024, Envoy's default."""


class MagLev(Node):
    """Consistent hashing with a lookup table (Envoy's MAGLEV)."""

    table_size: UInt64 = 0
    """Size of the table, a prime number (`table_size`). 0 means 65537, Envoy's default."""


class HTTPCookieAttribute(Node):
    """An attribute of a cookie that the proxy generates."""

    name: str
    """Name of the attribute."""
    value: str = ""
    """Value of the attribute."""


class HTTPCookie(Node):
    """The cookie to hash. The proxy generates it if the client sends none."""

    name: str
    """Name of the cookie."""
    path: str = ""
    """Path of the cookie."""
    ttl: Duration | None = None
    """Lifetime of the generated cookie. 0s makes it a session cookie; if absent, the proxy generates no cookie."""
    attributes: tuple[HTTPCookieAttribute, ...] = ()
    """Further attributes of the generated cookie."""


class ConsistentHashLB(OneOf):
    """Consistent hashing: requests with the same key go to the same endpoint.

    It sets the `hash_policy` of routes and the ring or table of clusters.
    """

    one_of = (
        ("http_header_name", "http_cookie", "use_source_ip", "http_query_parameter_name"),
        ("ring_hash", "maglev"),
    )

    http_header_name: str | None = None
    """Hashes this request header (`hash_policy.header`)."""
    http_cookie: HTTPCookie | None = None
    """Hashes this cookie (`hash_policy.cookie`)."""
    use_source_ip: Bool | None = None
    """Hashes the client's IP address (`hash_policy.connection_properties.source_ip`). Works for TCP too."""
    http_query_parameter_name: str | None = None
    """Hashes this query parameter (`hash_policy.query_parameter`)."""
    ring_hash: RingHash | None = None
    """Uses a ring (`lb_policy: RING_HASH`). This is the default."""
    maglev: MagLev | None = None
    """Uses a lookup table (`lb_policy: MAGLEV`)."""
    minimum_ring_size: UInt64 = 0
    """Deprecated: use `ringHash.minimumRingSize`."""


class WarmupConfiguration(Node):
    """Slow start: a new endpoint gets its share of the traffic gradually."""

    duration: Duration
    """Time until an endpoint gets its full share (`slow_start_window`)."""
    minimum_percent: Annotated[DoubleValue, Field(ge=0, le=100)] = None
    """Percentage of its share that an endpoint starts with (`min_weight_percent`). The default is 10."""
    aggression: Annotated[DoubleValue, Field(ge=0)] = None
    """Shape of the growth (`aggression`). The default of 1 is linear growth."""


class LoadBalancerSettings(OneOf):
    """How the proxy chooses an endpoint."""

    one_of = (("simple", "consistent_hash"),)

    simple: SimpleLB | None = None
    """Load balancing policy without parameters (`lb_policy`)."""
    consistent_hash: ConsistentHashLB | None = None
    """Consistent hashing: `lb_policy` RING_HASH or MAGLEV on the cluster, and `hash_policy` on its routes."""
    locality_lb_setting: LocalityLoadBalancerSetting | None = None
    """Locality load balancing for this host. Replaces the mesh-wide setting."""
    zone_aware_lb_setting: ZoneAwareLoadBalancerSetting | None = None
    """Zone-aware load balancing for this host. Replaces the mesh-wide settings. Since Istio 1.31."""
    warmup_duration_secs: Duration | None = None
    """Deprecated: use `warmup.duration`."""
    warmup: WarmupConfiguration | None = None
    """Slow start (`slow_start_config`). Applies to ROUND_ROBIN and LEAST_REQUEST only."""


class TcpKeepalive(Node):
    """TCP keepalive probes on idle connections (socket option SO_KEEPALIVE)."""

    probes: UInt32 = 0
    """Number of unanswered probes after which the connection is dead (`keepalive_probes`). 0 means the operating
    system's default.
    """
    time: Duration | None = None
    """Idle time before the first probe (`keepalive_time`)."""
    interval: Duration | None = None
    """Time between probes (`keepalive_interval`)."""


class TCPSettings(Node):
    """Connection settings for all protocols."""

    max_connections: Int32 = 0
    """Maximum number of connections to the host (`circuit_breakers`: `max_connections`). 0 means no limit."""
    connect_timeout: Duration | None = None
    """Connection timeout (`connect_timeout`). If absent, the mesh-wide timeout applies, 10s by default."""
    tcp_keepalive: TcpKeepalive | None = None
    """TCP keepalive probes (`upstream_connection_options.tcp_keepalive`)."""
    max_connection_duration: Duration | None = None
    """Maximum lifetime of a connection (`max_connection_duration`)."""
    idle_timeout: Duration | None = None
    """Idle time after which a TCP connection is closed (`idle_timeout` of `tcp_proxy`). 0s disables the timeout."""


class H2UpgradePolicy(ProtoEnum):
    """Whether proxies upgrade HTTP/1.1 between them to HTTP/2."""

    DEFAULT = "DEFAULT"
    DO_NOT_UPGRADE = "DO_NOT_UPGRADE"
    UPGRADE = "UPGRADE"


class ConnectionKeepalive(Node):
    """PING frames on HTTP/2 connections."""

    interval: Duration | None = None
    """Time between two PING frames (`interval`). Required."""
    timeout: Duration | None = None
    """Time to wait for the answer before the connection is closed (`timeout`). Required."""


class HTTPSettings(Node):
    """Connection settings for HTTP."""

    http1_max_pending_requests: Int32 = 0
    """Maximum number of requests that wait for a connection (`circuit_breakers`: `max_pending_requests`). 0 means no
    limit.
    """
    http2_max_requests: Int32 = 0
    """Maximum number of concurrent requests (`circuit_breakers`: `max_requests`). 0 means no limit."""
    max_requests_per_connection: Int32 = 0
    """Number of requests after which a connection is closed (`max_requests_per_connection`). 0 means no limit; 1
    disables keep-alive.
    """
    max_retries: Int32 = 0
    """Maximum number of concurrent retries (`circuit_breakers`: `max_retries`). 0 means no limit."""
    idle_timeout: Duration | None = None
    """Time without requests after which a connection is closed (`common_http_protocol_options.idle_timeout`). The
    default is Envoy's 1h.
    """
    h2_upgrade_policy: H2UpgradePolicy = H2UpgradePolicy.DEFAULT
    """Whether HTTP/1.1 is upgraded to HTTP/2 (`explicit_http_config`). DEFAULT uses the mesh-wide setting."""
    use_client_protocol: Bool = False
    """Uses the client's HTTP version towards the host (`use_downstream_protocol_config`)."""
    max_concurrent_streams: Int32 = 0
    """Maximum number of streams per HTTP/2 connection (`http2_protocol_options.max_concurrent_streams`). 0 means
    Envoy's default.
    """
    http2_keep_alive: ConnectionKeepalive | None = None
    """PING frames on HTTP/2 connections (`http2_protocol_options.connection_keepalive`). Since Istio 1.31."""


class ConnectionPoolSettings(Node):
    """Limits on connections and requests: the circuit breakers and timeouts of a cluster."""

    tcp: TCPSettings | None = None
    """Settings for all protocols."""
    http: HTTPSettings | None = None
    """Settings for HTTP."""


class OutlierDetection(Node):
    """Ejects endpoints that keep failing from load balancing for a while."""

    consecutive_errors: Int32 = 0
    """Deprecated. Istio ignores it."""
    split_external_local_origin_errors: Bool = False
    """Count failures to connect apart from error responses (`split_external_local_origin_errors`)."""
    consecutive_local_origin_failures: UInt32Value = None
    """Failures to connect in a row, if counted apart (`consecutive_local_origin_failure`); Envoy's 5 if absent."""
    consecutive_gateway_errors: UInt32Value = None
    """Number of consecutive 502, 503 and 504 responses that ejects an endpoint (`consecutive_gateway_failure`). Absent
    or 0 disables the check.
    """
    consecutive_5xx_errors: UInt32Value = None
    """Number of consecutive 5xx responses that ejects an endpoint (`consecutive_5xx`). If absent, Envoy's default of 5
    applies; 0 disables the check.
    """
    interval: Duration | None = None
    """Time between two evaluations (`interval`). The default is 10s."""
    base_ejection_time: Duration | None = None
    """Minimum ejection time, multiplied by the number of ejections so far (`base_ejection_time`). The default is 30s.
    """
    max_ejection_percent: Int32 = 0
    """Maximum percentage of endpoints that may be ejected (`max_ejection_percent`). 0 means 10, Envoy's default."""
    min_health_percent: Int32 = 0
    """Percentage of healthy endpoints below which traffic goes to all endpoints (`healthy_panic_threshold`)."""
    outlier_detection_http_error_codes: tuple[Annotated[UInt32, Field(ge=100, le=599)], ...] = ()
    """Status codes that count as errors. Istio 1.31 has the field and ignores it."""


class ClientTLSMode(ProtoEnum):
    """Whether the client uses TLS, and which certificate it presents."""

    DISABLE = "DISABLE"
    SIMPLE = "SIMPLE"
    MUTUAL = "MUTUAL"
    ISTIO_MUTUAL = "ISTIO_MUTUAL"


class ClientTLSSettings(Node):
    """TLS settings for connections to a host: Envoy's upstream transport socket."""

    mode: ClientTLSMode = ClientTLSMode.DISABLE
    """Whether the client uses TLS, and which certificate it presents."""
    client_certificate: str = ""
    """Path of the client's certificate chain, for MUTUAL (SDS `file-cert:`)."""
    private_key: str = ""
    """Path of the client's private key, for MUTUAL (SDS `file-cert:`)."""
    ca_certificates: str = ""
    """Path of the CA certificates that verify the server (SDS `file-root:`). If empty, the operating system's CA
    certificates apply.
    """
    credential_name: str = ""
    """Kubernetes Secret with the key, certificate and CA certificates. Replaces the paths (SDS `kubernetes://`)."""
    subject_alt_names: tuple[str, ...] = ()
    """The server's certificate must have one of these names (`match_typed_subject_alt_names`)."""
    sni: str = ""
    """Server name to send (`sni`)."""
    insecure_skip_verify: BoolValue = None
    """Accepts any server certificate."""
    ca_crl: str = ""
    """Path of the certificate revocation list for server certificates."""


class PortTrafficPolicy(Node):
    """The traffic policy of one port. It replaces the whole policy of the host for that port."""

    port: PortSelector | None = None
    """Port of the service."""
    load_balancer: LoadBalancerSettings | None = None
    """How the proxy chooses an endpoint."""
    connection_pool: ConnectionPoolSettings | None = None
    """Limits on connections and requests."""
    outlier_detection: OutlierDetection | None = None
    """When a failing endpoint is ejected."""
    tls: ClientTLSSettings | None = None
    """TLS settings for connections to the host."""


class TunnelSettings(Node):
    """Tunnels TCP through an external proxy, in HTTP CONNECT or POST requests (`tunneling_config`)."""

    protocol: str = ""
    """HTTP method of the tunnel: CONNECT, the default, or POST."""
    target_host: str
    """Host that the external proxy connects to (`tunneling_config.hostname`)."""
    target_port: UInt32
    """Port that the external proxy connects to (`tunneling_config.hostname`)."""


class ProxyProtocolVersion(ProtoEnum):
    """A version of the PROXY protocol."""

    V1 = "V1"
    V2 = "V2"


class ProxyProtocol(Node):
    """Sends a PROXY protocol header at the start of each connection."""

    version: ProxyProtocolVersion = ProxyProtocolVersion.V1
    """Version of the header."""


class RetryBudget(Node):
    """A limit on concurrent retries, relative to the number of active requests."""

    percent: Annotated[DoubleValue, Field(ge=0, le=100)] = None
    """Concurrent retries as a percentage of active requests (`budget_percent`). The default is 20."""
    min_retry_concurrency: UInt32 = 0
    """Number of concurrent retries that are always allowed (`min_retry_concurrency`). 0 means 3."""
    budget_interval: Duration | None = None
    """Time during which requests count as active (`budget_interval`). If absent, only unanswered requests count. Since
    Istio 1.31.
    """


class TrafficPolicy(Node):
    """Settings for all traffic to a host or a subset."""

    load_balancer: LoadBalancerSettings | None = None
    """How the proxy chooses an endpoint (`lb_policy`, `common_lb_config`)."""
    connection_pool: ConnectionPoolSettings | None = None
    """Limits on connections and requests (`circuit_breakers`, protocol options)."""
    outlier_detection: OutlierDetection | None = None
    """When a failing endpoint is ejected (`outlier_detection`)."""
    tls: ClientTLSSettings | None = None
    """TLS settings for connections to the host (`transport_socket`). If absent, automatic mutual TLS applies."""
    port_level_settings: Annotated[tuple[PortTrafficPolicy, ...], size(4096)] = ()
    """Policies of individual ports. Each replaces this policy for its port."""
    tunnel: TunnelSettings | None = None
    """Tunnel through an external proxy."""
    proxy_protocol: ProxyProtocol | None = None
    """PROXY protocol header at the start of each connection (`upstream_proxy_protocol` around the transport socket)."""
    retry_budget: RetryBudget | None = None
    """Limit on retries (`circuit_breakers.thresholds.retry_budget`)."""


class Subset(Node):
    """A named subset of the endpoints of a host. Each subset gets its own cluster."""

    name: str
    """Name that routes refer to. It is the third part of the cluster name, as in `outbound|80|v1|host`."""
    labels: Mapping[str, str] = NOTHING
    """Labels that select the endpoints of the subset."""
    traffic_policy: TrafficPolicy | None = None
    """Policy of the subset. Each field that it sets overrides the host's."""


class DestinationRuleSpec(Node):
    """A host, its subsets and their traffic policies."""

    host: str
    """Service name in the registry, or a wildcard. A short name is completed with the namespace of the rule."""
    traffic_policy: TrafficPolicy | None = None
    """Policy for all traffic to the host."""
    subsets: tuple[Subset, ...] = ()
    """Named subsets of the endpoints of the host."""
    export_to: tuple[str, ...] = ()
    """Namespaces that can see the rule: `.` for its own, `*` for all, or names. If empty, the mesh-wide default
    applies.
    """
    workload_selector: WorkloadSelector | None = None
    """Client workloads in the namespace of the rule that it applies to. If absent, it applies to all."""


class DestinationRule(IstioResource):
    """Configures the clusters of a host: subsets, load balancing, connection limits, outlier detection and TLS."""

    api_version: ApiVersion = "networking.istio.io/v1"
    kind: Literal["DestinationRule"] = "DestinationRule"
    spec: DestinationRuleSpec
