"""OpenTelemetry's attributes of a service, as the injector derives them for tracing."""

from __future__ import annotations

from collections.abc import Iterator

from meshcompile.inject.input import TemplateInput
from meshcompile.models.mesh.extension_providers import ServiceAttributeEnrichment

SERVICE_NAMESPACE = "resource.opentelemetry.io/service.namespace"
SERVICE_VERSION = "resource.opentelemetry.io/service.version"
SERVICE_INSTANCE = "resource.opentelemetry.io/service.instance.id"
VERSION_LABEL = "app.kubernetes.io/version"


def otel_attributes(given: TemplateInput) -> str:
    """The attributes, separated by commas. Empty unless a provider of the mesh asks for them."""
    asked = any(
        provider.opentelemetry is not None
        and provider.opentelemetry.service_attribute_enrichment is ServiceAttributeEnrichment.OTEL_SEMANTIC_CONVENTIONS
        for provider in given.mesh.extension_providers
    )
    return ",".join(f"{name}={value}" for name, value in _attributes(given)) if asked else ""


def _attributes(given: TemplateInput) -> Iterator[tuple[str, str]]:
    namespace = given.owner.namespace
    if value := given.annotations.get(SERVICE_NAMESPACE) or namespace:
        yield "service.namespace", value
    if value := given.annotations.get(SERVICE_VERSION) or given.labels.get(VERSION_LABEL) or _image_version(given):
        yield "service.version", value
    if value := given.annotations.get(SERVICE_INSTANCE) or _instance(given):
        yield "service.instance.id", value


def _image_version(given: TemplateInput) -> str:
    """Tag and digest of the image of a single container."""
    if len(given.containers) != 1:
        return ""
    image, _, digest = given.containers[0].get("image", "").partition("@")
    _, colon, tag = image.rpartition("/")[2].rpartition(":")
    return "@".join(each for each in (tag if colon else "", digest) if each)


def _instance(given: TemplateInput) -> str:
    if not given.containers:
        return ""
    return f"{given.owner.namespace}.$(POD_NAME).{given.containers[0]['name']}"
