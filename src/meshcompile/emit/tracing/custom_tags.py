"""Custom tags of spans. Follows istiod's `configureCustomTags`."""

from meshcompile.envoy.message import at
from meshcompile.envoy.type.metadata import MetadataKey, MetadataKeyPathSegment, MetadataKind, MetadataKindRequest
from meshcompile.envoy.type.tracing import (
    CustomTag,
    CustomTagEnvironment,
    CustomTagHeader,
    CustomTagLiteral,
    CustomTagMetadata,
)
from meshcompile.models.mesh.proxy_config import CustomTag as ProxyTag
from meshcompile.models.telemetry.telemetry import CustomTag as TelemetryTag
from meshcompile.resolve.telemetry.tracing import CustomTag as ConfiguredTag
from meshcompile.resolve.telemetry.tracing import ServiceTags, Tracing

RBAC_METADATA = "envoy.filters.http.rbac"
# The tags in which a waypoint reports both peers, and the fields of the peer metadata.
_PEER_FIELDS = {
    "workload": "workload",
    "namespace": "namespace",
    "cluster_id": "cluster",
    "canonical_service": "service",
    "canonical_revision": "revision",
    "app": "app",
    "app_version": "version",
    "workload_type": "type",
    "instance_name": "name",
}


def custom_tags(settings: Tracing) -> tuple[CustomTag, ...]:
    """All tags, by name."""
    tags = (
        *(() if settings.service_tags is None else _istio_tags(settings.service_tags)),
        *(PEER_TAGS if settings.peer_tags else ()),
        *(at(_configured(name, tag), tag.origin) for name, tag in (settings.custom_tags or {}).items()),
    )
    return tuple(sorted(tags, key=lambda tag: tag.tag))


def _istio_tags(service: ServiceTags) -> tuple[CustomTag, ...]:
    return (
        _literal("istio.canonical_revision", service.canonical_revision),
        _literal("istio.canonical_service", service.canonical_service),
        _literal("istio.mesh_id", service.mesh_id),
        _literal("istio.namespace", service.namespace),
        _literal("istio.cluster_id", service.cluster_id),
        *DRY_RUN_TAGS,
    )


def _literal(name: str, value: str) -> CustomTag:
    return CustomTag(tag=name, literal=CustomTagLiteral(value=value))


def _configured(name: str, tag: ConfiguredTag) -> CustomTag:
    match tag:
        case ProxyTag(literal=written) | TelemetryTag(literal=written) if written is not None:
            return _literal(name, written.value)
        case ProxyTag(environment=read) | TelemetryTag(environment=read) if read is not None:
            value = CustomTagEnvironment(name=read.name, default_value=read.default_value)
            return CustomTag(tag=name, environment=value)
        case ProxyTag(header=header) | TelemetryTag(header=header) if header is not None:
            value_of_header = CustomTagHeader(name=header.name, default_value=header.default_value)
            return CustomTag(tag=name, request_header=value_of_header)
        case TelemetryTag(formatter=formatter) if formatter is not None:
            return CustomTag(tag=name, value=formatter.value)
    return CustomTag(tag=name)


def _dry_run(name: str, key: str) -> CustomTag:
    """A tag with the result of a dry-run policy, which the RBAC filter records in the metadata."""
    path = (MetadataKeyPathSegment(key=key),)
    return CustomTag(
        tag=f"istio.authorization.dry_run.{name}",
        metadata=CustomTagMetadata(
            kind=MetadataKind(request=MetadataKindRequest()), metadata_key=MetadataKey(key=RBAC_METADATA, path=path)
        ),
    )


def _peer(side: str, state: str) -> tuple[CustomTag, ...]:
    return tuple(
        CustomTag(tag=f"istio.{side}_{tag}", value=f"%FILTER_STATE({state}:FIELD:{field})%")
        for tag, field in _PEER_FIELDS.items()
    )


DRY_RUN_TAGS = tuple(
    _dry_run(f"{action}_policy.{what}", f"istio_dry_run_{action}_shadow_{key}")
    for action in ("allow", "deny")
    for what, key in (("name", "effective_policy_id"), ("result", "engine_result"))
)
PEER_TAGS = (*_peer("destination", "upstream_peer_obj"), *_peer("source", "downstream_peer_obj"))
