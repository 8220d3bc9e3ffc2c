"""The configuration of `istio.stats`, for requests and connections. Follows istiod's `generateStatsConfig`."""

from meshcompile.envoy.istio import StatsMetricConfig, StatsPluginConfig
from meshcompile.envoy.message import at
from meshcompile.queries import derived
from meshcompile.resolve.listeners.traffic import TrafficClass
from meshcompile.resolve.telemetry import Metrics, Telemetry
from meshcompile.resolve.telemetry.metrics import MetricChange

NAME = "istio.stats"


@derived
def stats(telemetry: Telemetry) -> tuple[StatsPluginConfig, ...]:
    """One configuration for each metrics provider."""
    return tuple(_config(metrics, telemetry) for metrics in telemetry.metrics)


def _config(metrics: Metrics, telemetry: Telemetry) -> StatsPluginConfig:
    """The configuration. The host header names the service only for outbound traffic of sidecars."""
    interval = metrics.reporting_interval
    config = StatsPluginConfig(
        disable_host_header_fallback=telemetry.traffic_class is not TrafficClass.SIDECAR_OUTBOUND,
        tcp_reporting_duration=None if interval is None else interval.json,
        metrics=tuple(_metric(change) for change in metrics.changes),
        reporter="SERVER_GATEWAY" if telemetry.for_peers else "UNSPECIFIED",
    )
    return at(config, metrics.origins)


def _metric(change: MetricChange) -> StatsMetricConfig:
    return StatsMetricConfig(
        name=change.metric,
        drop=change.drop,
        dimensions={tag.name: tag.value for tag in change.tags if tag.value is not None},
        tags_to_remove=tuple(tag.name for tag in change.tags if tag.value is None),
    )
