"""Telemetry: traces, metrics and access logs of workloads."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from meshcompile.models.base import Node, OneOf, ProtoEnum
from meshcompile.models.common import (
    BoolValue,
    DoubleValue,
    Duration,
    IstioResource,
    NonEmpty,
    PolicyTargetReference,
    WorkloadSelector,
    size,
)


class WorkloadMode(ProtoEnum):
    """Direction of the traffic: client (outbound), server (inbound) or both."""

    CLIENT_AND_SERVER = "CLIENT_AND_SERVER"
    CLIENT = "CLIENT"
    SERVER = "SERVER"


class ProviderRef(Node):
    """Reference to an extension provider in the mesh config."""

    name: NonEmpty
    """Name of the provider."""


class TracingSelector(Node):
    """Selects the requests that a tracing block applies to."""

    mode: WorkloadMode = WorkloadMode.CLIENT_AND_SERVER
    """Direction of the traffic."""


class LiteralTag(Node):
    """A tag with a fixed value."""

    value: NonEmpty
    """The value."""


class EnvironmentTag(Node):
    """A tag whose value is an environment variable of the proxy."""

    name: NonEmpty
    """Name of the environment variable."""
    default_value: str = ""
    """Value if the variable is not set."""


class RequestHeaderTag(Node):
    """A tag whose value is a request header."""

    name: NonEmpty
    """Name of the header."""
    default_value: str = ""
    """Value if the request does not have the header."""


class FormatterTag(Node):
    """A tag whose value uses the command operators of access logs."""

    value: NonEmpty
    """Format string, for example `%REQ(:path)%`."""


class CustomTag(OneOf):
    """A tag to add to every span. Set exactly one kind."""

    one_of = (("literal", "environment", "header", "formatter"),)

    literal: LiteralTag | None = None
    """Fixed value."""
    environment: EnvironmentTag | None = None
    """Environment variable of the proxy."""
    header: RequestHeaderTag | None = None
    """Request header."""
    formatter: FormatterTag | None = None
    """Format string with command operators."""


class Tracing(Node):
    """How requests are traced: `tracing` of the connection manager."""

    match: TracingSelector | None = None
    """Requests that the settings apply to. If absent, all requests."""
    providers: tuple[ProviderRef, ...] = ()
    """Providers to send spans to. Only the first one is used."""
    random_sampling_percentage: Annotated[DoubleValue, Field(ge=0, le=100)] = None
    """Percentage of requests to sample (`random_sampling`)."""
    disable_span_reporting: BoolValue = None
    """Whether to stop reporting spans. Trace headers are still propagated."""
    custom_tags: Mapping[str, CustomTag] = {}
    """Additional tags, by name (`custom_tags`)."""
    use_request_id_for_trace_sampling: BoolValue = None
    """Whether `x-request-id` carries the sampling decision. The default is true."""
    enable_istio_tags: BoolValue = None
    """Whether to add Istio's own tags. The default is true."""
    disable_context_propagation: BoolValue = None
    """Whether to stop propagating trace headers."""


class IstioMetric(ProtoEnum):
    """A standard metric of Istio."""

    ALL_METRICS = "ALL_METRICS"
    REQUEST_COUNT = "REQUEST_COUNT"
    REQUEST_DURATION = "REQUEST_DURATION"
    REQUEST_SIZE = "REQUEST_SIZE"
    RESPONSE_SIZE = "RESPONSE_SIZE"
    TCP_OPENED_CONNECTIONS = "TCP_OPENED_CONNECTIONS"
    TCP_CLOSED_CONNECTIONS = "TCP_CLOSED_CONNECTIONS"
    TCP_SENT_BYTES = "TCP_SENT_BYTES"
    TCP_RECEIVED_BYTES = "TCP_RECEIVED_BYTES"
    GRPC_REQUEST_MESSAGES = "GRPC_REQUEST_MESSAGES"
    GRPC_RESPONSE_MESSAGES = "GRPC_RESPONSE_MESSAGES"


class MetricSelector(OneOf):
    """Selects the metrics that an override applies to. Set either `metric` or `customMetric`."""

    one_of = (("metric", "custom_metric"),)

    metric: IstioMetric | None = None
    """A standard metric of Istio, or all of them."""
    custom_metric: NonEmpty | None = None
    """Name of a custom metric."""
    mode: WorkloadMode = WorkloadMode.CLIENT_AND_SERVER
    """Direction of the traffic."""


class TagOverrideOperation(ProtoEnum):
    """How an override changes a tag."""

    UPSERT = "UPSERT"
    REMOVE = "REMOVE"


class TagOverride(Node):
    """A change to a tag."""

    operation: TagOverrideOperation = TagOverrideOperation.UPSERT
    """Whether to set or to remove the tag."""
    value: str = ""
    """CEL expression for the value."""


class MetricsOverrides(Node):
    """A change to metrics: a `metrics` entry in the configuration of `istio.stats`."""

    match: MetricSelector | None = None
    """Metrics that the override applies to. If absent, all metrics."""
    disabled: BoolValue = None
    """Whether to disable the metrics."""
    tag_overrides: Mapping[str, TagOverride] = {}
    """Changes to tags, by tag name."""


class Metrics(Node):
    """Which metrics are reported: the filter `istio.stats`."""

    providers: tuple[ProviderRef, ...] = ()
    """Providers of the metrics. If empty, those of the wider policy or the mesh-wide default."""
    overrides: tuple[MetricsOverrides, ...] = ()
    """Changes to the metrics, applied in order (configuration of `istio.stats`)."""
    reporting_interval: Duration | None = None
    """Interval between reports of TCP metrics. The default is 5s."""


class LogSelector(Node):
    """Selects the requests that an access logging block applies to."""

    mode: WorkloadMode = WorkloadMode.CLIENT_AND_SERVER
    """Direction of the traffic."""


class AccessLoggingFilter(Node):
    """Selects the requests to log."""

    expression: str = ""
    """CEL expression. A request is logged if it evaluates to true (`envoy.access_loggers.extension_filters.cel`)."""


class AccessLogging(Node):
    """Which requests and connections are logged: `access_log` of filters and listeners."""

    match: LogSelector | None = None
    """Requests that the settings apply to. If absent, all requests."""
    providers: tuple[ProviderRef, ...] = ()
    """Providers to send logs to; each becomes an `access_log`. If empty, those of the wider policy or the mesh-wide
    default.
    """
    disabled: BoolValue = None
    """Whether to disable access logs."""
    filter: AccessLoggingFilter | None = None
    """Selects the requests to log. If absent, all requests."""


class TelemetrySpec(Node):
    """Traces, metrics and access logs of workloads. Unset fields are inherited from the wider policy."""

    selector: WorkloadSelector | None = None
    """Workloads in the namespace of the resource. Without selector and target: the whole namespace or, in the root
    namespace, the whole mesh.
    """
    target_ref: PolicyTargetReference | None = None
    """The object that the resource is attached to."""
    target_refs: Annotated[tuple[PolicyTargetReference, ...], size(16)] = ()
    """The objects that the resource is attached to."""
    tracing: tuple[Tracing, ...] = ()
    """How requests are traced."""
    metrics: tuple[Metrics, ...] = ()
    """Which metrics are reported."""
    access_logging: tuple[AccessLogging, ...] = ()
    """Which requests and connections are logged."""


class Telemetry(IstioResource):
    """Configures the traces, metrics and access logs that proxies report."""

    api_version: Literal["telemetry.istio.io/v1", "telemetry.istio.io/v1alpha1"] = "telemetry.istio.io/v1"
    kind: Literal["Telemetry"] = "Telemetry"
    spec: TelemetrySpec = Field(default_factory=TelemetrySpec)
