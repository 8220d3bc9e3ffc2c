"""Configuration of `istio.stats`, the same for requests and connections."""

from meshcompile.envoy.istio import StatsPluginConfig
from meshcompile.resolve.telemetry import Telemetry
from meshcompile.resolve.traffic import TrafficClass

NAME = "istio.stats"


def stats(telemetry: Telemetry) -> tuple[StatsPluginConfig, ...]:
    """One configuration per provider of metrics. The host header names the service only for what a sidecar sends."""
    if not telemetry.stats:
        return ()
    outbound = telemetry.traffic_class is TrafficClass.SIDECAR_OUTBOUND
    return (StatsPluginConfig(disable_host_header_fallback=not outbound),)
