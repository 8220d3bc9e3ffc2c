"""What a proxy reports about the traffic of one class: metrics, traces, access logs."""

from dataclasses import dataclass

from meshcompile.diagnostics import Diagnostic
from meshcompile.models.telemetry.telemetry import Telemetry as TelemetryResource
from meshcompile.proxy import ProxyType
from meshcompile.queries import Source
from meshcompile.resolve.telemetry.access_logs import AccessLogs, access_logs
from meshcompile.resolve.telemetry.applicable import applicable_telemetries
from meshcompile.resolve.telemetry.findings import default_provider_findings, telemetry_findings
from meshcompile.resolve.telemetry.metrics import Metrics, metrics
from meshcompile.resolve.telemetry.modes import workload_mode
from meshcompile.resolve.telemetry.tracing import Tracing, tracing
from meshcompile.resolve.traffic import TrafficClass
from meshcompile.resolve.view import View
from meshcompile.snapshot.service import Service
from meshcompile.snapshot.snapshot import Snapshot

__all__ = ["AccessLogs", "Metrics", "Telemetry", "Tracing", "telemetry"]


@dataclass(frozen=True, slots=True, eq=False)
class Telemetry(Source):
    """What is reported of one traffic class; compared by identity.

    `metrics` are Istio's standard metrics, once for each provider. `for_peers`: a waypoint reports for the services
    that it stands before.
    """

    traffic_class: TrafficClass
    metrics: tuple[Metrics, ...]
    tracing: Tracing | None
    access_logs: AccessLogs
    for_peers: bool = False


def telemetry(view: View, traffic_class: TrafficClass, service: Service | None = None) -> Telemetry:
    """The telemetry of a traffic class of a proxy, and of the one `service` if a waypoint tells them apart."""
    snapshot, mode = view.snapshot, workload_mode(traffic_class)
    found = applicable_telemetries(view, service)
    names = tuple((t.namespace, t.name) for t in found)
    key = (mode, names)
    version = view.proxy.version
    about = snapshot.memo.once(("telemetry findings", names, version), lambda: _findings(snapshot, found, version))
    view.findings.extend(about)
    return Telemetry(
        traffic_class=traffic_class,
        metrics=snapshot.memo.once(
            ("metrics", key),
            lambda: metrics(tuple(block for t in found for block in t.spec.metrics), snapshot.telemetry, mode),
        ),
        tracing=tracing(view, tuple(block for t in found for block in t.spec.tracing), mode),
        access_logs=snapshot.memo.once(
            ("access logs", key),
            lambda: access_logs(tuple(t.spec.access_logging for t in found if t.spec.access_logging), snapshot, mode),
        ),
        for_peers=view.proxy.type is ProxyType.WAYPOINT,
    )


def _findings(
    snapshot: Snapshot, found: tuple[TelemetryResource, ...], version: tuple[int, int, int]
) -> tuple[Diagnostic, ...]:
    return (*default_provider_findings(snapshot), *telemetry_findings(snapshot, found, version))
