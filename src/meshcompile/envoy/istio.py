"""Configuration of the filters that only Istio's build of Envoy has.

Two are messages of their own. istiod sends the others as a `TypedStruct` with protobuf field names. The values here are
those that istiod uses (`pilot/pkg/xds/filters/filters.go`).
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from meshcompile.envoy.message import TYPE_URL, Duration, JsonValue, Message, Packed
from meshcompile.envoy.udpa import TypedStruct

StatsReporter: TypeAlias = Literal["UNSPECIFIED", "SERVER_GATEWAY"]
StatsMetricType: TypeAlias = Literal["COUNTER", "GAUGE", "HISTOGRAM"]
AlpnProtocol: TypeAlias = Literal["HTTP10", "HTTP11", "HTTP2"]


class StatsMetricConfig(Message, frozen=True, kw_only=True):
    """stats.MetricConfig: changes to a standard metric, or to all of them if `name` is empty."""

    dimensions: Mapping[str, str] = {}
    name: str = ""
    tags_to_remove: tuple[str, ...] = ()
    match: str = ""
    drop: bool = False


class StatsMetricDefinition(Message, frozen=True, kw_only=True):
    """stats.MetricDefinition: a metric that is not one of Istio's standard metrics."""

    name: str = ""
    value: str = ""
    type: StatsMetricType = "COUNTER"


class StatsPluginConfig(
    Packed, Message, frozen=True, kw_only=True, tag_field="@type", tag=TYPE_URL + "stats.PluginConfig"
):
    """stats.PluginConfig: the configuration of `istio.stats`."""

    disable_host_header_fallback: bool = False
    tcp_reporting_duration: Duration | None = None
    metrics: tuple[StatsMetricConfig, ...] = ()
    definitions: tuple[StatsMetricDefinition, ...] = ()
    reporter: StatsReporter = "UNSPECIFIED"
    rotation_interval: Duration | None = None
    graceful_deletion_interval: Duration | None = None


class AlpnOverride(Message, frozen=True, kw_only=True):
    """The ALPN values for requests with a given upstream protocol."""

    upstream_protocol: AlpnProtocol = "HTTP10"
    alpn_override: tuple[str, ...] = ()


class AlpnFilterConfig(
    Packed,
    Message,
    frozen=True,
    kw_only=True,
    tag_field="@type",
    tag=TYPE_URL + "istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig",
):
    """istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig: the configuration of `istio.alpn`."""

    alpn_override: tuple[AlpnOverride, ...] = ()


def metadata_exchange(**fields: JsonValue) -> TypedStruct:
    """The configuration of the network filter `istio.metadata_exchange`."""
    return TypedStruct(type_url=TYPE_URL + "envoy.tcp.metadataexchange.config.MetadataExchange", value=fields)


def peer_metadata(**fields: JsonValue) -> TypedStruct:
    """The configuration of the HTTP filter `istio.metadata_exchange`, and of similar filters in a waypoint."""
    return TypedStruct(type_url=TYPE_URL + "io.istio.http.peer_metadata.Config", value=fields)
