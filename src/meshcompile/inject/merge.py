"""Strategic merge patches on Pods.

Follows `StrategicMergePatch` of k8s.io/apimachinery (pkg/util/strategicpatch). Maps merge, lists with a key merge by
it, and all else is replaced. A null removes what it stands for. Directives such as `$patch` are not read: neither the
templates nor typed containers have them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from meshcompile.inject.problems import InjectionProblem
from meshcompile.inject.typed import Json, typed
from meshcompile.inject.types import GoField, go_struct
from meshcompile.models.nulls import without_nulls

Items = Sequence[Json]


def patched_pod(pod: Json, patch: Json) -> dict[str, Any]:
    """The Pod after the patch, as Go prints it. Raises InjectionProblem for a patch of a wrong type."""
    return typed(merged(pod, patch, "Pod"), "Pod", coerce=False)


def merged(original: Json, patch: Json, type_name: str) -> dict[str, Any]:
    """An object of this type after the patch."""
    struct = go_struct(type_name)
    result = dict(original)
    for key, value in patch.items():
        field = None if struct is None else struct.field(key)
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged_value(result.get(key), value, field)
    return result


def _merged_value(original: Any, patch: Any, field: GoField | None) -> Any:
    element = "" if field is None else field.type.lstrip("*[]{}")
    match original, patch:
        case Mapping(), Mapping():
            return merged(original, patch, element if field and "{}" not in field.type else "")
        case list(), list() if field is not None and field.merge_key is not None:
            return _merged_lists(original, patch, field.merge_key, element)
        case list(), list():
            return patch
        case _:
            return without_nulls(patch)


def _merged_lists(original: Items, patch: Items, key: str, element: str) -> list[Any]:
    """The items of the patch in its order, and around them the others, where both orders allow it."""
    positions = _positions(original, key)
    named: dict[Any, int] = {}
    items: list[Json] = list(original)
    for each in patch:
        index = positions.get(_key(each, key), named.get(each[key]))
        if index is None:
            named[each[key]] = len(items)
            items.append(each)
        else:
            items[index] = merged(items[index], each, element)
    patch_order = _positions(patch, key)
    from_patch = sorted((each for each in items if _key(each, key) in patch_order), key=lambda i: patch_order[i[key]])
    others = sorted((each for each in items if each[key] not in patch_order), key=lambda i: positions[i[key]])
    return _interleaved(others, from_patch, positions, key)


def _interleaved(others: Items, from_patch: Items, positions: Mapping[Any, int], key: str) -> list[Any]:
    """The two lists, each in its order. An item that preceded one of the patch in the original still does."""
    result: list[Json] = []
    remaining = list(others)
    for each in from_patch:
        place = positions.get(each[key], -1)
        while remaining and positions.get(remaining[0][key], len(positions)) < place:
            result.append(remaining.pop(0))
        result.append(each)
    return [*result, *remaining]


def _positions(items: Items, key: str) -> dict[Any, int]:
    """The index of the first item with each key."""
    positions: dict[Any, int] = {}
    for index, each in enumerate(items):
        positions.setdefault(each.get(key), index)
    return positions


def _key(item: Json, key: str) -> Any:
    if key not in item:
        raise InjectionProblem(f"a list that injection extends has an item without `{key}`")
    return item[key]
