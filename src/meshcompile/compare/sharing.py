"""Two meshes that share what they have in common, so that only what differs is compiled twice.

The later mesh gets the objects of the earlier one wherever the text is the same. It then keeps every answer that does
not depend on a change, as `Mesh.updated` does, and messages that do not change are the same Python objects.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from msgspec import Struct

from meshcompile.accept import Accepted
from meshcompile.documents import Document, Origin
from meshcompile.mesh import Mesh
from meshcompile.models.base import Resource

Key = tuple[str, str, str, str]


class LaterMesh(Struct, frozen=True, eq=False):
    """A mesh that shares objects with an earlier one.

    `documents` are its own documents, by the identity of the earlier ones that stand for them.
    """

    mesh: Mesh
    documents: Mapping[int, Document]

    def place(self, origin: Origin) -> Origin:
        """A place in the later input, for a place in a shared object."""
        own = self.documents.get(id(origin.document))
        return origin if own is None else Origin(own, origin.path)


def sharing(earlier: Mesh, later: Mesh) -> LaterMesh:
    """The later mesh, with the objects and the answers of the earlier one. It gives every proxy the same as before."""
    if earlier is later or not _is_comparable(earlier, later):
        return LaterMesh(later, {})
    documents: dict[int, Document] = {}
    own = _with_earlier(earlier.config_cluster, later.config_cluster, documents)
    remote = {
        name: _with_earlier(earlier.remote_clusters[name], each, documents) if name in earlier.remote_clusters else each
        for name, each in later.remote_clusters.items()
    }
    settings = earlier.settings if earlier.settings == later.settings else later.settings
    mesh = replace(
        later,
        config_cluster=own,
        remote_clusters=remote,
        settings=settings,
        behaviour=earlier.behaviour,
        jwks=earlier.jwks,
    )
    return LaterMesh(following(earlier, mesh), documents)


def following(earlier: Mesh, later: Mesh) -> Mesh:
    """The later mesh with the answers of the earlier one, which it keeps where they still hold."""
    earlier.snapshot.indexed()
    later.__dict__.update(_answers=earlier._answers.following(), _kept=earlier._kept.following())
    return later


def _is_comparable(earlier: Mesh, later: Mesh) -> bool:
    """Whether answers of one mesh can hold in the other: nothing but the input differs."""
    return (earlier.behaviour, earlier.ambient, earlier.jwks) == (later.behaviour, later.ambient, later.jwks)


def _with_earlier(earlier: Accepted, later: Accepted, documents: dict[int, Document]) -> Accepted:
    known = _by_key(earlier.resources)
    return replace(later, resources=tuple(_shared(known.get(_key(each)), each, documents) for each in later.resources))


def _by_key(resources: Iterable[Resource]) -> Mapping[Key, Resource]:
    return {_key(each): each for each in resources}


def _key(each: Resource) -> Key:
    return each.api_version, each.kind, each.namespace, each.name


def _shared(earlier: Resource | None, later: Resource, documents: dict[int, Document]) -> Resource:
    """The earlier object if it says the same."""
    if earlier is None or not _says_the_same(earlier.origin, later.origin):
        return later
    documents[id(earlier.origin.document)] = later.origin.document
    return earlier


def _says_the_same(one: Origin, other: Origin) -> bool:
    """Whether two objects come from documents of their own that say the same."""
    return bool(one and other) and not (one.path or other.path) and one.document.says_the_same(other.document)
