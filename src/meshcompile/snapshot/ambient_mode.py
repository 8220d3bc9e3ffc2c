"""Ambient mode in a mesh that is not said to have it, and what istiod does not serve of it by default."""

from collections.abc import Iterable, Iterator

from meshcompile.codes.mesh import AMBIENT_NOT_SAID, UNSUPPORTED_AMBIENT
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.base import Resource
from meshcompile.values.labels import NO_LABELS

EAST_WEST_CLASS = "istio-east-west"


def ambient_findings(resources: Iterable[Resource], *, ambient: bool) -> Iterator[Diagnostic]:
    """Findings about ambient mode: what is not served, or that the mesh is said to be without it."""
    if ambient:
        yield from _between_networks(resources)
        return
    for each in resources:
        if each.kind == "Namespace":
            yield from _of_namespace(each)


def _between_networks(resources: Iterable[Resource]) -> Iterator[Diagnostic]:
    if not any(type(each).__name__ == "KubernetesGateway" for each in resources):
        return
    from meshcompile.models.gateway_api.gateway import KubernetesGateway  # for a fast start: few meshes need it

    for gateway in (each for each in resources if isinstance(each, KubernetesGateway)):
        if gateway.spec.gateway_class_name == EAST_WEST_CLASS:
            place = gateway.origin.at("spec", "gatewayClassName")
            yield UNSUPPORTED_AMBIENT(place, what=EAST_WEST_CLASS, name=gateway.name, namespace=gateway.namespace)


def _of_namespace(namespace: Resource) -> Iterator[Diagnostic]:
    from meshcompile.inject.decision import DATAPLANE_MODE, is_ambient  # for a fast start: few inputs have namespaces

    if is_ambient(namespace.metadata.labels, NO_LABELS):
        place = namespace.origin.at("metadata", "labels", DATAPLANE_MODE)
        yield AMBIENT_NOT_SAID(place, name=namespace.name, namespace=namespace.name)
