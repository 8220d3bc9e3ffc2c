"""Extension providers of the mesh config (istio/api `mesh/v1alpha1/config.proto`, `MeshConfig.ExtensionProvider`).

Policies and Telemetry refer to them by name: services for authorization, tracing, metrics, access logs and secrets. The
`service` of a provider is `host` or `namespace/host`. Together with `port` it names the cluster that Envoy connects to.
"""

from collections.abc import Mapping

from meshcompile.models.base import Node, OneOf, ProtoEnum
from meshcompile.models.common import Bool, Int32, Int64, Struct, UInt32
from meshcompile.values.durations import Duration


class HttpHeader(OneOf):
    """A header to send to a provider."""

    one_of = (("value", "env_name"),)

    name: str = ""
    """Name of the header."""
    value: str | None = None
    """Value of the header."""
    env_name: str | None = None
    """Environment variable of the proxy that holds the value."""


class HttpService(Node):
    """How requests are sent to a provider over HTTP."""

    path: str = ""
    """Path of the requests."""
    timeout: Duration | None = None
    """Timeout of a request."""
    headers: tuple[HttpHeader, ...] = ()
    """Headers to add to each request."""


class GrpcService(Node):
    """How requests are sent to a provider over gRPC."""

    timeout: Duration | None = None
    """Timeout of a call."""
    initial_metadata: tuple[HttpHeader, ...] = ()
    """Metadata to add to each call."""


class EnvoyExternalAuthorizationRequestBody(Node):
    """How much of the request body the authorization service receives."""

    max_request_bytes: UInt32 = 0
    """Maximum size of the buffered body in bytes. Larger bodies are rejected unless partial ones are allowed."""
    allow_partial_message: Bool = False
    """Whether to send the first part of a body that does not fit."""
    pack_as_bytes: Bool = False
    """Whether to send the body as raw bytes instead of UTF-8 text (gRPC only)."""


class EnvoyExternalAuthorizationHttpProvider(Node):
    """External authorization over HTTP: `envoy.filters.http.ext_authz` with `http_service`."""

    service: str = ""
    """Host of the authorization service, as `host` or `namespace/host`."""
    port: UInt32 = 0
    """Port of the service."""
    timeout: Duration | None = None
    """Timeout of a check. The default is 10m."""
    path_prefix: str = ""
    """Prefix to add to the path of the checked request."""
    fail_open: Bool = False
    """Whether to allow requests if the service does not respond (`failure_mode_allow`)."""
    clear_route_cache: Bool = False
    """Whether to select the route again after the check."""
    status_on_error: str = ""
    """HTTP status for the client if the service does not respond. The default is 403."""
    include_headers_in_check: tuple[str, ...] = ()
    """Deprecated: use `includeRequestHeadersInCheck`."""
    include_request_headers_in_check: tuple[str, ...] = ()
    """Request headers to send with the check: names, or a prefix or suffix with `*`."""
    include_additional_headers_in_check: Mapping[str, str] = {}
    """Fixed headers to add to the check."""
    include_request_body_in_check: EnvoyExternalAuthorizationRequestBody | None = None
    """How much of the body to send with the check. If absent, none of it."""
    headers_to_upstream_on_allow: tuple[str, ...] = ()
    """Response headers of the service to add to an allowed request."""
    headers_to_downstream_on_deny: tuple[str, ...] = ()
    """Response headers of the service to return to a denied client."""
    headers_to_downstream_on_allow: tuple[str, ...] = ()
    """Response headers of the service to return to an allowed client."""


class EnvoyExternalAuthorizationGrpcProvider(Node):
    """External authorization over gRPC.

    The filters are `envoy.filters.http.ext_authz` or `envoy.filters.network.ext_authz` with `grpc_service`.
    """

    service: str = ""
    """Host of the authorization service, as `host` or `namespace/host`."""
    port: UInt32 = 0
    """Port of the service."""
    timeout: Duration | None = None
    """Timeout of a check. The default is 10m."""
    fail_open: Bool = False
    """Whether to allow requests if the service does not respond (`failure_mode_allow`)."""
    clear_route_cache: Bool = False
    """Whether to select the route again after the check."""
    status_on_error: str = ""
    """HTTP status for the client if the service does not respond. The default is 403."""
    include_request_body_in_check: EnvoyExternalAuthorizationRequestBody | None = None
    """How much of the body to send with the check. If absent, none of it."""


class TraceContextOption(ProtoEnum):
    """Which trace headers a Zipkin tracer reads and writes."""

    USE_B3 = "USE_B3"
    USE_B3_WITH_W3C_PROPAGATION = "USE_B3_WITH_W3C_PROPAGATION"


class ZipkinTracingProvider(Node):
    """A Zipkin backend: Envoy's `envoy.tracers.zipkin`."""

    service: str = ""
    """Host of the collector, as `host` or `namespace/host`."""
    port: UInt32 = 0
    """Port of the collector."""
    max_tag_length: UInt32 = 0
    """Maximum length of the URL path in a tag (`max_path_tag_length`)."""
    enable_64bit_trace_id: Bool = False
    """Whether trace IDs have 64 bits instead of 128."""
    path: str = ""
    """Path of the collector's API. The default is `/api/v2/spans`."""
    trace_context_option: TraceContextOption = TraceContextOption.USE_B3
    """Which trace headers to read and write."""
    timeout: Duration | None = None
    """Timeout of a report."""
    headers: tuple[HttpHeader, ...] = ()
    """Headers to add to each report."""


class LightstepTracingProvider(Node):
    """A Lightstep backend. Deprecated: Istio sends traces to it over OpenTelemetry."""

    service: str = ""
    """Host of the collector, as `host` or `namespace/host`."""
    port: UInt32 = 0
    """Port of the collector."""
    access_token: str = ""
    """Access token for the collector."""
    max_tag_length: UInt32 = 0
    """Maximum length of the URL path in a tag."""


class DatadogTracingProvider(Node):
    """A Datadog agent: Envoy's `envoy.tracers.datadog`."""

    service: str = ""
    """Host of the agent, as `host` or `namespace/host`."""
    port: UInt32 = 0
    """Port of the agent."""
    max_tag_length: UInt32 = 0
    """Maximum length of the URL path in a tag."""


class SkyWalkingTracingProvider(Node):
    """A SkyWalking backend: Envoy's `envoy.tracers.skywalking`."""

    service: str = ""
    """Host of the receiver, as `host` or `namespace/host`."""
    port: UInt32 = 0
    """Port of the receiver."""
    access_token: str = ""
    """Access token for the receiver."""


class StackdriverLogging(Node):
    """Access logs for Stackdriver."""

    labels: Mapping[str, str] = {}
    """Labels to add to each log entry: the name, and a CEL expression for the value."""


class StackdriverProvider(Node):
    """Google Cloud's operations suite (Stackdriver), for traces, metrics and logs."""

    debug: Bool = False
    """Deprecated: writes traces to stdout."""
    max_number_of_attributes: Int64 | None = None
    """Deprecated: maximum number of attributes per span."""
    max_number_of_annotations: Int64 | None = None
    """Deprecated: maximum number of annotations per span."""
    max_number_of_message_events: Int64 | None = None
    """Deprecated: maximum number of message events per span."""
    max_tag_length: UInt32 = 0
    """Maximum length of the URL path in a tag."""
    logging: StackdriverLogging | None = None
    """Settings for access logs."""


class TraceContext(ProtoEnum):
    """Format of the headers that carry the trace context."""

    UNSPECIFIED = "UNSPECIFIED"
    W3C_TRACE_CONTEXT = "W3C_TRACE_CONTEXT"
    GRPC_BIN = "GRPC_BIN"
    CLOUD_TRACE_CONTEXT = "CLOUD_TRACE_CONTEXT"
    B3 = "B3"


class OpenCensusAgentTracingProvider(Node):
    """An OpenCensus agent. Deprecated: Envoy no longer has this tracer."""

    service: str = ""
    """Host of the agent, as `host` or `namespace/host`."""
    port: UInt32 = 0
    """Port of the agent."""
    context: tuple[TraceContext, ...] = ()
    """Which trace headers to read and write."""
    max_tag_length: UInt32 = 0
    """Maximum length of the URL path in a tag."""


class PrometheusMetricsProvider(Node):
    """Metrics for Prometheus: the `istio.stats` filter."""


class FileLogFormat(OneOf):
    """Format of an access log entry. Set one of the two."""

    one_of = (("text", "labels"),)

    text: str | None = None
    """Text with Envoy's command operators."""
    labels: Struct | None = None
    """A JSON object whose values use Envoy's command operators."""


class EnvoyFileAccessLogProvider(Node):
    """Access logs to a file: Envoy's `envoy.access_loggers.file`."""

    path: str = ""
    """File to write to, usually `/dev/stdout`."""
    log_format: FileLogFormat | None = None
    """Format of an entry. If absent, Istio's default text format."""
    omit_empty_values: Bool = False
    """Whether operators without a value yield an empty text instead of `-`. JSON entries omit them."""


class EnvoyHttpGrpcV3LogProvider(Node):
    """Access logs of HTTP requests over gRPC: Envoy's `envoy.access_loggers.http_grpc`."""

    service: str = ""
    """Host of the log service, as `host` or `namespace/host`."""
    port: UInt32 = 0
    """Port of the log service."""
    log_name: str = ""
    """Name of the log. The default is `http_envoy_accesslog`."""
    filter_state_objects_to_log: tuple[str, ...] = ()
    """Filter state objects to add to each entry."""
    additional_request_headers_to_log: tuple[str, ...] = ()
    """Request headers to log."""
    additional_response_headers_to_log: tuple[str, ...] = ()
    """Response headers to log."""
    additional_response_trailers_to_log: tuple[str, ...] = ()
    """Response trailers to log."""


class EnvoyTcpGrpcV3LogProvider(Node):
    """Access logs of TCP connections over gRPC: Envoy's `envoy.access_loggers.tcp_grpc`."""

    service: str = ""
    """Host of the log service, as `host` or `namespace/host`."""
    port: UInt32 = 0
    """Port of the log service."""
    log_name: str = ""
    """Name of the log. The default is `tcp_envoy_accesslog`."""
    filter_state_objects_to_log: tuple[str, ...] = ()
    """Filter state objects to add to each entry."""


class OpenTelemetryLogFormat(Node):
    """Format of an OpenTelemetry log record."""

    text: str = ""
    """Body of the record, with Envoy's command operators."""
    labels: Struct | None = None
    """Attributes of the record. Their values use Envoy's command operators."""


class EnvoyOpenTelemetryLogProvider(Node):
    """Access logs as OpenTelemetry log records: Envoy's `envoy.access_loggers.open_telemetry`."""

    service: str = ""
    """Host of the collector, as `host` or `namespace/host`."""
    port: UInt32 = 0
    """Port of the collector."""
    log_name: str = ""
    """Name of the log. The default is `otel_envoy_accesslog`."""
    log_format: OpenTelemetryLogFormat | None = None
    """Format of a record. If absent, the body is Istio's default text format."""


class ServiceAttributeEnrichment(ProtoEnum):
    """Which labels provide the service attributes of an OpenTelemetry resource."""

    ISTIO_CANONICAL = "ISTIO_CANONICAL"
    OTEL_SEMANTIC_CONVENTIONS = "OTEL_SEMANTIC_CONVENTIONS"


class EnvironmentResourceDetector(Node):
    """Reads resource attributes from `OTEL_RESOURCE_ATTRIBUTES`."""


class DynatraceResourceDetector(Node):
    """Reads the resource attributes that Dynatrace's OneAgent provides."""


class ResourceDetectors(Node):
    """Sources of the resource attributes of a tracer."""

    environment: EnvironmentResourceDetector | None = None
    """The environment of the proxy."""
    dynatrace: DynatraceResourceDetector | None = None
    """Dynatrace's OneAgent."""


class DynatraceApi(Node):
    """The Dynatrace API that provides the sampling rate."""

    service: str = ""
    """Host of the API, as `host` or `namespace/host`."""
    port: UInt32 = 0
    """Port of the API."""
    http: HttpService | None = None
    """How requests are sent to the API."""


class DynatraceSampler(Node):
    """A sampler that Dynatrace configures."""

    tenant: str = ""
    """ID of the Dynatrace tenant."""
    cluster_id: Int32 = 0
    """ID of the Dynatrace cluster."""
    root_spans_per_minute: UInt32 = 0
    """Root spans per minute if the API provides no number. The default is 1000."""
    http_service: DynatraceApi | None = None
    """The Dynatrace API. If absent, the collector."""


class OpenTelemetryTracingProvider(Node):
    """An OpenTelemetry collector: Envoy's `envoy.tracers.opentelemetry`."""

    service: str = ""
    """Host of the collector, as `host` or `namespace/host`."""
    port: UInt32 = 0
    """Port of the collector."""
    max_tag_length: UInt32 = 0
    """Maximum length of the URL path in a tag."""
    http: HttpService | None = None
    """Exports over HTTP. If absent, over gRPC."""
    grpc: GrpcService | None = None
    """Settings for the export over gRPC."""
    resource_detectors: ResourceDetectors | None = None
    """Sources of the resource attributes."""
    service_attribute_enrichment: ServiceAttributeEnrichment = ServiceAttributeEnrichment.ISTIO_CANONICAL
    """Which labels provide the service attributes."""
    dynatrace_sampler: DynatraceSampler | None = None
    """A sampler that Dynatrace configures."""


class SDSProvider(Node):
    """An SDS server, for credentials of the form `sds://name`."""

    name: str = ""
    """Name that credentials refer to."""
    service: str = ""
    """Host of the server, as `host` or `namespace/host`."""
    port: UInt32 = 0
    """Port of the server."""


class ExtensionProvider(OneOf):
    """A named provider. Set exactly one kind."""

    one_of = (
        (
            "envoy_ext_authz_http",
            "envoy_ext_authz_grpc",
            "zipkin",
            "lightstep",
            "datadog",
            "stackdriver",
            "opencensus",
            "skywalking",
            "opentelemetry",
            "prometheus",
            "envoy_file_access_log",
            "envoy_http_als",
            "envoy_tcp_als",
            "envoy_otel_als",
            "sds",
        ),
    )

    name: str = ""
    """Name that AuthorizationPolicy, Telemetry and `defaultProviders` refer to."""
    envoy_ext_authz_http: EnvoyExternalAuthorizationHttpProvider | None = None
    """External authorization over HTTP."""
    envoy_ext_authz_grpc: EnvoyExternalAuthorizationGrpcProvider | None = None
    """External authorization over gRPC."""
    zipkin: ZipkinTracingProvider | None = None
    """Traces for Zipkin."""
    lightstep: LightstepTracingProvider | None = None
    """Deprecated: traces for Lightstep."""
    datadog: DatadogTracingProvider | None = None
    """Traces for Datadog."""
    stackdriver: StackdriverProvider | None = None
    """Traces, metrics and logs for Google Cloud's operations suite (Stackdriver)."""
    opencensus: OpenCensusAgentTracingProvider | None = None
    """Deprecated: traces for an OpenCensus agent."""
    skywalking: SkyWalkingTracingProvider | None = None
    """Traces for SkyWalking."""
    opentelemetry: OpenTelemetryTracingProvider | None = None
    """Traces for an OpenTelemetry collector."""
    prometheus: PrometheusMetricsProvider | None = None
    """Metrics for Prometheus."""
    envoy_file_access_log: EnvoyFileAccessLogProvider | None = None
    """Access logs in a file."""
    envoy_http_als: EnvoyHttpGrpcV3LogProvider | None = None
    """Access logs of HTTP requests over gRPC."""
    envoy_tcp_als: EnvoyTcpGrpcV3LogProvider | None = None
    """Access logs of TCP connections over gRPC."""
    envoy_otel_als: EnvoyOpenTelemetryLogProvider | None = None
    """Access logs as OpenTelemetry log records."""
    sds: SDSProvider | None = None
    """Secrets from an SDS server."""
