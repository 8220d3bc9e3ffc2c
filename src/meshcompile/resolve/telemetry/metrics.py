"""Istio's standard metrics of one traffic class. Follows istiod's `mergeMetrics` and `generateStatsConfig`."""

from collections.abc import Mapping

from msgspec import Struct, field

from meshcompile.documents import Origin
from meshcompile.models.telemetry.telemetry import (
    IstioMetric,
    MetricSelector,
    MetricsOverrides,
    TagOverride,
    TagOverrideOperation,
    WorkloadMode,
)
from meshcompile.models.telemetry.telemetry import Metrics as MetricsBlock
from meshcompile.resolve.telemetry.modes import concerns, provider_names
from meshcompile.snapshot.telemetry import TelemetryIndex
from meshcompile.values.durations import Duration

PROMETHEUS_NAMES: Mapping[str, str] = {
    "REQUEST_COUNT": "requests_total",
    "REQUEST_DURATION": "request_duration_milliseconds",
    "REQUEST_SIZE": "request_bytes",
    "RESPONSE_SIZE": "response_bytes",
    "TCP_OPENED_CONNECTIONS": "tcp_connections_opened_total",
    "TCP_CLOSED_CONNECTIONS": "tcp_connections_closed_total",
    "TCP_SENT_BYTES": "tcp_sent_bytes_total",
    "TCP_RECEIVED_BYTES": "tcp_received_bytes_total",
    "GRPC_REQUEST_MESSAGES": "request_messages_total",
    "GRPC_RESPONSE_MESSAGES": "response_messages_total",
}
ALL_METRICS = tuple(PROMETHEUS_NAMES)


class TagChange(Struct, frozen=True):
    """A tag and the CEL expression of its value; None removes the tag."""

    name: str
    value: str | None


class MetricChange(Struct, frozen=True):
    """A change of one metric.

    The name is that of Prometheus, or the name as written if Istio has no such metric.
    """

    metric: str
    drop: bool
    tags: tuple[TagChange, ...]


class Metrics(Struct, frozen=True):
    """The metrics of one provider: Istio's standard metrics with these changes."""

    changes: tuple[MetricChange, ...] = ()
    reporting_interval: Duration | None = None  # of TCP connections
    origins: tuple[Origin, ...] = ()


def metrics(blocks: tuple[MetricsBlock, ...], index: TelemetryIndex, mode: WorkloadMode) -> tuple[Metrics, ...]:
    """The metrics of each active Prometheus provider, by name."""
    merged = _merged(blocks, index.defaults.metrics, mode)
    return tuple(
        provider.metrics
        for name, provider in sorted(merged.items())
        if not provider.disabled and (known := index.provider(name)) is not None and known.prometheus is not None
    )


class _PendingChange(Struct):
    """A change of one metric that later blocks can change again."""

    drop: bool = False
    tags: dict[str, TagOverride] = field(default_factory=dict)


class _ProviderMetrics(Struct):
    """The metrics of one provider, from the blocks read so far."""

    disabled: bool = False
    changes: dict[str, _PendingChange] = field(default_factory=dict)
    reporting_interval: Duration | None = None
    origins: list[Origin] = field(default_factory=list)

    def override(self, override: MetricsOverrides) -> None:
        """Apply an override.

        Disabling all metrics removes the filter. Any later override restores it.
        """
        named = _names(override.match)
        self.disabled = named is ALL_METRICS and bool(override.disabled)
        if self.disabled:
            return
        for name in named:
            change = self.changes.setdefault(name, _PendingChange())
            if override.disabled is not None:
                change.drop = override.disabled
            change.tags |= override.tag_overrides

    @property
    def metrics(self) -> Metrics:
        return Metrics(
            changes=tuple(
                MetricChange(PROMETHEUS_NAMES.get(name, name), change.drop, _tags(change.tags))
                for name, change in sorted(self.changes.items())
            ),
            reporting_interval=self.reporting_interval,
            origins=tuple(reversed(self.origins)),
        )


def _merged(
    blocks: tuple[MetricsBlock, ...], defaults: tuple[str, ...], mode: WorkloadMode
) -> Mapping[str, _ProviderMetrics]:
    """The active providers. A block without providers applies to the providers of the block before it."""
    if not blocks:
        return {name: _ProviderMetrics() for name in defaults}
    in_force = next((names for block in reversed(blocks) if (names := provider_names(block.providers))), defaults)
    merged: dict[str, _ProviderMetrics] = {}
    names = defaults
    for block in blocks:
        names = provider_names(block.providers) or names
        for name in names:
            if name in in_force:
                _apply(block, merged.setdefault(name, _ProviderMetrics()), mode)
    return merged


def _apply(block: MetricsBlock, provider: _ProviderMetrics, mode: WorkloadMode) -> None:
    provider.origins.append(block.origin)
    if block.reporting_interval is not None:
        provider.reporting_interval = block.reporting_interval
    for override in block.overrides:
        if concerns(override.match, mode):
            provider.override(override)


def _names(selector: MetricSelector | None) -> tuple[str, ...]:
    """The metrics that an override applies to.

    The result is exactly `ALL_METRICS` when it names none, or all.
    """
    match selector:
        case MetricSelector(custom_metric=str(name)):
            return (name,)
        case MetricSelector(metric=IstioMetric() as metric) if metric is not IstioMetric.ALL_METRICS:
            return (metric.value,)
    return ALL_METRICS


def _tags(overrides: Mapping[str, TagOverride]) -> tuple[TagChange, ...]:
    return tuple(TagChange(name, _value(override)) for name, override in sorted(overrides.items()))


def _value(override: TagOverride) -> str | None:
    return None if override.operation is TagOverrideOperation.REMOVE else override.value
