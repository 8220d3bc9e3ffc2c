"""Findings about Telemetries: unusable providers, and settings without effect."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from enum import StrEnum
from itertools import pairwise
from typing import Any

from meshcompile.behaviour import Capability, ProxyCapabilities, first_release
from meshcompile.codes.telemetry import (
    FILTER_WITHOUT_PROVIDER,
    HEADER_FROM_ENVIRONMENT,
    OVERLAPPING_TELEMETRIES,
    PROVIDER_NOT_FOUND,
    PROVIDER_UNREACHABLE,
    PROXY_TOO_OLD,
    SAMPLER_UNREACHABLE,
    SHADOWED_TELEMETRY,
    WRONG_PROVIDER,
)
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.documents import NOWHERE, Origin
from meshcompile.models.mesh.extension_providers import (
    ExtensionProvider,
    HttpHeader,
    OpenTelemetryTracingProvider,
    TraceContextOption,
)
from meshcompile.models.telemetry.telemetry import Telemetry, Tracing
from meshcompile.resolve.security.providers import provider_service
from meshcompile.snapshot.policy_targets import is_attached
from meshcompile.snapshot.snapshot import Snapshot


class Signal(StrEnum):
    """The kind of telemetry that a provider receives."""

    TRACES = "traces"
    METRICS = "metrics"
    ACCESS_LOGS = "access logs"


# The provider types that support a signal, by their fields, and the code for a provider of another type.
_TAKES: Mapping[Signal, frozenset[str]] = {
    Signal.TRACES: frozenset({"zipkin", "datadog", "skywalking", "opentelemetry"}),
    Signal.METRICS: frozenset({"prometheus"}),
    Signal.ACCESS_LOGS: frozenset({"envoy_file_access_log", "envoy_http_als", "envoy_tcp_als", "envoy_otel_als"}),
}
_EFFECTS: Mapping[Signal, str] = {
    Signal.TRACES: "nothing is traced",
    Signal.METRICS: "it gets no metrics",
    Signal.ACCESS_LOGS: "it gets no logs",
}
_SORTS = ExtensionProvider.one_of[0]


def telemetry_findings(
    snapshot: Snapshot, telemetries: tuple[Telemetry, ...], proxy: ProxyCapabilities
) -> Iterator[Diagnostic]:
    """The findings about Telemetries that apply together to a proxy, from the widest to the narrowest."""
    yield from _rivals(snapshot, telemetries)
    for telemetry in telemetries:
        for signal, where, name in _named(telemetry):
            yield from _provider_findings(snapshot, signal, where, name)
            yield from _old_zipkin(snapshot.telemetry.provider(name), proxy)
        for tracing in telemetry.spec.tracing:
            yield from _old_tracing(tracing, proxy)
        for block in telemetry.spec.access_logging:
            if block.filter is not None and not block.providers and not block.disabled:
                yield FILTER_WITHOUT_PROVIDER(block.filter)


def default_provider_findings(snapshot: Snapshot) -> Iterator[Diagnostic]:
    """The findings about the mesh config's default providers."""
    defaults = snapshot.telemetry.defaults
    for signal, field, names in (
        (Signal.TRACES, "tracing", defaults.tracing[:1]),
        (Signal.METRICS, "metrics", defaults.metrics),
        (Signal.ACCESS_LOGS, "access_logging", defaults.access_logging),
    ):
        for index, name in enumerate(names):
            yield from _provider_findings(snapshot, signal, defaults.at(field, index), name)


def _rivals(snapshot: Snapshot, telemetries: tuple[Telemetry, ...]) -> Iterator[Diagnostic]:
    """Findings for Telemetries that others override, and for those that select the same workload."""
    for namespace in {telemetry.namespace for telemetry in telemetries if not is_attached(telemetry.spec)}:
        holds = snapshot.telemetry.wide[namespace]
        for idle in snapshot.telemetry.all:
            if idle.namespace == namespace and idle is not holds and not is_attached(idle.spec):
                related = (Related("the one that holds", holds.origin),)
                yield SHADOWED_TELEMETRY(idle, other=holds.name, related=related)
    attached = [telemetry for telemetry in telemetries if is_attached(telemetry.spec)]
    for older, younger in pairwise(attached):
        related = (Related("the other one", older.origin),)
        yield OVERLAPPING_TELEMETRIES(younger, other=older.name, winner=younger.name, related=related)


def _named(telemetry: Telemetry) -> Iterator[tuple[Signal, Origin, str]]:
    """Every provider that a Telemetry uses, with its signal."""
    spec = telemetry.spec
    for signal, providers in (
        *((Signal.TRACES, tracing.providers[:1]) for tracing in spec.tracing),
        *((Signal.METRICS, metrics.providers) for metrics in spec.metrics),
        *((Signal.ACCESS_LOGS, logging.providers) for logging in spec.access_logging),
    ):
        for provider in providers:
            yield signal, provider.at("name"), provider.name


def _provider_findings(snapshot: Snapshot, signal: Signal, where: Origin, name: str) -> Iterator[Diagnostic]:
    provider = snapshot.telemetry.provider(name)
    if provider is None:
        known = [each.name for each in snapshot.mesh.extension_providers]
        close = get_close_matches(name, known, n=1)
        suggestion = f"did you mean {close[0]}?" if close else ""
        yield PROVIDER_NOT_FOUND(where, provider=name, effect=_EFFECTS[signal], suggestion=suggestion)
        return
    sort = next((sort for sort in _SORTS if getattr(provider, sort) is not None), "")
    if sort not in _TAKES[signal]:
        yield WRONG_PROVIDER(
            where, provider=name, kind_of_provider=sort or "empty", signal=signal.value, effect=_EFFECTS[signal]
        )
        return
    settings = getattr(provider, sort)
    yield from _service_findings(snapshot, signal, where, provider, settings)
    yield from _header_findings(settings)
    if isinstance(settings, OpenTelemetryTracingProvider):
        yield from _sampler_findings(snapshot, where, provider, settings)


def _service_findings(
    snapshot: Snapshot, signal: Signal, where: Origin, provider: ExtensionProvider, settings: Any
) -> Iterator[Diagnostic]:
    """A finding when the service of a provider is unknown. Some provider types have no service."""
    service: str | None = getattr(settings, "service", None)
    if service is None or provider_service(snapshot.services, service, settings.port) is not None:
        return
    hosts = snapshot.services.by_hostname.get(service, {})
    problem = f"is in several namespaces ({', '.join(sorted(hosts))})" if hosts else "is not a known service"
    yield PROVIDER_UNREACHABLE(
        where,
        service=service,
        provider=provider.name,
        problem=problem,
        effect=_EFFECTS[signal],
        related=() if provider.origin is NOWHERE else (Related("the provider", provider.origin),),
    )


def _sampler_findings(
    snapshot: Snapshot, where: Origin, provider: ExtensionProvider, settings: OpenTelemetryTracingProvider
) -> Iterator[Diagnostic]:
    sampler = settings.dynatrace_sampler
    if sampler is None:
        return
    api = sampler.http_service
    if settings.http is None if api is None else provider_service(snapshot.services, api.service, api.port) is None:
        yield SAMPLER_UNREACHABLE(where, provider=provider.name)


def _old_tracing(tracing: Tracing, proxy: ProxyCapabilities) -> Iterator[Diagnostic]:
    """The settings of a tracing block that a proxy is too old for."""
    if tracing.disable_context_propagation and not proxy.no_context_propagation:
        where = tracing.at("disable_context_propagation")
        yield _too_old(where, "disableContextPropagation", "no_context_propagation")
    for tag in tracing.custom_tags.values():
        if tag.formatter is not None and not proxy.formatter_tags:
            yield _too_old(tag.formatter.origin, "a tag with a formatter", "formatter_tags")


def _old_zipkin(provider: ExtensionProvider | None, proxy: ProxyCapabilities) -> Iterator[Diagnostic]:
    """The settings of a Zipkin provider that a proxy is too old for."""
    zipkin = None if provider is None else provider.zipkin
    if zipkin is None:
        return
    if (zipkin.timeout is not None or zipkin.headers) and not proxy.zipkin_http_service:
        yield _too_old(zipkin.origin, "a timeout or header of Zipkin", "zipkin_http_service")
    if zipkin.trace_context_option is not TraceContextOption.USE_B3 and not proxy.zipkin_trace_context:
        yield _too_old(zipkin.origin, "traceContextOption", "zipkin_trace_context")


def _too_old(where: Origin, feature: str, capability: Capability) -> Diagnostic:
    return PROXY_TOO_OLD(where, feature=feature, release=first_release(capability))


def _header_findings(settings: Any) -> Iterator[Diagnostic]:
    for header in _headers(settings):
        if header.env_name is not None:
            yield HEADER_FROM_ENVIRONMENT(header, header=header.name, variable=header.env_name)


def _headers(settings: Any) -> Iterable[HttpHeader]:
    """All headers of a tracing provider: its own, or those of its HTTP or gRPC service."""
    http, grpc = getattr(settings, "http", None), getattr(settings, "grpc", None)
    return (
        *getattr(settings, "headers", ()),
        *(() if http is None else http.headers),
        *(() if grpc is None else grpc.initial_metadata),
    )
