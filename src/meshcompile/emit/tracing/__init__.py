"""Distributed tracing of a connection manager. Follows istiod's `configureTracing`."""

from meshcompile.emit.tracing.custom_tags import custom_tags
from meshcompile.emit.tracing.tracers import tracer
from meshcompile.envoy.extensions.filters.network.http_connection_manager import (
    HttpConnectionManagerTracing,
    RequestIDExtension,
)
from meshcompile.envoy.extensions.request_id.uuid import UuidRequestIdConfig
from meshcompile.envoy.message import at
from meshcompile.envoy.type import Percent
from meshcompile.queries import derived
from meshcompile.resolve.telemetry import Tracing

_ALL = Percent(value=100.0)
_REQUEST_ID = {
    sampling: RequestIDExtension(typed_config=UuidRequestIdConfig(use_request_id_for_trace_sampling=sampling))
    for sampling in (True, False)
}


def tracing(settings: Tracing | None) -> HttpConnectionManagerTracing | None:
    """The tracing of a connection manager; None without tracing."""
    return None if settings is None else _tracing(settings)


@derived
def _tracing(settings: Tracing) -> HttpConnectionManagerTracing:
    exporter = settings.tracer
    tracing = HttpConnectionManagerTracing(
        client_sampling=_ALL,
        overall_sampling=_ALL,
        random_sampling=Percent(value=settings.sampling) if settings.sampling else Percent(),  # JSON omits 0
        custom_tags=custom_tags(settings),
        max_path_tag_length=settings.max_path_tag_length or None,
        provider=None if exporter is None else tracer(exporter.backend),
        spawn_upstream_span=True if exporter is not None and exporter.spawn_upstream_span else None,
        no_context_propagation=not settings.context_propagation,
    )
    return at(tracing, settings.origins)


def request_id_extension(settings: Tracing | None) -> RequestIDExtension:
    """How Envoy generates request ids, and whether they contain the sampling decision."""
    return _REQUEST_ID[settings is None or settings.request_id_sampling]
