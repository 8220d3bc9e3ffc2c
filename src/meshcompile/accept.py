"""From documents to the objects that take part: read, validated, each once.

An object that Istio would reject takes no part; a later object of the same kind, namespace and name replaces an earlier
one, as applying the files in order would.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from meshcompile.codes import models as codes
from meshcompile.codes.mesh import DUPLICATE_RESOURCE
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.base import Resource
from meshcompile.models.read import read
from meshcompile.models.support import limits
from meshcompile.source import Document
from meshcompile.source.sources import Found, Sources, Tally
from meshcompile.validate import violations

ONCE_PER_KIND = frozenset({codes.PASSED_OVER.id, codes.MAKES_OBJECTS.id})
"""Codes of findings that are about a kind: they are given once for all of its objects."""
RELATED_PLACES = 5
"""How many further places such a finding names."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The objects of one cluster that take part, and everything there is to say about what was read.

    The objects alone decide about equality.
    """

    resources: tuple[Resource, ...]
    diagnostics: tuple[Diagnostic, ...] = field(compare=False)
    sources: Sources = field(compare=False)

    def __hash__(self) -> int:
        return hash(tuple((resource.kind, resource.full_name) for resource in self.resources))


def accepted(found: Iterable[Found], namespace: str) -> Accepted:
    """The objects that take part; one without a namespace, of a kind that has them, belongs to `namespace`.

    Objects are made as documents are found, and the documents' own data forgotten: two forms of all at once would
    take twice the memory.
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
    """The diagnostics with one for all objects of a kind that is not read, at the place of the first."""
    groups: dict[object, list[Diagnostic]] = {}
    for number, found in enumerate(diagnostics):
        groups.setdefault((found.code, found.message) if found.code in ONCE_PER_KIND else number, []).append(found)
    for first, *others in groups.values():
        yield _with_others(first, others) if others else first


def _with_others(first: Diagnostic, others: Sequence[Diagnostic]) -> Diagnostic:
    """The first of several that say the same, with the places of some of the others."""
    related = tuple(Related("here too", other.origin) for other in others[:RELATED_PLACES])
    return replace(first, message=f"{first.message} ({len(others) + 1} in the input)", related=related)


Key = tuple[str, str, str, str]


def _key(resource: Resource) -> Key:
    group = resource.api_version.rpartition("/")[0]
    return (group, resource.kind, resource.namespace, resource.name or str(resource.origin))


def _last_of_each(resources: Iterable[Resource], diagnostics: list[Diagnostic]) -> Mapping[Key, Resource]:
    """The resources by key; the last one counts, and a warning names both places."""
    unique: dict[Key, Resource] = {}
    for resource in resources:
        key = _key(resource)
        if earlier := unique.get(key):
            related = (Related("replaces this one", earlier.origin),)
            diagnostics.append(DUPLICATE_RESOURCE(resource, resource=resource.full_name, related=related))
        unique[key] = resource
    return unique
