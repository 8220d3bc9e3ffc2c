"""Positions of findings about a whole object, as istioctl reports them."""

from meshcompile.documents import Origin
from meshcompile.models.base import Resource
from meshcompile.values.labels import Labels


def whole(resource: Resource) -> Origin:
    """The position of an object: the first line of its document, including the comments above it."""
    return Origin(resource.origin.document.with_comments_above())


def named(resource: Resource) -> Origin:
    """The position of an object's name."""
    return resource.origin.at("metadata", "name")


def selector_place(resource: Resource, labels: Labels, *path: str) -> Origin:
    """The position of the first label, by name, of a selector at `path`; that of the object without labels."""
    return resource.origin.at(*path, min(labels)) if labels else whole(resource)
