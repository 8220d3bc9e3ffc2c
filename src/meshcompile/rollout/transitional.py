"""Versions of objects that have what both sides have, for a change that no order makes safe.

If one object replaces a subset and another routes to it, each order has a moment in which a route leads to nothing. A
version with both subsets is applied first, and the final one at the end.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from meshcompile.accept import Admission, checked
from meshcompile.documents import Document
from meshcompile.models.base import Resource
from meshcompile.rollout.edits import ObjectEdit, Verb

KEPT: Mapping[str, tuple[tuple[str, str], ...]] = {
    "DestinationRule": (("subsets", "name"),),
    "Service": (("ports", "port"),),
    "ServiceEntry": (("hosts", ""), ("ports", "number"), ("endpoints", "address")),
}
"""The lists of each kind whose items both versions are to have, and the field that names an item."""


def in_two_phases(edits: Sequence[ObjectEdit], blocked: Sequence[ObjectEdit]) -> tuple[ObjectEdit, ...] | None:
    """The edits, with a transitional version of each blocked object that can have one; None if there is none."""
    versions = {each.id: version for each in blocked if (version := _version(each)) is not None}
    if not versions:
        return None
    return tuple(sorted(_with_versions(edits, versions), key=lambda edit: (_phase(edit, versions), edit.rank)))


def _with_versions(edits: Sequence[ObjectEdit], versions: Mapping[Any, Resource]) -> Iterator[ObjectEdit]:
    for edit in edits:
        version = versions.get(edit.id)
        if version is None:
            yield edit
        else:
            yield ObjectEdit(edit.id, edit.before, version, edit.place, is_transitional=True)
            yield ObjectEdit(edit.id, version, edit.after, edit.place)


def _phase(edit: ObjectEdit, versions: Mapping[Any, Resource]) -> int:
    """Transitional versions come before what they are for, and final ones after it."""
    return 1 if edit.id in versions and not edit.is_transitional else 0


def _version(edit: ObjectEdit) -> Resource | None:
    """An object with what both of its versions have; None if it needs none."""
    if edit.verb is not Verb.CHANGE or edit.before is None or edit.after is None or edit.id[2] not in KEPT:
        return None
    old, new = edit.before.origin.document.value, edit.after.origin.document.value
    merged = _merged(old, new, KEPT[edit.id[2]])
    if merged in (old, new):
        return None
    return checked(Document("<transitional>", merged), Admission(edit.after.namespace)).resource


def _merged(old: Mapping[str, Any], new: Mapping[str, Any], lists: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The new data, with the items of some lists that only the old data has."""
    was, now = old.get("spec") or {}, new.get("spec") or {}
    spec = {**now}
    for field, key in lists:
        mine, others = list(now.get(field) or ()), list(was.get(field) or ())
        names = [_name(item, key) for item in mine]
        if both := [*mine, *(item for item in others if _name(item, key) not in names)]:
            spec[field] = both
    return {**new, "spec": spec}


def _name(item: Any, key: str) -> Any:
    return item.get(key) if key and isinstance(item, dict) else item
