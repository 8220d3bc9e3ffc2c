"""Proxy config: settings of individual proxies (istio/api `mesh/v1alpha1/proxy.proto`).

They come from the mesh-wide `defaultConfig` and from the annotation `proxy.istio.io/config`. The Kubernetes kind of the
same name is in `models.networking.proxy_config`.
"""

from collections.abc import Mapping

from meshcompile.models.base import Node, OneOf, ProtoEnum
from meshcompile.models.common import Bool, Double, Int32, Int64, UInt32
from meshcompile.models.mesh.connection_settings import ConnectionSettings
from meshcompile.models.mesh.extension_providers import TraceContext
from meshcompile.models.networking.destination_rule import ClientTLSSettings, TcpKeepalive
from meshcompile.models.networking.proxy_config import ProxyImage
from meshcompile.models.networking.workload_group import ReadinessProbe
from meshcompile.values.durations import Duration


class AuthenticationPolicy(ProtoEnum):
    """How the proxy authenticates to istiod."""

    NONE = "NONE"
    MUTUAL_TLS = "MUTUAL_TLS"
    INHERIT = "INHERIT"

    @classmethod
    def numbers(cls) -> Mapping[int, str]:
        return {0: cls.NONE, 1: cls.MUTUAL_TLS, 1000: cls.INHERIT}


class Zipkin(Node):
    """A Zipkin collector."""

    address: str = ""
    """`host:port` of the collector."""


class Lightstep(Node):
    """A Lightstep satellite."""

    address: str = ""
    """`host:port` of the satellite."""
    access_token: str = ""
    """Access token for the satellite."""


class Datadog(Node):
    """A Datadog agent."""

    address: str = ""
    """`host:port` of the agent."""


class Stackdriver(Node):
    """Google Cloud's operations suite (Stackdriver)."""

    debug: Bool = False
    """Whether to write traces to stdout."""
    max_number_of_attributes: Int64 | None = None
    """Maximum number of attributes per span."""
    max_number_of_annotations: Int64 | None = None
    """Maximum number of annotations per span."""
    max_number_of_message_events: Int64 | None = None
    """Maximum number of message events per span."""


class OpenCensusAgent(Node):
    """An OpenCensus agent."""

    address: str = ""
    """Address of the agent, in gRPC syntax."""
    context: tuple[TraceContext, ...] = ()
    """Which trace headers to read and write."""


class LiteralTag(Node):
    """A tag with a fixed value."""

    value: str = ""
    """The value."""


class EnvironmentTag(Node):
    """A tag whose value is an environment variable of the proxy."""

    name: str = ""
    """Name of the environment variable."""
    default_value: str = ""
    """Value if the variable is not set."""


class RequestHeaderTag(Node):
    """A tag whose value is a request header."""

    name: str = ""
    """Name of the header."""
    default_value: str = ""
    """Value if the request does not have the header."""


class CustomTag(OneOf):
    """A tag to add to every span. Set exactly one kind."""

    one_of = (("literal", "environment", "header"),)

    literal: LiteralTag | None = None
    """Fixed value."""
    environment: EnvironmentTag | None = None
    """Environment variable of the proxy."""
    header: RequestHeaderTag | None = None
    """Request header."""


class Tracing(OneOf):
    """How requests are traced, unless a Telemetry resource sets something else."""

    one_of = (("zipkin", "lightstep", "datadog", "stackdriver", "open_census_agent"),)

    zipkin: Zipkin | None = None
    """Sends traces to Zipkin (bootstrap)."""
    lightstep: Lightstep | None = None
    """Sends traces to Lightstep (bootstrap)."""
    datadog: Datadog | None = None
    """Sends traces to Datadog (bootstrap)."""
    stackdriver: Stackdriver | None = None
    """Sends traces to Google Cloud's operations suite (bootstrap)."""
    open_census_agent: OpenCensusAgent | None = None
    """Sends traces to an OpenCensus agent (bootstrap)."""
    custom_tags: Mapping[str, CustomTag] = {}
    """Additional tags, by name."""
    max_path_tag_length: UInt32 = 0
    """Maximum length of the URL path in a tag. The default is 256."""
    sampling: Double = 0
    """Percentage of requests to sample. The default is 1."""
    tls_settings: ClientTLSSettings | None = None
    """TLS settings for connections to the collector (bootstrap)."""
    enable_istio_tags: Bool | None = None
    """Whether to add Istio's own tags. The default is true."""


class SDS(Node):
    """Deprecated. It has no effect."""

    enabled: Bool = False
    """It has no effect."""
    k8s_sa_jwt_path: str = ""
    """It has no effect."""


class ForwardClientCertDetails(ProtoEnum):
    """How the header `x-forwarded-client-cert` is handled."""

    UNDEFINED = "UNDEFINED"
    SANITIZE = "SANITIZE"
    FORWARD_ONLY = "FORWARD_ONLY"
    APPEND_FORWARD = "APPEND_FORWARD"
    SANITIZE_SET = "SANITIZE_SET"
    ALWAYS_FORWARD_ONLY = "ALWAYS_FORWARD_ONLY"


class ProxyProtocolConfiguration(Node):
    """An empty message. If present, the PROXY protocol is enabled."""


class Topology(Node):
    """The proxies in front of a gateway."""

    num_trusted_proxies: UInt32 = 0
    """Number of trusted proxies in front of the gateway, for `x-forwarded-for` (`xff_num_trusted_hops`)."""
    forward_client_cert_details: ForwardClientCertDetails = ForwardClientCertDetails.UNDEFINED
    """How a gateway handles `x-forwarded-client-cert`. The default is SANITIZE_SET."""
    proxy_protocol: ProxyProtocolConfiguration | None = None
    """If present, connections to the gateway start with the PROXY protocol (a listener filter)."""


class CryptoMb(Node):
    """Private key operations with AVX-512 instructions."""

    poll_delay: Duration | None = None
    """How long operations wait for a full batch."""
    fallback: Bool | None = None
    """Whether Envoy falls back to its own implementation if the CPU does not support the instructions."""


class QAT(Node):
    """Private key operations on QuickAssist hardware."""

    poll_delay: Duration | None = None
    """How long to wait before polling the hardware."""
    fallback: Bool | None = None
    """Whether Envoy falls back to its own implementation if the hardware is missing."""


class PrivateKeyProvider(OneOf):
    """Hardware for private key operations. Set one of the two."""

    one_of = (("cryptomb", "qat"),)

    cryptomb: CryptoMb | None = None
    """AVX-512 instructions."""
    qat: QAT | None = None
    """QuickAssist."""


class TracingServiceName(ProtoEnum):
    """How the service of the proxy is named in traces."""

    APP_LABEL_AND_NAMESPACE = "APP_LABEL_AND_NAMESPACE"
    CANONICAL_NAME_ONLY = "CANONICAL_NAME_ONLY"
    CANONICAL_NAME_AND_NAMESPACE = "CANONICAL_NAME_AND_NAMESPACE"


class InboundInterceptionMode(ProtoEnum):
    """How inbound connections reach the proxy."""

    REDIRECT = "REDIRECT"
    TPROXY = "TPROXY"
    NONE = "NONE"


class ProxyStatsMatcher(Node):
    """Statistics that Envoy reports in addition to Istio's selection (bootstrap)."""

    inclusion_prefixes: tuple[str, ...] = ()
    """Prefixes of the names of statistics."""
    inclusion_suffixes: tuple[str, ...] = ()
    """Suffixes of the names of statistics."""
    inclusion_regexps: tuple[str, ...] = ()
    """Regular expressions for the names of statistics."""


class ServerHeader(Node):
    """The response header `server`."""

    disabled: Bool | None = None
    """Whether to pass on the application's header instead."""
    value: str = ""
    """Value of the header. The default is `istio-envoy`."""


class RequestIdHeader(Node):
    """The request header `x-request-id`."""

    disabled: Bool | None = None
    """Whether to stop generating the header."""


class AttemptCountHeader(Node):
    """The request header `x-envoy-attempt-count`."""

    disabled: Bool | None = None
    """Whether to stop adding the header."""


class XForwardedHostHeader(Node):
    """The request header `x-forwarded-host`."""

    enabled: Bool | None = None
    """Whether to keep the original host in the header when a route rewrites the host."""


class XForwardedPortHeader(Node):
    """The request header `x-forwarded-port`."""

    enabled: Bool | None = None
    """Whether to put the port that the client connected to in the header."""


class EnvoyDebugHeaders(Node):
    """Headers such as `x-envoy-upstream-service-time`."""

    disabled: Bool | None = None
    """Whether to stop adding the headers (`suppress_envoy_headers`)."""


class MetadataExchangeMode(ProtoEnum):
    """Which services receive the metadata exchange headers."""

    UNDEFINED = "UNDEFINED"
    IN_MESH = "IN_MESH"


class MetadataExchangeHeaders(Node):
    """The headers `x-envoy-peer-metadata` and `x-envoy-peer-metadata-id`."""

    mode: MetadataExchangeMode = MetadataExchangeMode.UNDEFINED
    """Which services receive the headers. IN_MESH excludes services outside the mesh."""


class SetCurrentClientCertDetails(Node):
    """The parts of the client certificate that `x-forwarded-client-cert` includes."""

    subject: Bool | None = None
    """Whether to include the subject. The default is true."""
    cert: Bool | None = None
    """Whether to include the certificate."""
    chain: Bool | None = None
    """Whether to include the certificate chain."""
    dns: Bool | None = None
    """Whether to include the DNS names. The default is true."""
    uri: Bool | None = None
    """Whether to include the URI. The default is true."""


class ProxyHeaders(Node):
    """Headers that the proxy adds or changes."""

    forwarded_client_cert: ForwardClientCertDetails = ForwardClientCertDetails.UNDEFINED
    """How a sidecar handles `x-forwarded-client-cert` of inbound requests. The default is APPEND_FORWARD."""
    set_current_client_cert_details: SetCurrentClientCertDetails | None = None
    """Parts of the client certificate to include in `x-forwarded-client-cert`."""
    request_id: RequestIdHeader | None = None
    """The request header `x-request-id`."""
    server: ServerHeader | None = None
    """The response header `server`."""
    attempt_count: AttemptCountHeader | None = None
    """The request header `x-envoy-attempt-count`."""
    envoy_debug_headers: EnvoyDebugHeaders | None = None
    """Headers such as `x-envoy-upstream-service-time`."""
    metadata_exchange_headers: MetadataExchangeHeaders | None = None
    """The headers `x-envoy-peer-metadata` and `x-envoy-peer-metadata-id`."""
    preserve_http1_header_case: Bool | None = None
    """Whether to preserve the case of HTTP/1 header names."""
    x_forwarded_host: XForwardedHostHeader | None = None
    """The request header `x-forwarded-host`."""
    x_forwarded_port: XForwardedPortHeader | None = None
    """The request header `x-forwarded-port`."""


class RemoteService(Node):
    """A service in the bootstrap configuration."""

    address: str = ""
    """`host:port` of the service."""
    tls_settings: ClientTLSSettings | None = None
    """TLS settings for connections to the service."""
    tcp_keepalive: TcpKeepalive | None = None
    """TCP keepalive probes on connections to the service."""


class ProxyConfig(OneOf):
    """Settings of individual proxies. The agent and the bootstrap use most of them.

    Some affect listeners and routes.
    """

    one_of = (("service_cluster", "tracing_service_name"),)

    config_path: str = ""
    """Directory of the generated bootstrap configuration (agent)."""
    binary_path: str = ""
    """Path of the Envoy binary (agent)."""
    service_cluster: str | None = None
    """`cluster` of the node (bootstrap). Cannot be combined with `tracingServiceName`."""
    tracing_service_name: TracingServiceName | None = None
    """How the service is named in traces. Cannot be combined with `serviceCluster`."""
    drain_duration: Duration | None = None
    """How long Envoy drains connections after a change (agent)."""
    discovery_address: str = ""
    """`host:port` of istiod (bootstrap)."""
    discovery_refresh_delay: Duration | None = None
    """Deprecated. It has no effect."""
    zipkin_address: str = ""
    """Deprecated: use `tracing.zipkin.address`. `host:port` of Zipkin."""
    statsd_udp_address: str = ""
    """`host:port` of a StatsD server (bootstrap)."""
    envoy_metrics_service_address: str = ""
    """Deprecated: use `envoyMetricsService.address`."""
    proxy_admin_port: Int32 = 0
    """Port of Envoy's admin interface (bootstrap)."""
    availability_zone: str = ""
    """Deprecated. It has no effect."""
    control_plane_auth_policy: AuthenticationPolicy = AuthenticationPolicy.NONE
    """How the proxy authenticates to istiod (bootstrap)."""
    custom_config_file: str = ""
    """A bootstrap configuration to use instead of the generated one (agent)."""
    stat_name_length: Int32 = 0
    """Maximum length of the name of a statistic (agent)."""
    concurrency: Int32 | None = None
    """Number of worker threads (agent). 0 means one per core."""
    proxy_bootstrap_template_path: str = ""
    """Template of the bootstrap configuration (agent)."""
    interception_mode: InboundInterceptionMode = InboundInterceptionMode.REDIRECT
    """How inbound connections reach the proxy. TPROXY makes listeners transparent. NONE makes them bind to their ports.
    """
    tracing: Tracing | None = None
    """How requests are traced, unless a Telemetry resource sets something else."""
    sds: SDS | None = None
    """Deprecated. It has no effect."""
    envoy_access_log_service: RemoteService | None = None
    """Service that receives access logs over gRPC (bootstrap)."""
    envoy_metrics_service: RemoteService | None = None
    """Service that receives metrics over gRPC (bootstrap)."""
    proxy_metadata: Mapping[str, str] = {}
    """Environment variables of the proxy. `ISTIO_META_...` variables become node metadata."""
    runtime_values: Mapping[str, str] = {}
    """Envoy runtime values (bootstrap)."""
    status_port: Int32 = 0
    """Port of the agent for probes and metrics."""
    extra_stat_tags: tuple[str, ...] = ()
    """Deprecated: tags to extract from the names of statistics (bootstrap)."""
    gateway_topology: Topology | None = None
    """The proxies in front of a gateway."""
    termination_drain_duration: Duration | None = None
    """How long the agent drains connections before it terminates Envoy (agent)."""
    mesh_id: str = ""
    """ID of the mesh in telemetry."""
    readiness_probe: ReadinessProbe | None = None
    """How the agent probes an application outside Kubernetes (agent)."""
    proxy_stats_matcher: ProxyStatsMatcher | None = None
    """Statistics to report in addition to Istio's selection (bootstrap)."""
    hold_application_until_proxy_starts: Bool | None = None
    """Whether the application starts after the proxy (injection)."""
    ca_certificates_pem: tuple[str, ...] = ()
    """Additional root certificates for traffic in the mesh."""
    image: ProxyImage | None = None
    """Variant of the proxy image (injection)."""
    private_key_provider: PrivateKeyProvider | None = None
    """Hardware for private key operations."""
    proxy_headers: ProxyHeaders | None = None
    """Headers that the proxy adds or changes."""
    file_flush_interval: Duration | None = None
    """How often Envoy flushes its log files (agent)."""
    file_flush_min_size_kb: UInt32 = 0
    """Minimum size of the buffer before it is flushed, in kilobytes (agent)."""
    stats_compression: Bool | None = None
    """Whether Envoy may compress statistics (bootstrap)."""
    connection_settings: ConnectionSettings | None = None
    """Settings of the connections that the proxy accepts. Since Istio 1.31."""
