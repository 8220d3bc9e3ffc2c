"""Deprecated fields and providers. Follows istioctl's `FieldAnalyzer` and `LightstepAnalyzer`."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.places import whole
from meshcompile.codes.schema import DEPRECATED
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.networking.sidecar import Sidecar
from meshcompile.models.networking.virtual_service import VirtualService
from meshcompile.models.telemetry.telemetry import Telemetry


def deprecations(context: Context) -> Iterator[Diagnostic]:
    """A finding for each object that uses something deprecated."""
    yield from _delays(context)
    yield from _egress_proxies(context)
    yield from _lightstep(context)


def _delays(context: Context) -> Iterator[Diagnostic]:
    """VirtualServices with the old percentage of a delay."""
    for virtual_service in context.written.all(VirtualService):
        faults = (http.fault for http in virtual_service.spec.http)
        delays = [fault.delay for fault in faults if fault is not None and fault.delay is not None]
        if places := [delay.at("percent") for delay in delays if delay.percent > 0]:
            problem = "`percent` of a delay is deprecated: use `percentage`"
            related = tuple(Related("here too", place) for place in places[1:])
            yield DEPRECATED(places[0], reported=whole(virtual_service), problem=problem, related=related)


def _egress_proxies(context: Context) -> Iterator[Diagnostic]:
    """Sidecars with an egress proxy."""
    for sidecar in context.written.all(Sidecar):
        policy = sidecar.spec.outbound_traffic_policy
        if policy is not None and policy.egress_proxy is not None:
            problem = "`outboundTrafficPolicy.egressProxy` is deprecated and may be ignored"
            yield DEPRECATED(policy.egress_proxy, reported=whole(sidecar), problem=problem)


def _lightstep(context: Context) -> Iterator[Diagnostic]:
    """Telemetries that trace to Lightstep."""
    providers = context.snapshot.mesh.extension_providers
    names = {provider.name for provider in providers if provider.lightstep is not None}
    for telemetry in context.written.all(Telemetry):
        used = {provider.name for tracing in telemetry.spec.tracing for provider in tracing.providers}
        for name in sorted(used & names):
            problem = f"the Lightstep provider {name} is deprecated: use an OpenTelemetry provider"
            yield DEPRECATED(telemetry, reported=whole(telemetry), problem=problem)
