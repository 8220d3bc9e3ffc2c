"""From documents to accepted objects: read and validated, each once.

An object that Istio would reject is ignored. A later object of the same kind, namespace and name replaces an earlier
one, as if the files were applied in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as replace_fields
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.behaviour import ISTIO_1_30, Behaviour
from meshcompile.codes import models as codes
from meshcompile.codes.mesh import DUPLICATE_RESOURCE
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.documents import Document, Origin
from meshcompile.models.base import Resource
from meshcompile.models.read import read
from meshcompile.models.registry import find
from meshcompile.models.support import limits
from meshcompile.source.pieces import Closed, Listed, Opened, Piece, ReadEvent
from meshcompile.source.sources import ForeignFile, Sources
from meshcompile.validate import api_server_violations, istio_violations, release_violations

ONCE_PER_KIND = frozenset({codes.PASSED_OVER.id, codes.MAKES_OBJECTS.id})
"""Codes of findings about a kind. Each is reported once for all objects of the kind."""
RELATED_PLACES = 5
"""The number of further positions that such a finding lists."""


ObjectKey = tuple[str, str, str, str]
"""The group, kind, namespace and name of an object. A later object replaces an earlier one with the same key."""


class Admission(Struct, frozen=True):
    """How objects are admitted: the namespace of objects without one, and the release whose rules apply."""

    namespace: str = "default"
    behaviour: Behaviour = ISTIO_1_30


class Checked(Struct, frozen=True, eq=False, dict=True):
    """The result for one document: the object unless it is rejected, and findings about it.

    `first_problems` are those that may reject the object. `model` is the object as it was read, even if it is rejected,
    and `common_problems` are those in every release of Istio.
    """

    key: ObjectKey
    document: Document
    resource: Resource | None
    first_problems: tuple[Diagnostic, ...]
    refused: Resource | Document | None = None
    """A rejected object; its document if the object could not be read."""
    is_written: bool = True
    """False for an object that is not part of the input."""
    model: Resource | None = None
    common_problems: tuple[Diagnostic, ...] = ()

    @cached_property
    def problems(self) -> tuple[Diagnostic, ...]:
        """All findings. Those that reject nothing take as long as loading a part of the mesh, and compiling needs
        none of them.
        """
        resource = self.resource or self.refused
        if not isinstance(resource, Resource) or not self.is_written:
            return self.first_problems
        return (*self.first_problems, *api_server_violations(resource), *limits(resource))

    def under(self, behaviour: Behaviour) -> Checked:
        """The result in another release of Istio."""
        if self.model is None:
            return self
        admitted = _admitted(self.model, self.common_problems, behaviour)
        return self if admitted.first_problems == self.first_problems else admitted


Item = Checked | Diagnostic
Part = Piece | Listed | Item
"""A part of the input in order. Anything other than a piece is a finding about a whole folder."""


class ClusterInputs(Struct, frozen=True, eq=False):
    """The inputs of one cluster: paths, and the content of other inputs.

    `left_out` are real paths that count as removed, and `buffers` are texts that replace files, by real path.
    """

    given: tuple[str | Piece, ...] = ()
    left_out: frozenset[str] = frozenset()
    buffers: Mapping[str, str] = {}


NO_INPUTS = ClusterInputs()
NO_PIECES: Mapping[str, Piece] = {}


@dataclass(frozen=True)
class Accepted:
    """The accepted objects of one cluster, and all findings about the input.

    Only the objects are compared for equality. `inputs` and `parts` are the inputs and their content, for
    `Mesh.updated`.
    """

    resources: tuple[Resource, ...]
    sources: Sources = field(compare=False)
    parts: tuple[Part, ...] = field(default=(), compare=False, repr=False)
    inputs: ClusterInputs = field(default=NO_INPUTS, compare=False, repr=False)

    @cached_property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All findings about the input."""
        items = [item for part in self.parts for item in _items(part)]
        found = (each for item in items for each in (item.problems if isinstance(item, Checked) else (item,)))
        return tuple(_grouped((*found, *_replaced(item for item in items if isinstance(item, Checked)))))

    def __hash__(self) -> int:
        return hash(tuple((resource.kind, resource.full_name) for resource in self.resources))

    @property
    def rejected(self) -> tuple[Resource, ...]:
        """The objects that Istio's validation rejects, without those that an accepted object replaces."""
        given = {_key(resource) for resource in self.resources}
        return tuple(each for each in self._refused() if isinstance(each, Resource) and _key(each) not in given)

    @property
    def malformed(self) -> tuple[Document, ...]:
        """The documents whose objects the schema of the API server refuses."""
        return tuple(each for each in self._refused() if isinstance(each, Document))

    def _refused(self) -> Iterable[Resource | Document]:
        """What is rejected, the last of each key."""
        items = (item for part in self.parts for item in _items(part) if isinstance(item, Checked))
        return {item.key: item.refused for item in items if item.refused is not None}.values()

    def under(self, behaviour: Behaviour) -> Accepted:
        """The same input in another release of Istio."""
        pieces = {id(part): _piece_under(part, behaviour) for part in self.parts if isinstance(part, Piece)}
        parts = tuple(_part_under(part, pieces, behaviour) for part in self.parts)
        given = tuple(pieces.get(id(each), each) for each in self.inputs.given)
        accepted = accepted_parts(parts)
        return replace_fields(accepted, inputs=replace(self.inputs, given=given))

    def with_object(self, resource: Resource) -> Accepted:
        """These objects and one more, which is not part of the input."""
        checked = Checked(_key(resource), resource.origin.document, resource, (), is_written=False)
        added = Piece("", "", 0, 0, (), (), (checked,))
        inputs = replace(self.inputs, given=(*self.inputs.given, added))
        return replace_fields(self, resources=(*self.resources, resource), parts=(*self.parts, added), inputs=inputs)


def accepted(events: Iterable[ReadEvent], namespace: str, behaviour: Behaviour = ISTIO_1_30) -> Accepted:
    """The accepted objects. An object without a namespace belongs to `namespace`, if its kind has namespaces."""
    return accepted_parts(parts_of(events, Admission(namespace, behaviour)))


def accepted_parts(parts: tuple[Part, ...]) -> Accepted:
    """The accepted objects from what was read."""
    unique: dict[ObjectKey, Resource] = {}
    for part in parts:
        for item in _items(part):
            if isinstance(item, Checked) and item.resource is not None:
                unique[item.key] = item.resource
    return Accepted(tuple(unique.values()), _sources(parts), parts)


def checked(document: Document, admission: Admission) -> Checked:
    """The object of a document, and findings about it. The plain data of the document is dropped."""
    resource, problems = read(document, admission.namespace)
    if resource is None:
        key = _written_key(document, admission.namespace)
        document.forget()
        refused = document if any(found.rejected for found in problems) else None
        return Checked(key, document, None, problems, refused)
    document.forget()
    return _admitted(resource, (*problems, *istio_violations(resource)), admission.behaviour)


def _admitted(model: Resource, common: tuple[Diagnostic, ...], behaviour: Behaviour) -> Checked:
    """The result for an object that could be read, with the findings of one release."""
    problems = (*common, *release_violations(model, behaviour))
    key, document = _key(model), model.origin.document
    if any(found.rejected for found in problems):
        return Checked(key, document, None, problems, model, model=model, common_problems=common)
    return Checked(key, document, model, problems, model=model, common_problems=common)


def _items(part: Part) -> tuple[Item, ...]:
    match part:
        case Piece():
            return part.items
        case Listed():
            return ()
        case _:
            return (part,)


def parts_of(
    events: Iterable[ReadEvent], admission: Admission, earlier: Mapping[str, Piece] = NO_PIECES
) -> tuple[Part, ...]:
    """The parts of the input, with the objects that they hold.

    `earlier` are files, by path, as they were read before. Objects that stand where they stood are taken from there.

    Objects are built while documents are read, and the documents' plain data are dropped. Keeping both forms would
    double the memory.
    """
    return tuple(_parts(events, admission, earlier))


def _parts(events: Iterable[ReadEvent], admission: Admission, earlier: Mapping[str, Piece]) -> Iterator[Part]:
    """The parts of the input. Each file is a piece once it has been read."""
    waiting = iter(events)
    for event in waiting:
        match event:
            case Opened():
                yield _piece(event, waiting, admission, earlier.get(event.path))
            case Document():
                yield Piece("", "", 0, 1, (), (), (checked(event, admission),))
            case ForeignFile():
                yield Piece("", "", 0, 0, (), (event,), ())
            case Closed():
                pass
            case _:
                yield event


def _piece(opened: Opened, events: Iterator[ReadEvent], admission: Admission, earlier: Piece | None) -> Piece:
    """The piece of a file, text or object up to its end."""
    before = (
        {} if earlier is None else {each.document.index: each for each in earlier.items if isinstance(each, Checked)}
    )
    items: list[Item] = []
    foreign: list[ForeignFile] = []
    for event in events:
        match event:
            case Closed():
                found = tuple(item for item in items if isinstance(item, Diagnostic))
                documents = len(items) - len(found)
                return Piece(opened.path, opened.real, event.size, documents, found, tuple(foreign), tuple(items))
            case Document():
                known = before.get(event.index)
                is_known = known is not None and event.replaces(known.document)
                items.append(known if known is not None and is_known else checked(event, admission))
            case ForeignFile():
                foreign.append(event)
            case Diagnostic():
                items.append(event)
            case _:
                pass
    raise AssertionError("a piece was not closed")


def _part_under(part: Part, pieces: Mapping[int, Piece], behaviour: Behaviour) -> Part:
    match part:
        case Piece():
            return pieces[id(part)]
        case Checked():
            return part.under(behaviour)
        case _:
            return part


def _piece_under(piece: Piece, behaviour: Behaviour) -> Piece:
    return replace(piece, items=tuple(_item_under(item, behaviour) for item in piece.items))


def _item_under(item: Item, behaviour: Behaviour) -> Item:
    return item.under(behaviour) if isinstance(item, Checked) else item


def _sources(parts: Iterable[Part]) -> Sources:
    """The counts of the input."""
    pieces = [part for part in parts if isinstance(part, Piece)]
    files = {file for piece in pieces for file in _files(piece)}
    foreign = tuple(file for piece in pieces for file in piece.foreign)
    return Sources(len(files), sum(piece.documents for piece in pieces), foreign)


def _files(piece: Piece) -> Iterable[str]:
    """The names of the files with objects: one, unless the piece is an archive or standard input."""
    return {item.document.file for item in piece.items if isinstance(item, Checked)} if piece.documents else ()


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


def _key(resource: Resource) -> ObjectKey:
    group = resource.api_version.rpartition("/")[0]
    return (group, resource.kind, resource.namespace, resource.name or str(resource.origin))


def _written_key(document: Document, namespace: str) -> ObjectKey:
    """The key of a document that is not a valid object."""
    value = document.value
    api_version = value.get("apiVersion") if isinstance(value, Mapping) else None
    group = api_version.rpartition("/")[0] if isinstance(api_version, str) else ""
    found = find(api_version, document.kind) if isinstance(api_version, str) else None
    default = "" if found is not None and not found.namespaced else namespace
    return (group, document.kind, document.namespace or default, document.name or str(Origin(document)))


def _replaced(items: Iterable[Checked]) -> Iterator[Diagnostic]:
    """A warning for each object that replaces an earlier one, with both positions."""
    latest: dict[ObjectKey, Resource] = {}
    for item in items:
        if (resource := item.resource) is None:
            continue
        if earlier := latest.get(item.key):
            related = (Related("replaces this one", earlier.origin),)
            yield DUPLICATE_RESOURCE(resource, resource=resource.full_name, related=related)
        latest[item.key] = resource
