"""Ambient mode in a mesh that is not said to have it, and what is not compiled of it."""

from collections.abc import Iterable, Iterator

from meshcompile.codes.mesh import AMBIENT_NOT_SAID, UNSUPPORTED_AMBIENT
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document, Origin
from meshcompile.models.base import Resource
from meshcompile.values.labels import NO_LABELS


def ambient_findings(resources: Iterable[Resource], *, ambient: bool) -> Iterator[Diagnostic]:
    """Findings about ambient mode: what is not compiled, or that the mesh is said to be without it."""
    if ambient:
        yield UNSUPPORTED_AMBIENT(Origin(Document("<mesh>", {})), name="")
        return
    for each in resources:
        if each.kind == "Namespace":
            yield from _of_namespace(each)


def _of_namespace(namespace: Resource) -> Iterator[Diagnostic]:
    from meshcompile.inject.decision import DATAPLANE_MODE, is_ambient  # for a fast start: few inputs have namespaces

    if is_ambient(namespace.metadata.labels, NO_LABELS):
        place = namespace.origin.at("metadata", "labels", DATAPLANE_MODE)
        yield AMBIENT_NOT_SAID(place, name=namespace.name, namespace=namespace.name)
