"""Distributed tracing of one traffic class.

Follows istiod's `Telemetries.Tracing` and `configureTracingFromTelemetry`. The proxy config's `tracing` applies when
neither a Telemetry nor a default provider decides. Its tracer is in the bootstrap.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import replace

from meshcompile.documents import Origin
from meshcompile.models.mesh.proxy_config import CustomTag as ProxyTag
from meshcompile.models.mesh.proxy_config import ProxyConfig
from meshcompile.models.mesh.proxy_config import Tracing as ProxyTracing
from meshcompile.models.telemetry.telemetry import CustomTag as TelemetryTag
from meshcompile.models.telemetry.telemetry import Tracing as TracingBlock
from meshcompile.models.telemetry.telemetry import WorkloadMode
from meshcompile.proxy import Proxy, ProxyType
from meshcompile.queries import Source
from meshcompile.resolve.telemetry.modes import concerns
from meshcompile.resolve.telemetry.tracers import SpanNaming, Tracer, tracer
from meshcompile.snapshot.snapshot import Snapshot

CustomTag: TypeAlias = ProxyTag | TelemetryTag

# The default percentage of requests that are traced.
DEFAULT_SAMPLING = 1.0


class ServiceTags(msgspec.Struct, frozen=True):
    """The values of Istio's own tags for the proxy."""

    canonical_service: str
    canonical_revision: str
    mesh_id: str
    namespace: str
    cluster_id: str


class Tracing(Source, frozen=True):
    """Settings of distributed tracing. `sampling` is a percentage. `tracer` None means the tracer of the bootstrap.

    `service_tags` is None when Istio's own tags are disabled. `peer_tags` makes a waypoint report both peers.
    """

    sampling: float
    tracer: Tracer | None = None
    service_tags: ServiceTags | None = None
    peer_tags: bool = False
    custom_tags: Mapping[str, CustomTag] | None = None
    max_path_tag_length: int = 0
    request_id_sampling: bool = True  # the request id contains the decision
    context_propagation: bool = True
    origins: tuple[Origin, ...] = ()

    def __hash__(self) -> int:
        """A hash of what distinguishes most settings; custom tags are not hashable."""
        return hash((self.sampling, self.tracer, self.service_tags, self.origins))


class TracedProxy(msgspec.Struct, frozen=True):
    """A proxy, its settings, and the name of the service in its traces."""

    proxy: Proxy
    config: ProxyConfig
    span_name: str


def tracing(
    snapshot: Snapshot, traced: TracedProxy, blocks: tuple[TracingBlock, ...], mode: WorkloadMode
) -> Tracing | None:
    """The tracing that all applicable Telemetries configure; None when nothing is traced."""
    proxy, index, settings = traced.proxy, snapshot.telemetry, traced.config.tracing or ProxyTracing.model_construct()
    defaults = index.defaults.tracing
    if not blocks and not defaults:
        return _of_proxy_config(proxy, settings) if snapshot.mesh.enable_tracing else None
    merged = _merged(blocks, _MergedTracing(provider=defaults[0] if defaults else ""), mode)
    provider = index.provider(merged.provider)
    if merged.disabled or provider is None:
        return None
    naming = SpanNaming(traced.span_name, snapshot.behaviour.otel_conventions)
    exporter = tracer(snapshot.services, proxy, provider, naming)
    if exporter is None:
        return None
    fallback = _sampling(settings) if merged.sampling is None else merged.sampling
    return Tracing(
        sampling=100.0 if exporter.decides_sampling else fallback,
        tracer=exporter,
        service_tags=_service_tags(proxy) if merged.istio_tags else None,
        peer_tags=proxy.type is ProxyType.WAYPOINT,
        custom_tags=_known_tags(merged.custom_tags, proxy) if merged.custom_tags else _proxy_tags(settings),
        max_path_tag_length=exporter.max_path_tag_length or settings.max_path_tag_length,
        request_id_sampling=merged.request_id_sampling,
        context_propagation=merged.context_propagation or not proxy.capabilities.no_context_propagation,
        origins=merged.origins,
    )


class _MergedTracing(msgspec.Struct, frozen=True):
    """The settings of the blocks read so far. For each field, the last block that sets it wins."""

    provider: str = ""
    disabled: bool = False
    sampling: float | None = None
    custom_tags: Mapping[str, TelemetryTag] | None = None
    request_id_sampling: bool = True
    istio_tags: bool = True
    context_propagation: bool = True
    origins: tuple[Origin, ...] = ()


def _merged(blocks: tuple[TracingBlock, ...], merged: _MergedTracing, mode: WorkloadMode) -> _MergedTracing:
    for block in blocks:
        if concerns(block.match, mode):
            merged = _over(merged, block)
    return merged


def _over(merged: _MergedTracing, block: TracingBlock) -> _MergedTracing:
    propagation = None if block.disable_context_propagation is None else not block.disable_context_propagation
    written: Mapping[str, Any] = {
        "provider": block.providers[0].name if block.providers else None,
        "disabled": block.disable_span_reporting,
        "sampling": block.random_sampling_percentage,
        "custom_tags": block.custom_tags if "custom_tags" in block.model_fields_set else None,
        "request_id_sampling": block.use_request_id_for_trace_sampling,
        "istio_tags": block.enable_istio_tags,
        "context_propagation": propagation,
    }
    changes = {name: value for name, value in written.items() if value is not None}
    return replace(merged, **changes, origins=(block.origin, *merged.origins))


def _of_proxy_config(proxy: Proxy, settings: ProxyTracing) -> Tracing:
    return Tracing(
        sampling=_sampling(settings),
        service_tags=None if settings.enable_istio_tags is False else _service_tags(proxy),
        peer_tags=proxy.type is ProxyType.WAYPOINT,
        custom_tags=_proxy_tags(settings),
        max_path_tag_length=settings.max_path_tag_length,
    )


def _sampling(settings: ProxyTracing) -> float:
    """The percentage to trace. A value above 100 falls back to the default."""
    return settings.sampling if settings.sampling and settings.sampling <= 100 else DEFAULT_SAMPLING


def _proxy_tags(settings: ProxyTracing) -> Mapping[str, ProxyTag]:
    """The tags of the proxy config that have a value."""
    return {name: tag for name, tag in settings.custom_tags.items() if tag.model_fields_set}


def _known_tags(tags: Mapping[str, TelemetryTag], proxy: Proxy) -> Mapping[str, TelemetryTag]:
    """The tags that the proxy's version supports."""
    if proxy.capabilities.formatter_tags:
        return tags
    return {name: tag for name, tag in tags.items() if tag.formatter is None}


def _service_tags(proxy: Proxy) -> ServiceTags:
    labels, metadata = proxy.labels, proxy.node_metadata
    return ServiceTags(
        canonical_service=labels.get("service.istio.io/canonical-name") or "unknown",
        canonical_revision=labels.get("service.istio.io/canonical-revision") or "latest",
        mesh_id=metadata.mesh_id or "unknown",
        namespace=metadata.namespace or "default",
        cluster_id=metadata.cluster_id or "unknown",
    )
