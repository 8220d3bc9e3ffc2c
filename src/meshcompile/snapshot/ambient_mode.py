"""Ambient mode in a mesh that is not said to have it, and what is not compiled of it."""

from collections.abc import Iterable, Iterator

from meshcompile.codes.mesh import AMBIENT_NOT_SAID, UNSUPPORTED_AMBIENT
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document, Origin
from meshcompile.inject.decision import DATAPLANE_MODE, is_ambient
from meshcompile.models.base import Resource
from meshcompile.values.labels import NO_LABELS


def ambient_findings(resources: Iterable[Resource], *, ambient: bool) -> Iterator[Diagnostic]:
    """Findings about ambient mode: what is not compiled, or that the mesh is said to be without it."""
    if ambient:
        yield UNSUPPORTED_AMBIENT(Origin(Document("<mesh>", {})), name="")
        return
    for each in resources:
        if each.kind == "Namespace" and is_ambient(each.metadata.labels, NO_LABELS):
            place = each.origin.at("metadata", "labels", DATAPLANE_MODE)
            yield AMBIENT_NOT_SAID(place, name=each.name, namespace=each.name)
