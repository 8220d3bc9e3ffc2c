"""What a proxy reports about the traffic of one class: metrics, traces, access logs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from meshcompile.models.mesh.proxy_config import CustomTag
from meshcompile.resolve.traffic import TrafficClass
from meshcompile.resolve.view import View

# Share of the requests that are traced when nobody says, in percent.
DEFAULT_SAMPLING = 1.0


@dataclass(frozen=True)
class Tracing:
    """Settings of distributed tracing; percentages. `service_tags` is None when Istio's own tags are switched off."""

    sampling: float
    service_tags: Mapping[str, str] | None
    custom_tags: Mapping[str, CustomTag] = field(default_factory=dict)
    max_path_tag_length: int = 0


@dataclass(frozen=True)
class Telemetry:
    """What is reported of one traffic class; `stats` says whether Istio's standard metrics are."""

    traffic_class: TrafficClass
    stats: bool
    tracing: Tracing | None


def telemetry(view: View, traffic_class: TrafficClass) -> Telemetry:
    """The telemetry of a traffic class of a proxy."""
    providers = view.snapshot.mesh.default_providers
    metrics = providers.metrics if providers is not None else ()
    return Telemetry(
        traffic_class=traffic_class,
        stats="prometheus" in {name.lower() for name in metrics},
        tracing=_mesh_tracing(view) if view.snapshot.mesh.enable_tracing else None,
    )


def _mesh_tracing(view: View) -> Tracing:
    settings = view.proxy_config.tracing
    if settings is None:
        return Tracing(DEFAULT_SAMPLING, _service_tags(view))
    return Tracing(
        sampling=_sampling(settings.sampling),
        service_tags=None if settings.enable_istio_tags is False else _service_tags(view),
        custom_tags=settings.custom_tags,
        max_path_tag_length=settings.max_path_tag_length,
    )


def _sampling(percent: float) -> float:
    """The share to trace; an impossible one falls back to the default."""
    return percent if 0 < percent <= 100 else DEFAULT_SAMPLING


def _service_tags(view: View) -> Mapping[str, str]:
    labels, metadata = view.proxy.labels, view.proxy.metadata
    return {
        "istio.canonical_revision": labels.get("service.istio.io/canonical-revision") or "latest",
        "istio.canonical_service": labels.get("service.istio.io/canonical-name") or "unknown",
        "istio.mesh_id": str(metadata.get("MESH_ID") or "unknown"),
        "istio.namespace": str(metadata.get("NAMESPACE") or "default"),
        "istio.cluster_id": str(metadata.get("CLUSTER_ID") or "unknown"),
    }
