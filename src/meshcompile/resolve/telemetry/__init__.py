"""The telemetry of one traffic class of a proxy: metrics, traces, access logs."""

from collections.abc import Iterable

from msgspec.structs import replace

from meshcompile.behaviour import ProxyCapabilities
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.telemetry.telemetry import Telemetry as TelemetryResource
from meshcompile.models.telemetry.telemetry import WorkloadMode
from meshcompile.proxy import Proxy, ProxyType
from meshcompile.queries import Key, Source, query
from meshcompile.resolve.facts import ProxyFacts
from meshcompile.resolve.listeners.traffic import TrafficClass
from meshcompile.resolve.telemetry.access_logs import AccessLogs, access_logs
from meshcompile.resolve.telemetry.applicable import applicable_telemetries
from meshcompile.resolve.telemetry.findings import default_provider_findings
from meshcompile.resolve.telemetry.findings import telemetry_findings as findings
from meshcompile.resolve.telemetry.metrics import Metrics, metrics
from meshcompile.resolve.telemetry.modes import workload_mode
from meshcompile.resolve.telemetry.tracing import TracedProxy, Tracing, tracing
from meshcompile.snapshot.service import Service
from meshcompile.snapshot.snapshot import Snapshot

__all__ = ["AccessLogs", "Metrics", "Telemetry", "Tracing", "telemetry", "telemetry_findings", "traced_telemetry"]


class Telemetry(Source, frozen=True):
    """The telemetry of one traffic class. `metrics` are Istio's standard metrics, for each provider.

    `for_peers` means that a waypoint reports for the services behind it.
    """

    traffic_class: TrafficClass
    metrics: tuple[Metrics, ...]
    tracing: Tracing | None
    access_logs: AccessLogs
    for_peers: bool = False


class TelemetriesKey(Key, frozen=True):
    """Telemetries by namespace and name, from the widest to the narrowest, and the side of the requests."""

    names: tuple[tuple[str, str], ...]
    mode: WorkloadMode


class FindingsKey(Key, frozen=True):
    """Telemetries by namespace and name, and the capabilities of their proxy."""

    names: tuple[tuple[str, str], ...]
    proxy: ProxyCapabilities


def telemetry(
    snapshot: Snapshot, proxy: Proxy, traffic_class: TrafficClass, service: Service | None = None
) -> Telemetry:
    """The telemetry of TCP connections, which are not traced.

    A waypoint that distinguishes services gives the telemetry of one `service`.
    """
    telemetries = applicable_telemetries(snapshot, proxy, service)
    key = TelemetriesKey(tuple((each.namespace, each.name) for each in telemetries), workload_mode(traffic_class))
    return Telemetry(
        traffic_class=traffic_class,
        metrics=merged_metrics(snapshot, key),
        tracing=None,
        access_logs=merged_access_logs(snapshot, key),
        for_peers=proxy.type is ProxyType.WAYPOINT,
    )


def traced_telemetry(
    snapshot: Snapshot, facts: ProxyFacts, traffic_class: TrafficClass, service: Service | None = None
) -> Telemetry:
    """The telemetry of HTTP requests, tracing included."""
    untraced = telemetry(snapshot, facts.proxy, traffic_class, service)
    blocks = (block for each in applicable_telemetries(snapshot, facts.proxy, service) for block in each.spec.tracing)
    of = TracedProxy(facts.proxy, facts.config, _span_name(snapshot, facts.proxy, service))
    traced = tracing(snapshot, of, tuple(blocks), workload_mode(traffic_class))
    return replace(untraced, tracing=traced)


def _span_name(snapshot: Snapshot, proxy: Proxy, service: Service | None) -> str:
    """The name of the service in traces: the proxy's. Some releases give a waypoint that of the service behind it."""
    if service is None or snapshot.behaviour.spans_name_proxies or proxy.type is not ProxyType.WAYPOINT:
        return proxy.service_cluster
    return service.hostname


def telemetry_findings(snapshot: Snapshot, proxy: Proxy) -> tuple[Diagnostic, ...]:
    """The findings about the Telemetries of a proxy."""
    names = tuple((t.namespace, t.name) for t in applicable_telemetries(snapshot, proxy))
    return findings_of(snapshot, FindingsKey(names, proxy.capabilities))


@query
def merged_metrics(snapshot: Snapshot, key: TelemetriesKey) -> tuple[Metrics, ...]:
    """The metrics of several Telemetries."""
    blocks = tuple(block for each in _named(snapshot, key.names) for block in each.spec.metrics)
    return metrics(blocks, snapshot.telemetry, key.mode)


@query
def merged_access_logs(snapshot: Snapshot, key: TelemetriesKey) -> AccessLogs:
    """The access logs of several Telemetries."""
    telemetries = _named(snapshot, key.names)
    return access_logs(
        tuple(each.spec.access_logging for each in telemetries if each.spec.access_logging), snapshot, key.mode
    )


@query
def findings_of(snapshot: Snapshot, key: FindingsKey) -> tuple[Diagnostic, ...]:
    """The findings about several Telemetries."""
    telemetries = _named(snapshot, key.names)
    return (*default_provider_findings(snapshot), *findings(snapshot, telemetries, key.proxy))


def _named(snapshot: Snapshot, names: Iterable[tuple[str, str]]) -> tuple[TelemetryResource, ...]:
    named = (snapshot.telemetry.named(*name) for name in names)
    return tuple(each for each in named if each is not None)
