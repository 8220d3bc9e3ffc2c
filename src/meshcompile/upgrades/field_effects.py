"""What is the same for many resources: the same field changes, in resources of one type."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from meshcompile.compare.mesh_diff import ResourceGroup
from meshcompile.compare.resources import ChangeKind, ResourceChange

INDEX = re.compile(r"/\d+(?=/|$)")


class FieldExample(Struct, frozen=True):
    """One of the changes: `before` and `after` are JSON data, None for a field that is not there."""

    proxy: str
    resource: str
    pointer: str
    before: Any
    after: Any


class FieldPlace(Struct, frozen=True):
    """Workloads at which the same resources change."""

    proxies: tuple[str, ...]
    resources: tuple[str, ...]


class FieldEffect(Struct, frozen=True):
    """A field that changes in resources of one type, or resources that come or go.

    `field` is a JSON pointer with `*` in place of indexes, empty for whole resources. `proxies` and `resources` are all
    workloads and all names of resources, and `places` says which resources change at which workloads.
    """

    type: str
    change: ChangeKind
    field: str
    proxies: tuple[str, ...]
    resources: tuple[str, ...]
    places: tuple[FieldPlace, ...]
    example: FieldExample


Key = tuple[str, ChangeKind, str]


def field_effects(groups: Iterable[ResourceGroup]) -> tuple[FieldEffect, ...]:
    """The changes of resources, one for each field."""
    found: dict[Key, list[tuple[ResourceGroup, FieldExample]]] = {}
    for group in groups:
        for key, example in _examples(group):
            found.setdefault(key, []).append((group, example))
    return tuple(_effect(key, each) for key, each in found.items())


def _examples(group: ResourceGroup) -> Iterator[tuple[Key, FieldExample]]:
    for change in group.resources:
        yield from ((key, example) for key, example in _of_resource(group.proxies[0], change))


def _of_resource(proxy: str, change: ResourceChange) -> Iterator[tuple[Key, FieldExample]]:
    if change.change is not ChangeKind.CHANGED:
        yield (change.type, change.change, ""), FieldExample(proxy, change.name, "", None, None)
        return
    for field in change.fields:
        key = (change.type, change.change, INDEX.sub("/*", field.pointer))
        yield key, FieldExample(proxy, change.name, field.pointer, field.before, field.after)


def _effect(key: Key, found: Sequence[tuple[ResourceGroup, FieldExample]]) -> FieldEffect:
    places = tuple(_places(found))
    proxies = {name for place in places for name in place.proxies}
    resources = {name for place in places for name in place.resources}
    return FieldEffect(*key, tuple(sorted(proxies)), tuple(sorted(resources)), places, found[0][1])


def _places(found: Iterable[tuple[ResourceGroup, FieldExample]]) -> Iterator[FieldPlace]:
    """The places, each set of resources once."""
    changed: dict[tuple[str, ...], set[str]] = {}
    for group, example in found:
        changed.setdefault(group.proxies, set()).add(example.resource)
    at: dict[frozenset[str], set[str]] = {}
    for proxies, resources in changed.items():
        at.setdefault(frozenset(resources), set()).update(proxies)
    for names, where in at.items():
        yield FieldPlace(tuple(sorted(where)), tuple(sorted(names)))
