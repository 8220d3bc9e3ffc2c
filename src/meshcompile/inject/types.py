"""The Go types of Kubernetes' workloads: how a field is read, when it is printed, and how lists are merged.

`istioctl kube-inject` reads a workload into these types and prints them again. The table `workload_types.json` is
generated from the types. One line describes a type, and one word describes a field:

    NAME:TYPE|MARK...
    TYPE    string | bool | int32 | int64 | bytes | time | quantity | intOrString | any | a type's name
            *TYPE a pointer, []TYPE a list, {}TYPE a map
    MARK    e            absent if empty (`omitempty`)
            z            absent if zero (`omitzero`)
            merge=KEY    a patch merges this list by this key
            embedded     the field belongs to a struct that Go embeds
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from msgspec import Struct


class GoField(Struct, frozen=True):
    """A field of a type, in the order of the type."""

    name: str
    type: str
    omit_empty: bool = False
    omit_zero: bool = False
    merge_key: str | None = None
    """The key by which a patch merges the list. None if it replaces the list."""
    embedded: bool = False


class GoStruct(Struct, frozen=True):
    """A type with fields."""

    fields: Mapping[str, GoField]
    folded: Mapping[str, GoField]
    """The fields by their names in lower case: Go ignores case if no name is equal."""

    def field(self, key: str) -> GoField | None:
        """The field that Go reads a key into."""
        return self.fields.get(key) or self.folded.get(key.casefold())


_LIST = "kind:string|e apiVersion:string|e metadata:ListMeta|e"
_LIST_META = "selfLink:string|e resourceVersion:string|e continue:string|e remainingItemCount:*int64|e"
"""A List without its items, which are of any kind."""


@cache
def _table() -> Mapping[str, str]:
    table: Mapping[str, str] = json.loads(files(__package__).joinpath("workload_types.json").read_bytes())
    return table


@cache
def go_struct(name: str) -> GoStruct | None:
    """The type of this name. None for a type without fields."""
    line = _LIST if name == "List" else _table().get(name, _LIST_META if name == "ListMeta" else None)
    if line is None:
        return None
    fields = tuple(_field(word) for word in line.split())
    return GoStruct({each.name: each for each in fields}, {each.name.casefold(): each for each in reversed(fields)})


def _field(word: str) -> GoField:
    declared, *marks = word.split("|")
    name, _, type_name = declared.partition(":")
    keys = [mark.removeprefix("merge=") for mark in marks if mark.startswith("merge=")]
    return GoField(name, type_name, "e" in marks, "z" in marks, keys[0] if keys else None, "embedded" in marks)
