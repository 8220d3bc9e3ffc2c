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
    """The side of a request that is meant: sent (outbound), served (inbound) or both."""

    CLIENT_AND_SERVER = "CLIENT_AND_SERVER"
    CLIENT = "CLIENT"
    SERVER = "SERVER"


class ProviderRef(Node):
    """A provider of the mesh config."""

    name: NonEmpty
    """Its name."""


class TracingSelector(Node):
    """Requests that a tracing block is about."""

    mode: WorkloadMode = WorkloadMode.CLIENT_AND_SERVER
    """The side that is meant."""


class LiteralTag(Node):
    """A tag of fixed value."""

    value: NonEmpty
    """The value."""


class EnvironmentTag(Node):
    """A tag with the value of an environment variable of the proxy."""

    name: NonEmpty
    """The variable."""
    default_value: str = ""
    """The value where the variable is not set."""


class RequestHeaderTag(Node):
    """A tag with the value of a request header."""

    name: NonEmpty
    """The header."""
    default_value: str = ""
    """The value where the header is missing."""


class FormatterTag(Node):
    """A tag written with command operators of the access log."""

    value: NonEmpty
    """The format, such as `%REQ(:path)%`."""


class CustomTag(OneOf):
    """A tag of every span, of exactly one sort."""

    one_of = (("literal", "environment", "header", "formatter"),)

    literal: LiteralTag | None = None
    """A fixed value."""
    environment: EnvironmentTag | None = None
    """The value of an environment variable."""
    header: RequestHeaderTag | None = None
    """The value of a request header."""
    formatter: FormatterTag | None = None
    """A value written with command operators."""


class Tracing(Node):
    """How requests are traced: `tracing` of the connection manager."""

    match: TracingSelector | None = None
    """Requests it is about; all where unset."""
    providers: tuple[ProviderRef, ...] = ()
    """Where traces go; the first one is used."""
    random_sampling_percentage: Annotated[DoubleValue, Field(ge=0, le=100)] = None
    """The percentage of requests that are traced at random (`random_sampling`)."""
    disable_span_reporting: BoolValue = None
    """Whether no spans are reported; trace headers are passed on all the same."""
    custom_tags: Mapping[str, CustomTag] = {}
    """Further tags by name (`custom_tags`)."""
    use_request_id_for_trace_sampling: BoolValue = None
    """Whether the sampling decision goes into `x-request-id`; it does where unset."""
    enable_istio_tags: BoolValue = None
    """Whether Istio's own tags are added; they are where unset."""
    disable_context_propagation: BoolValue = None
    """Whether no trace headers are sent on."""


class IstioMetric(ProtoEnum):
    """One of Istio's metrics."""

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
    """Metrics that an override is about; one of `metric` and `custom_metric`."""

    one_of = (("metric", "custom_metric"),)

    metric: IstioMetric | None = None
    """One of Istio's, or all."""
    custom_metric: NonEmpty | None = None
    """One of another name."""
    mode: WorkloadMode = WorkloadMode.CLIENT_AND_SERVER
    """The side that is meant."""


class TagOverrideOperation(ProtoEnum):
    """What becomes of a tag."""

    UPSERT = "UPSERT"
    REMOVE = "REMOVE"


class TagOverride(Node):
    """What becomes of a tag."""

    operation: TagOverrideOperation = TagOverrideOperation.UPSERT
    """Whether it is set or removed."""
    value: str = ""
    """CEL expression for its value."""


class MetricsOverrides(Node):
    """What is changed about metrics: a `metrics` entry in the configuration of `istio.stats`."""

    match: MetricSelector | None = None
    """Metrics it is about; all where unset."""
    disabled: BoolValue = None
    """Whether they are not produced."""
    tag_overrides: Mapping[str, TagOverride] = {}
    """What becomes of their tags, by name."""


class Metrics(Node):
    """Which metrics are produced: the filter `istio.stats`."""

    providers: tuple[ProviderRef, ...] = ()
    """For whom; the wider policy's or the mesh's where empty."""
    overrides: tuple[MetricsOverrides, ...] = ()
    """What is changed about them, in order (configuration of `istio.stats`)."""
    reporting_interval: Duration | None = None
    """How often metrics of TCP connections are reported; five seconds where unset."""


class LogSelector(Node):
    """Requests that an access logging block is about."""

    mode: WorkloadMode = WorkloadMode.CLIENT_AND_SERVER
    """The side that is meant."""


class AccessLoggingFilter(Node):
    """Requests that are logged."""

    expression: str = ""
    """CEL expression that must hold (`envoy.access_loggers.extension_filters.cel`)."""


class AccessLogging(Node):
    """Which requests and connections are logged: `access_log` of filters and listeners."""

    match: LogSelector | None = None
    """Requests it is about; all where unset."""
    providers: tuple[ProviderRef, ...] = ()
    """Where logs go, an `access_log` for each; the wider policy's or the mesh's where empty."""
    disabled: BoolValue = None
    """Whether nothing is logged."""
    filter: AccessLoggingFilter | None = None
    """Which of them are logged; all where unset."""


class TelemetrySpec(Node):
    """Traces, metrics and access logs of workloads; what a narrower one leaves open, the wider one decides."""

    selector: WorkloadSelector | None = None
    """Workloads of its namespace; without it and a target all, or in the root namespace the whole mesh."""
    target_ref: PolicyTargetReference | None = None
    """The object that it is attached to."""
    target_refs: Annotated[tuple[PolicyTargetReference, ...], size(16)] = ()
    """The objects that it is attached to."""
    tracing: tuple[Tracing, ...] = ()
    """How requests are traced."""
    metrics: tuple[Metrics, ...] = ()
    """Which metrics are produced."""
    access_logging: tuple[AccessLogging, ...] = ()
    """Which requests are logged."""


class Telemetry(IstioResource):
    """Telemetry that workloads report about their traffic."""

    api_version: Literal["telemetry.istio.io/v1", "telemetry.istio.io/v1alpha1"] = "telemetry.istio.io/v1"
    kind: Literal["Telemetry"] = "Telemetry"
    spec: TelemetrySpec = Field(default_factory=TelemetrySpec)
