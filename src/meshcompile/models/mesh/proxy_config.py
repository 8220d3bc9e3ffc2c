"""Proxy config: settings of single proxies, the mesh's `defaultConfig` and the annotation `proxy.istio.io/config`
(istio/api `mesh/v1alpha1/proxy.proto`). The Kubernetes kind of the same name is `models.networking.proxy_config`.
"""

from collections.abc import Mapping

from meshcompile.models.base import Node, OneOf, ProtoEnum
from meshcompile.models.common import Bool, Double, Int32, Int64, UInt32
from meshcompile.models.mesh.extension_providers import TraceContext
from meshcompile.models.networking.destination_rule import ClientTLSSettings, TcpKeepalive
from meshcompile.models.networking.proxy_config import ProxyImage
from meshcompile.models.networking.workload_group import ReadinessProbe
from meshcompile.values.durations import Duration


class AuthenticationPolicy(ProtoEnum):
    """How a proxy talks to istiod."""

    NONE = "NONE"
    MUTUAL_TLS = "MUTUAL_TLS"
    INHERIT = "INHERIT"

    @classmethod
    def numbers(cls) -> Mapping[int, str]:
        return {0: cls.NONE, 1: cls.MUTUAL_TLS, 1000: cls.INHERIT}


class Zipkin(Node):
    """A Zipkin collector."""

    address: str = ""
    """Its `host:port`."""


class Lightstep(Node):
    """A Lightstep satellite."""

    address: str = ""
    """Its `host:port`."""
    access_token: str = ""
    """The access token."""


class Datadog(Node):
    """A Datadog agent."""

    address: str = ""
    """Its `host:port`."""


class Stackdriver(Node):
    """Google's operations suite."""

    debug: Bool = False
    """Whether traces go to stdout."""
    max_number_of_attributes: Int64 | None = None
    """Most attributes of a span."""
    max_number_of_annotations: Int64 | None = None
    """Most annotations of a span."""
    max_number_of_message_events: Int64 | None = None
    """Most message events of a span."""


class OpenCensusAgent(Node):
    """An OpenCensus agent."""

    address: str = ""
    """Its address in gRPC's notation."""
    context: tuple[TraceContext, ...] = ()
    """Which trace headers are read and written."""


class LiteralTag(Node):
    """A tag of fixed value."""

    value: str = ""
    """The value."""


class EnvironmentTag(Node):
    """A tag with the value of an environment variable of the proxy."""

    name: str = ""
    """The variable."""
    default_value: str = ""
    """The value where the variable is not set."""


class RequestHeaderTag(Node):
    """A tag with the value of a request header."""

    name: str = ""
    """The header."""
    default_value: str = ""
    """The value where the header is missing."""


class CustomTag(OneOf):
    """A tag of every span, of exactly one sort."""

    one_of = (("literal", "environment", "header"),)

    literal: LiteralTag | None = None
    """A fixed value."""
    environment: EnvironmentTag | None = None
    """The value of an environment variable."""
    header: RequestHeaderTag | None = None
    """The value of a request header."""


class Tracing(OneOf):
    """How requests are traced where no Telemetry says otherwise."""

    one_of = (("zipkin", "lightstep", "datadog", "stackdriver", "open_census_agent"),)

    zipkin: Zipkin | None = None
    """Traces go to Zipkin (bootstrap)."""
    lightstep: Lightstep | None = None
    """Traces go to Lightstep (bootstrap)."""
    datadog: Datadog | None = None
    """Traces go to Datadog (bootstrap)."""
    stackdriver: Stackdriver | None = None
    """Traces go to Google's operations suite (bootstrap)."""
    open_census_agent: OpenCensusAgent | None = None
    """Traces go to an OpenCensus agent (bootstrap)."""
    custom_tags: Mapping[str, CustomTag] = {}
    """Further tags by name."""
    max_path_tag_length: UInt32 = 0
    """Longest URL path kept in a tag; 256 where unset."""
    sampling: Double = 0
    """The percentage of requests that are traced at random; 1 where unset."""
    tls_settings: ClientTLSSettings | None = None
    """TLS towards the collector (bootstrap)."""
    enable_istio_tags: Bool | None = None
    """Whether Istio's own tags are added; they are where unset."""


class SDS(Node):
    """Deprecated, without effect."""

    enabled: Bool = False
    """Without effect."""
    k8s_sa_jwt_path: str = ""
    """Without effect."""


class ForwardClientCertDetails(ProtoEnum):
    """What becomes of the header `x-forwarded-client-cert`."""

    UNDEFINED = "UNDEFINED"
    SANITIZE = "SANITIZE"
    FORWARD_ONLY = "FORWARD_ONLY"
    APPEND_FORWARD = "APPEND_FORWARD"
    SANITIZE_SET = "SANITIZE_SET"
    ALWAYS_FORWARD_ONLY = "ALWAYS_FORWARD_ONLY"


class ProxyProtocolConfiguration(Node):
    """Empty: being there switches it on."""


class Topology(Node):
    """The proxies in front of a gateway."""

    num_trusted_proxies: UInt32 = 0
    """How many proxies before it are trusted in `x-forwarded-for` (`xff_num_trusted_hops`)."""
    forward_client_cert_details: ForwardClientCertDetails = ForwardClientCertDetails.UNDEFINED
    """What a gateway does with `x-forwarded-client-cert`; SANITIZE_SET where unset."""
    proxy_protocol: ProxyProtocolConfiguration | None = None
    """Whether connections to a gateway start with the PROXY protocol (a listener filter)."""


class CryptoMb(Node):
    """Private keys handled with AVX-512 instructions."""

    poll_delay: Duration | None = None
    """How long requests wait for a full batch."""
    fallback: Bool | None = None
    """Whether Envoy does without where the hardware cannot do it."""


class QAT(Node):
    """Private keys handled by QuickAssist hardware."""

    poll_delay: Duration | None = None
    """How long to wait before the hardware is asked."""
    fallback: Bool | None = None
    """Whether Envoy does without where the hardware is not there."""


class PrivateKeyProvider(OneOf):
    """Hardware that handles private keys; one of the two."""

    one_of = (("cryptomb", "qat"),)

    cryptomb: CryptoMb | None = None
    """AVX-512 instructions."""
    qat: QAT | None = None
    """QuickAssist."""


class TracingServiceName(ProtoEnum):
    """What a proxy's service is called in traces."""

    APP_LABEL_AND_NAMESPACE = "APP_LABEL_AND_NAMESPACE"
    CANONICAL_NAME_ONLY = "CANONICAL_NAME_ONLY"
    CANONICAL_NAME_AND_NAMESPACE = "CANONICAL_NAME_AND_NAMESPACE"


class InboundInterceptionMode(ProtoEnum):
    """How connections to the application reach its proxy."""

    REDIRECT = "REDIRECT"
    TPROXY = "TPROXY"
    NONE = "NONE"


class ProxyStatsMatcher(Node):
    """Statistics that Envoy keeps besides Istio's choice (bootstrap)."""

    inclusion_prefixes: tuple[str, ...] = ()
    """Prefixes of their names."""
    inclusion_suffixes: tuple[str, ...] = ()
    """Suffixes of their names."""
    inclusion_regexps: tuple[str, ...] = ()
    """Regular expressions for their names."""


class ServerHeader(Node):
    """The header `server` of responses."""

    disabled: Bool | None = None
    """Whether the application's own is passed on."""
    value: str = ""
    """Its value; `istio-envoy` where unset."""


class RequestIdHeader(Node):
    """The header `x-request-id`."""

    disabled: Bool | None = None
    """Whether Envoy makes none."""


class AttemptCountHeader(Node):
    """The header `x-envoy-attempt-count`."""

    disabled: Bool | None = None
    """Whether Envoy adds none."""


class XForwardedHostHeader(Node):
    """The header `x-forwarded-host`."""

    enabled: Bool | None = None
    """Whether the original host is kept there when a route rewrites it."""


class XForwardedPortHeader(Node):
    """The header `x-forwarded-port`."""

    enabled: Bool | None = None
    """Whether the port that the client used is kept there."""


class EnvoyDebugHeaders(Node):
    """Headers such as `x-envoy-upstream-service-time`."""

    disabled: Bool | None = None
    """Whether the router adds none (`suppress_envoy_headers`)."""


class MetadataExchangeMode(ProtoEnum):
    """To whom the metadata exchange headers are sent."""

    UNDEFINED = "UNDEFINED"
    IN_MESH = "IN_MESH"


class MetadataExchangeHeaders(Node):
    """The headers `x-envoy-peer-metadata` and `x-envoy-peer-metadata-id`."""

    mode: MetadataExchangeMode = MetadataExchangeMode.UNDEFINED
    """To whom they are sent: IN_MESH spares services outside of the mesh."""


class SetCurrentClientCertDetails(Node):
    """What of the client's certificate `x-forwarded-client-cert` carries."""

    subject: Bool | None = None
    """The subject; carried where unset."""
    cert: Bool | None = None
    """The certificate itself."""
    chain: Bool | None = None
    """The certificate with its chain."""
    dns: Bool | None = None
    """The DNS names; carried where unset."""
    uri: Bool | None = None
    """The URI; carried where unset."""


class ProxyHeaders(Node):
    """Headers that a proxy adds or changes."""

    forwarded_client_cert: ForwardClientCertDetails = ForwardClientCertDetails.UNDEFINED
    """What a sidecar does with `x-forwarded-client-cert` of inbound requests; APPEND_FORWARD where unset."""
    set_current_client_cert_details: SetCurrentClientCertDetails | None = None
    """What of the client's certificate is carried."""
    request_id: RequestIdHeader | None = None
    """`x-request-id`."""
    server: ServerHeader | None = None
    """`server`."""
    attempt_count: AttemptCountHeader | None = None
    """`x-envoy-attempt-count`."""
    envoy_debug_headers: EnvoyDebugHeaders | None = None
    """`x-envoy-upstream-service-time` and the like."""
    metadata_exchange_headers: MetadataExchangeHeaders | None = None
    """`x-envoy-peer-metadata`."""
    preserve_http1_header_case: Bool | None = None
    """Whether HTTP/1 headers keep their upper and lower case."""
    x_forwarded_host: XForwardedHostHeader | None = None
    """`x-forwarded-host`."""
    x_forwarded_port: XForwardedPortHeader | None = None
    """`x-forwarded-port`."""


class RemoteService(Node):
    """A service that the bootstrap names."""

    address: str = ""
    """Its `host:port`."""
    tls_settings: ClientTLSSettings | None = None
    """TLS towards it."""
    tcp_keepalive: TcpKeepalive | None = None
    """Keep-alive probes of the connection."""


class ProxyConfig(OneOf):
    """Settings of single proxies: most are read by the agent and the bootstrap, some change listeners and routes."""

    one_of = (("service_cluster", "tracing_service_name"),)

    config_path: str = ""
    """Folder of the generated bootstrap (agent)."""
    binary_path: str = ""
    """Path of Envoy (agent)."""
    service_cluster: str | None = None
    """The node's `cluster` (bootstrap); excludes `tracing_service_name`."""
    tracing_service_name: TracingServiceName | None = None
    """What the service is called in traces; excludes `service_cluster`."""
    drain_duration: Duration | None = None
    """How long Envoy drains connections on a change (agent)."""
    discovery_address: str = ""
    """`host:port` of istiod (bootstrap)."""
    discovery_refresh_delay: Duration | None = None
    """Deprecated, without effect."""
    zipkin_address: str = ""
    """Deprecated: `host:port` of Zipkin; `tracing.zipkin.address` is the place for it."""
    statsd_udp_address: str = ""
    """`host:port` of a statsd server (bootstrap)."""
    envoy_metrics_service_address: str = ""
    """Deprecated: `envoyMetricsService.address` is the place for it."""
    proxy_admin_port: Int32 = 0
    """Port of Envoy's admin interface (bootstrap)."""
    availability_zone: str = ""
    """Deprecated, without effect."""
    control_plane_auth_policy: AuthenticationPolicy = AuthenticationPolicy.NONE
    """How istiod is talked to (bootstrap)."""
    custom_config_file: str = ""
    """A bootstrap to use instead of the generated one (agent)."""
    stat_name_length: Int32 = 0
    """Longest name of a statistic (agent)."""
    concurrency: Int32 | None = None
    """Worker threads; one per core where it is 0 (agent)."""
    proxy_bootstrap_template_path: str = ""
    """Template of the bootstrap (agent)."""
    interception_mode: InboundInterceptionMode = InboundInterceptionMode.REDIRECT
    """How connections reach the proxy; TPROXY makes listeners transparent, NONE makes them bind."""
    tracing: Tracing | None = None
    """How requests are traced where no Telemetry says otherwise."""
    sds: SDS | None = None
    """Deprecated, without effect."""
    envoy_access_log_service: RemoteService | None = None
    """Where access logs are sent by gRPC (bootstrap)."""
    envoy_metrics_service: RemoteService | None = None
    """Where metrics are sent by gRPC (bootstrap)."""
    proxy_metadata: Mapping[str, str] = {}
    """Environment of the proxy; `ISTIO_META_...` becomes node metadata."""
    runtime_values: Mapping[str, str] = {}
    """Envoy's runtime values (bootstrap)."""
    status_port: Int32 = 0
    """Port of the agent, for probes and metrics."""
    extra_stat_tags: tuple[str, ...] = ()
    """Deprecated: tags to extract from statistics (bootstrap)."""
    gateway_topology: Topology | None = None
    """The proxies in front of a gateway."""
    termination_drain_duration: Duration | None = None
    """How long the agent drains before it ends Envoy (agent)."""
    mesh_id: str = ""
    """Name of the mesh in telemetry."""
    readiness_probe: ReadinessProbe | None = None
    """How the agent asks an application outside of Kubernetes for its health (agent)."""
    proxy_stats_matcher: ProxyStatsMatcher | None = None
    """Statistics to keep besides Istio's choice (bootstrap)."""
    hold_application_until_proxy_starts: Bool | None = None
    """Whether the application waits for its proxy (injection)."""
    ca_certificates_pem: tuple[str, ...] = ()
    """Further root certificates for traffic within the mesh."""
    image: ProxyImage | None = None
    """Variant of the proxy's image (injection)."""
    private_key_provider: PrivateKeyProvider | None = None
    """Hardware that handles private keys."""
    proxy_headers: ProxyHeaders | None = None
    """Headers that the proxy adds or changes."""
    file_flush_interval: Duration | None = None
    """How often Envoy writes its log files (agent)."""
    file_flush_min_size_kb: UInt32 = 0
    """How much it collects before it writes, in kilobytes (agent)."""
    stats_compression: Bool | None = None
    """Whether statistics may be sent compressed (bootstrap)."""
