"""Distributed tracing of a connection manager. Follows istiod's `configureTracing`."""

from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManagerTracing
from meshcompile.envoy.type import Percent
from meshcompile.envoy.type.metadata import MetadataKey, MetadataKeyPathSegment, MetadataKind, MetadataKindRequest
from meshcompile.envoy.type.tracing import (
    CustomTag,
    CustomTagEnvironment,
    CustomTagHeader,
    CustomTagLiteral,
    CustomTagMetadata,
)
from meshcompile.models.mesh.proxy_config import CustomTag as ConfiguredTag
from meshcompile.resolve.telemetry import Tracing

RBAC_METADATA = "envoy.filters.http.rbac"


def tracing(settings: Tracing | None) -> HttpConnectionManagerTracing | None:
    """The tracing of a connection manager; None when nothing is traced."""
    if settings is None:
        return None
    return HttpConnectionManagerTracing(
        client_sampling=Percent(value=100.0),
        overall_sampling=Percent(value=100.0),
        random_sampling=Percent(value=settings.sampling),
        custom_tags=tuple(sorted(_tags(settings), key=lambda tag: tag.tag)),
        max_path_tag_length=settings.max_path_tag_length or None,
    )


def _tags(settings: Tracing) -> tuple[CustomTag, ...]:
    configured = tuple(_configured(name, tag) for name, tag in settings.custom_tags.items())
    if settings.service_tags is None:
        return configured
    service = tuple(_literal(name, value) for name, value in settings.service_tags.items())
    return (*service, *DRY_RUN_TAGS, *configured)


def _literal(name: str, value: str) -> CustomTag:
    return CustomTag(tag=name, literal=CustomTagLiteral(value=value))


def _configured(name: str, tag: ConfiguredTag) -> CustomTag:
    match tag:
        case ConfiguredTag(literal=written) if written is not None:
            return _literal(name, written.value)
        case ConfiguredTag(environment=variable) if variable is not None:
            value = CustomTagEnvironment(name=variable.name, default_value=variable.default_value)
            return CustomTag(tag=name, environment=value)
        case ConfiguredTag(header=header) if header is not None:
            return CustomTag(
                tag=name, request_header=CustomTagHeader(name=header.name, default_value=header.default_value)
            )
    return CustomTag(tag=name)


def _dry_run(name: str, key: str) -> CustomTag:
    """A tag with what a policy on trial would have done, which the RBAC filter leaves in the metadata."""
    path = (MetadataKeyPathSegment(key=key),)
    return CustomTag(
        tag=f"istio.authorization.dry_run.{name}",
        metadata=CustomTagMetadata(
            kind=MetadataKind(request=MetadataKindRequest()), metadata_key=MetadataKey(key=RBAC_METADATA, path=path)
        ),
    )


DRY_RUN_TAGS = tuple(
    _dry_run(f"{action}_policy.{what}", f"istio_dry_run_{action}_shadow_{key}")
    for action in ("allow", "deny")
    for what, key in (("name", "effective_policy_id"), ("result", "engine_result"))
)
