"""From documents to accepted objects: read and validated, each once.

An object that Istio would reject is ignored. A later object of the same kind, namespace and name replaces an earlier
one, as if the files were applied in order.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from meshcompile.codes import models as codes
from meshcompile.codes.mesh import DUPLICATE_RESOURCE
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.documents import Document
from meshcompile.models.base import Resource
from meshcompile.models.read import read
from meshcompile.models.support import limits
from meshcompile.source.sources import Found, Sources, Tally
from meshcompile.validate import violations

ONCE_PER_KIND = frozenset({codes.PASSED_OVER.id, codes.MAKES_OBJECTS.id})
"""Codes of findings about a kind. Each is reported once for all objects of the kind."""
RELATED_PLACES = 5
"""The number of further positions that such a finding lists."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The accepted objects of one cluster, and all findings about the input.

    Only the objects are compared for equality.
    """

    resources: tuple[Resource, ...]
    diagnostics: tuple[Diagnostic, ...] = field(compare=False)
    sources: Sources = field(compare=False)

    def __hash__(self) -> int:
        return hash(tuple((resource.kind, resource.full_name) for resource in self.resources))


def accepted(found: Iterable[Found], namespace: str) -> Accepted:
    """The accepted objects. An object without a namespace belongs to `namespace`, if its kind has namespaces.

    Objects are built while documents are read, and the documents' plain data are dropped. Keeping both forms would
    double the memory.
    """
    diagnostics: list[Diagnostic] = []
    tally = Tally()
    resources = list(_valid(tally.without_foreign(found), namespace, diagnostics))
    unique = _last_of_each(resources, diagnostics)
    return Accepted(tuple(unique.values()), tuple(_grouped(diagnostics)), tally.sources)


def _valid(found: Iterable[Document | Diagnostic], namespace: str, diagnostics: list[Diagnostic]) -> Iterator[Resource]:
    for item in found:
        if isinstance(item, Diagnostic):
            diagnostics.append(item)
            continue
        resource, problems = read(item, namespace)
        if resource is not None:
            problems = (*problems, *violations(resource), *limits(resource))
        item.forget()
        diagnostics += problems
        if resource is not None and not any(d.rejected for d in problems):
            yield resource


def _grouped(diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """The diagnostics, with one for all objects of a kind that is not read, at the position of the first."""
    groups: dict[object, list[Diagnostic]] = {}
    for number, found in enumerate(diagnostics):
        groups.setdefault((found.code, found.message) if found.code in ONCE_PER_KIND else number, []).append(found)
    for first, *others in groups.values():
        yield _with_others(first, others) if others else first


def _with_others(first: Diagnostic, others: Sequence[Diagnostic]) -> Diagnostic:
    """The first of several equal findings, with the positions of some of the others."""
    related = tuple(Related("here too", other.origin) for other in others[:RELATED_PLACES])
    return replace(first, message=f"{first.message} ({len(others) + 1} in the input)", related=related)


Key = tuple[str, str, str, str]


def _key(resource: Resource) -> Key:
    group = resource.api_version.rpartition("/")[0]
    return (group, resource.kind, resource.namespace, resource.name or str(resource.origin))


def _last_of_each(resources: Iterable[Resource], diagnostics: list[Diagnostic]) -> Mapping[Key, Resource]:
    """The resources by key. The last one wins, and a warning names both positions."""
    unique: dict[Key, Resource] = {}
    for resource in resources:
        key = _key(resource)
        if earlier := unique.get(key):
            related = (Related("replaces this one", earlier.origin),)
            diagnostics.append(DUPLICATE_RESOURCE(resource, resource=resource.full_name, related=related))
        unique[key] = resource
    return unique
