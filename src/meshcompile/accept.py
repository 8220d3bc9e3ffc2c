"""From documents to the objects that take part: read, validated, each once.

An object that Istio would reject takes no part; a later object of the same kind, namespace and name replaces an earlier
one, as applying the files in order would.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from meshcompile.codes.mesh import DUPLICATE_RESOURCE
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.base import Resource
from meshcompile.models.read import read
from meshcompile.source import Document
from meshcompile.source.reading import Inputs
from meshcompile.validate import violations


@dataclass(frozen=True, slots=True)
class Accepted:
    """The objects of one cluster that take part, and everything there is to say about what was read."""

    resources: tuple[Resource, ...]
    diagnostics: tuple[Diagnostic, ...]


def accepted(inputs: Inputs, namespace: str) -> Accepted:
    """The objects that take part; one without a namespace, of a kind that has them, belongs to `namespace`."""
    diagnostics = list(inputs.diagnostics)
    resources = list(_valid(inputs.documents, namespace, diagnostics))
    unique = _last_of_each(resources, diagnostics)
    return Accepted(tuple(unique.values()), tuple(diagnostics))


def _valid(documents: Iterable[Document], namespace: str, diagnostics: list[Diagnostic]) -> Iterator[Resource]:
    for document in documents:
        resource, found = read(document, namespace)
        diagnostics += found
        if resource is None:
            continue
        found = tuple(violations(resource))
        diagnostics += found
        if not any(d.rejected for d in found):
            yield resource


Key = tuple[str, str, str, str]


def _key(resource: Resource) -> Key:
    group = resource.api_version.rpartition("/")[0]
    return (group, resource.kind, resource.namespace, resource.name)


def _last_of_each(resources: Iterable[Resource], diagnostics: list[Diagnostic]) -> Mapping[Key, Resource]:
    """The resources by key; the last one counts, and a warning names both places."""
    unique: dict[Key, Resource] = {}
    for resource in resources:
        key = _key(resource)
        if earlier := unique.get(key):
            related = (Related("replaces this one", earlier.origin),)
            diagnostics.append(DUPLICATE_RESOURCE(resource, related=related))
        unique[key] = resource
    return unique
