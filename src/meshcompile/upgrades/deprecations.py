"""What a mesh uses that the later release of an upgrade has deprecated: it may stop to work in a release after that."""

from collections.abc import Iterator
from operator import attrgetter

from meshcompile.analyze.checks.deprecations import deprecations as deprecated_features
from meshcompile.analyze.checks.istio_annotations import istio_annotations
from meshcompile.analyze.context import Context
from meshcompile.codes import annotations, schema, validation
from meshcompile.diagnostics import Diagnostic
from meshcompile.mesh import Mesh
from meshcompile.snapshot.discovery import discovered
from meshcompile.upgrades.deprecated_apis import deprecated_apis, deprecated_fields

CODES = frozenset(each.id for each in (annotations.DEPRECATED, schema.DEPRECATED, validation.DEPRECATED_FIELD))
"""The codes of validation and analysis for what is deprecated."""


def deprecations(mesh: Mesh, release: str) -> tuple[Diagnostic, ...]:
    """Findings about fields, values, annotations and versions that a release has deprecated, by position."""
    return tuple(sorted(set(_deprecations(mesh, release)), key=attrgetter("sort_key")))


def _deprecations(mesh: Mesh, release: str) -> Iterator[Diagnostic]:
    yield from (each for each in mesh.diagnostics if each.code in CODES)
    context = Context(discovered(mesh._resources, mesh.settings.mesh), mesh.snapshot)
    found = (*deprecated_features(context), *istio_annotations(context))
    yield from (each for each in found if each.code in CODES)
    for resource in mesh.objects:
        yield from deprecated_apis(resource, release)
    for layer in mesh.settings.mesh_layers:
        yield from deprecated_fields(layer, release)
