"""Extension providers of the mesh config: the services that policies and Telemetry name for authorization, tracing,
metrics, access logs and secrets (istio/api `mesh/v1alpha1/config.proto`, `MeshConfig.ExtensionProvider`).

A provider's `service` is `host` or `namespace/host`; with its `port` it names the cluster that Envoy talks to.
"""

from collections.abc import Mapping

from meshcompile.models.base import Node, OneOf, ProtoEnum
from meshcompile.models.common import Bool, Int32, Int64, Struct, UInt32
from meshcompile.values.durations import Duration


class HttpHeader(OneOf):
    """A header that is sent along to a provider."""

    one_of = (("value", "env_name"),)

    name: str = ""
    """Name of the header."""
    value: str | None = None
    """Its value."""
    env_name: str | None = None
    """The environment variable of the proxy that its value is taken from."""


class HttpService(Node):
    """A provider spoken to by HTTP."""

    path: str = ""
    """Path of the requests."""
    timeout: Duration | None = None
    """How long one request may take."""
    headers: tuple[HttpHeader, ...] = ()
    """Headers of the requests."""


class GrpcService(Node):
    """A provider spoken to by gRPC."""

    timeout: Duration | None = None
    """How long one call may take."""
    initial_metadata: tuple[HttpHeader, ...] = ()
    """Metadata of the calls."""


class EnvoyExternalAuthorizationRequestBody(Node):
    """How much of a request's body the authorization service gets."""

    max_request_bytes: UInt32 = 0
    """Size of Envoy's buffer; a larger body is refused unless partial ones are allowed."""
    allow_partial_message: Bool = False
    """Whether a body that does not fit is sent as far as it does."""
    pack_as_bytes: Bool = False
    """Whether it is sent as bytes instead of UTF-8 text (gRPC only)."""


class EnvoyExternalAuthorizationHttpProvider(Node):
    """External authorization by HTTP: `envoy.filters.http.ext_authz` with `http_service`."""

    service: str = ""
    """Host of the authorization service, optionally `namespace/host`."""
    port: UInt32 = 0
    """Its port."""
    timeout: Duration | None = None
    """How long a check may take; ten minutes where unset."""
    path_prefix: str = ""
    """Prefix put before the path of the checked request."""
    fail_open: Bool = False
    """Whether requests pass when the service does not answer (`failure_mode_allow`)."""
    clear_route_cache: Bool = False
    """Whether the route is chosen again after the check."""
    status_on_error: str = ""
    """HTTP status for the client when the service does not answer; 403 where unset."""
    include_headers_in_check: tuple[str, ...] = ()
    """Deprecated spelling of `include_request_headers_in_check`."""
    include_request_headers_in_check: tuple[str, ...] = ()
    """Request headers sent along: names, with `*` as prefix or suffix."""
    include_additional_headers_in_check: Mapping[str, str] = {}
    """Fixed headers added to the check."""
    include_request_body_in_check: EnvoyExternalAuthorizationRequestBody | None = None
    """How much of the body is sent along; none where unset."""
    headers_to_upstream_on_allow: tuple[str, ...] = ()
    """Headers of the answer that are set on the allowed request."""
    headers_to_downstream_on_deny: tuple[str, ...] = ()
    """Headers of the answer that the denied client gets."""
    headers_to_downstream_on_allow: tuple[str, ...] = ()
    """Headers of the answer that the allowed client gets."""


class EnvoyExternalAuthorizationGrpcProvider(Node):
    """External authorization by gRPC: `envoy.filters.http.ext_authz` and its network twin with `grpc_service`."""

    service: str = ""
    """Host of the authorization service, optionally `namespace/host`."""
    port: UInt32 = 0
    """Its port."""
    timeout: Duration | None = None
    """How long a check may take; ten minutes where unset."""
    fail_open: Bool = False
    """Whether requests pass when the service does not answer (`failure_mode_allow`)."""
    clear_route_cache: Bool = False
    """Whether the route is chosen again after the check."""
    status_on_error: str = ""
    """HTTP status for the client when the service does not answer; 403 where unset."""
    include_request_body_in_check: EnvoyExternalAuthorizationRequestBody | None = None
    """How much of the body is sent along; none where unset."""


class TraceContextOption(ProtoEnum):
    """Which trace headers a Zipkin tracer reads and writes."""

    USE_B3 = "USE_B3"
    USE_B3_WITH_W3C_PROPAGATION = "USE_B3_WITH_W3C_PROPAGATION"


class ZipkinTracingProvider(Node):
    """A Zipkin backend: Envoy's `envoy.tracers.zipkin`."""

    service: str = ""
    """Host of the collector, optionally `namespace/host`."""
    port: UInt32 = 0
    """Its port."""
    max_tag_length: UInt32 = 0
    """Longest URL path kept in a tag (`max_path_tag_length`)."""
    enable_64bit_trace_id: Bool = False
    """Whether trace ids have 64 bits instead of 128."""
    path: str = ""
    """Path of the collector; `/api/v2/spans` where unset."""
    trace_context_option: TraceContextOption = TraceContextOption.USE_B3
    """Which trace headers are read and written."""
    timeout: Duration | None = None
    """How long a report may take."""
    headers: tuple[HttpHeader, ...] = ()
    """Headers of the reports."""


class LightstepTracingProvider(Node):
    """A Lightstep backend; deprecated, Istio sends to it by OpenTelemetry."""

    service: str = ""
    """Host of the collector, optionally `namespace/host`."""
    port: UInt32 = 0
    """Its port."""
    access_token: str = ""
    """The access token."""
    max_tag_length: UInt32 = 0
    """Longest URL path kept in a tag."""


class DatadogTracingProvider(Node):
    """A Datadog agent: Envoy's `envoy.tracers.datadog`."""

    service: str = ""
    """Host of the agent, optionally `namespace/host`."""
    port: UInt32 = 0
    """Its port."""
    max_tag_length: UInt32 = 0
    """Longest URL path kept in a tag."""


class SkyWalkingTracingProvider(Node):
    """A SkyWalking backend: Envoy's `envoy.tracers.skywalking`."""

    service: str = ""
    """Host of the receiver, optionally `namespace/host`."""
    port: UInt32 = 0
    """Its port."""
    access_token: str = ""
    """The access token."""


class StackdriverLogging(Node):
    """Access logs sent to Stackdriver."""

    labels: Mapping[str, str] = {}
    """Labels of each log entry: name to CEL expression."""


class StackdriverProvider(Node):
    """Google's operations suite, for traces, metrics and logs."""

    debug: Bool = False
    """Deprecated: traces go to stdout."""
    max_number_of_attributes: Int64 | None = None
    """Deprecated: most attributes of a span."""
    max_number_of_annotations: Int64 | None = None
    """Deprecated: most annotations of a span."""
    max_number_of_message_events: Int64 | None = None
    """Deprecated: most message events of a span."""
    max_tag_length: UInt32 = 0
    """Longest URL path kept in a tag."""
    logging: StackdriverLogging | None = None
    """How access logs are sent."""


class TraceContext(ProtoEnum):
    """Headers that carry the trace context."""

    UNSPECIFIED = "UNSPECIFIED"
    W3C_TRACE_CONTEXT = "W3C_TRACE_CONTEXT"
    GRPC_BIN = "GRPC_BIN"
    CLOUD_TRACE_CONTEXT = "CLOUD_TRACE_CONTEXT"
    B3 = "B3"


class OpenCensusAgentTracingProvider(Node):
    """An OpenCensus agent; deprecated, Envoy has no such tracer any more."""

    service: str = ""
    """Host of the agent, optionally `namespace/host`."""
    port: UInt32 = 0
    """Its port."""
    context: tuple[TraceContext, ...] = ()
    """Which trace headers are read and written."""
    max_tag_length: UInt32 = 0
    """Longest URL path kept in a tag."""


class PrometheusMetricsProvider(Node):
    """Metrics for Prometheus: the `istio.stats` filter."""


class FileLogFormat(OneOf):
    """How a line of the access log looks; one of the two."""

    one_of = (("text", "labels"),)

    text: str | None = None
    """A line of text with Envoy's command operators."""
    labels: Struct | None = None
    """A JSON object with Envoy's command operators as its values."""


class EnvoyFileAccessLogProvider(Node):
    """Access logs to a file: Envoy's `envoy.access_loggers.file`."""

    path: str = ""
    """The file, `/dev/stdout` as a rule."""
    log_format: FileLogFormat | None = None
    """How a line looks; Istio's default text where unset."""
    omit_empty_values: Bool = False
    """Whether operators without a value print nothing instead of `-`, and JSON leaves them out."""


class EnvoyHttpGrpcV3LogProvider(Node):
    """Access logs of HTTP requests by gRPC: Envoy's `envoy.access_loggers.http_grpc`."""

    service: str = ""
    """Host of the log service, optionally `namespace/host`."""
    port: UInt32 = 0
    """Its port."""
    log_name: str = ""
    """Name of the log; `http_envoy_accesslog` where unset."""
    filter_state_objects_to_log: tuple[str, ...] = ()
    """Filter state objects to log."""
    additional_request_headers_to_log: tuple[str, ...] = ()
    """Request headers to log."""
    additional_response_headers_to_log: tuple[str, ...] = ()
    """Response headers to log."""
    additional_response_trailers_to_log: tuple[str, ...] = ()
    """Response trailers to log."""


class EnvoyTcpGrpcV3LogProvider(Node):
    """Access logs of TCP connections by gRPC: Envoy's `envoy.access_loggers.tcp_grpc`."""

    service: str = ""
    """Host of the log service, optionally `namespace/host`."""
    port: UInt32 = 0
    """Its port."""
    log_name: str = ""
    """Name of the log; `tcp_envoy_accesslog` where unset."""
    filter_state_objects_to_log: tuple[str, ...] = ()
    """Filter state objects to log."""


class OpenTelemetryLogFormat(Node):
    """How an OpenTelemetry log record looks."""

    text: str = ""
    """The body, with Envoy's command operators."""
    labels: Struct | None = None
    """The attributes, with Envoy's command operators as their values."""


class EnvoyOpenTelemetryLogProvider(Node):
    """Access logs as OpenTelemetry records: Envoy's `envoy.access_loggers.open_telemetry`."""

    service: str = ""
    """Host of the collector, optionally `namespace/host`."""
    port: UInt32 = 0
    """Its port."""
    log_name: str = ""
    """Name of the log; `otel_envoy_accesslog` where unset."""
    log_format: OpenTelemetryLogFormat | None = None
    """How a record looks; Istio's default text as the body where unset."""


class ServiceAttributeEnrichment(ProtoEnum):
    """Which labels the service attributes of an OpenTelemetry resource are taken from."""

    ISTIO_CANONICAL = "ISTIO_CANONICAL"
    OTEL_SEMANTIC_CONVENTIONS = "OTEL_SEMANTIC_CONVENTIONS"


class EnvironmentResourceDetector(Node):
    """Resource attributes out of `OTEL_RESOURCE_ATTRIBUTES`."""


class DynatraceResourceDetector(Node):
    """Resource attributes that Dynatrace's OneAgent provides."""


class ResourceDetectors(Node):
    """Where the resource attributes of a tracer come from."""

    environment: EnvironmentResourceDetector | None = None
    """From the environment of the proxy."""
    dynatrace: DynatraceResourceDetector | None = None
    """From Dynatrace's OneAgent."""


class DynatraceApi(Node):
    """Dynatrace's API, which says how much is sampled."""

    service: str = ""
    """Host of the API, optionally `namespace/host`."""
    port: UInt32 = 0
    """Its port."""
    http: HttpService | None = None
    """How requests to it look."""


class DynatraceSampler(Node):
    """Sampling as configured in Dynatrace."""

    tenant: str = ""
    """Id of the Dynatrace tenant."""
    cluster_id: Int32 = 0
    """Id of the Dynatrace cluster."""
    root_spans_per_minute: UInt32 = 0
    """Root spans per minute where the API gives no number; 1000 where unset."""
    http_service: DynatraceApi | None = None
    """The API; the collector itself where unset."""


class OpenTelemetryTracingProvider(Node):
    """An OpenTelemetry collector: Envoy's `envoy.tracers.opentelemetry`."""

    service: str = ""
    """Host of the collector, optionally `namespace/host`."""
    port: UInt32 = 0
    """Its port."""
    max_tag_length: UInt32 = 0
    """Longest URL path kept in a tag."""
    http: HttpService | None = None
    """Reports go by HTTP; by gRPC where unset."""
    grpc: GrpcService | None = None
    """How reports by gRPC look."""
    resource_detectors: ResourceDetectors | None = None
    """Where the resource attributes come from."""
    service_attribute_enrichment: ServiceAttributeEnrichment = ServiceAttributeEnrichment.ISTIO_CANONICAL
    """Which labels the service attributes are taken from."""
    dynatrace_sampler: DynatraceSampler | None = None
    """Samples as configured in Dynatrace."""


class SDSProvider(Node):
    """A service that delivers secrets, for credentials written `sds://name`."""

    name: str = ""
    """The name that credentials use."""
    service: str = ""
    """Host of the service, optionally `namespace/host`."""
    port: UInt32 = 0
    """Its port."""


class ExtensionProvider(OneOf):
    """A named provider, of exactly one sort."""

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
    """The name that AuthorizationPolicy, Telemetry and `defaultProviders` use."""
    envoy_ext_authz_http: EnvoyExternalAuthorizationHttpProvider | None = None
    """External authorization by HTTP."""
    envoy_ext_authz_grpc: EnvoyExternalAuthorizationGrpcProvider | None = None
    """External authorization by gRPC."""
    zipkin: ZipkinTracingProvider | None = None
    """Traces to Zipkin."""
    lightstep: LightstepTracingProvider | None = None
    """Deprecated: traces to Lightstep."""
    datadog: DatadogTracingProvider | None = None
    """Traces to Datadog."""
    stackdriver: StackdriverProvider | None = None
    """Traces, metrics and logs to Google's operations suite."""
    opencensus: OpenCensusAgentTracingProvider | None = None
    """Deprecated: traces to an OpenCensus agent."""
    skywalking: SkyWalkingTracingProvider | None = None
    """Traces to SkyWalking."""
    opentelemetry: OpenTelemetryTracingProvider | None = None
    """Traces to an OpenTelemetry collector."""
    prometheus: PrometheusMetricsProvider | None = None
    """Metrics for Prometheus."""
    envoy_file_access_log: EnvoyFileAccessLogProvider | None = None
    """Access logs to a file."""
    envoy_http_als: EnvoyHttpGrpcV3LogProvider | None = None
    """Access logs of HTTP requests by gRPC."""
    envoy_tcp_als: EnvoyTcpGrpcV3LogProvider | None = None
    """Access logs of TCP connections by gRPC."""
    envoy_otel_als: EnvoyOpenTelemetryLogProvider | None = None
    """Access logs as OpenTelemetry records."""
    sds: SDSProvider | None = None
    """Secrets by SDS."""
