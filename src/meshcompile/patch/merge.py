"""Merging of Envoy configuration in canonical JSON: istiod's `pkg/proto/merge`, protobuf's merge but for durations.

What the patch says of a scalar replaces, lists grow at their end, maps get and replace entries, messages merge field by
field, and of a oneof only what was set last stays. What is zero and has no presence is not said at all, so it cannot
replace anything, not even in a wrapper. Nothing moves: what a path led to before, it leads to afterwards.
"""

from collections.abc import Mapping
from typing import Any

from meshcompile.envoy.descriptors import FieldDescriptor, MessageDescriptor, descriptor
from meshcompile.envoy.message import TYPE_URL
from meshcompile.envoy.reading import ANY, GOOGLE, SPECIAL, WRAPPED, default

Json = Mapping[str, Any]


class TypeMismatch(Exception):
    """Two packed messages of different types, which cannot be merged."""


def merged(message: str, old: Json, patch: Json) -> Json:
    """A message of this full name with a patch merged into it; neither argument is changed."""
    known = descriptor(message)
    return dict(patch) if known is None else _merged_fields(known, old, patch)


def merged_packed(old: Json, patch: Json) -> Json:
    """A packed message with one of the same type merged into it, field by field.

    Raises TypeMismatch when the types differ.
    """
    name = _packed_name(old)
    if name != _packed_name(patch):
        raise TypeMismatch(f"{_packed_name(patch)} cannot be merged into {name}")
    url = {"@type": TYPE_URL + name}
    if name in SPECIAL:
        return {**url, "value": _merged_value(name, old["value"], patch["value"])}
    return {**url, **merged(name, _without_type(old), _without_type(patch))}


def _merged_fields(message: MessageDescriptor, old: Json, patch: Json) -> Json:
    result = dict(old)
    for field in message.fields:
        name = field.json_name
        if name not in patch:
            continue
        if field.oneof:
            for other in message.oneof(field.oneof):
                if other.json_name != name:
                    result.pop(other.json_name, None)
        result[name] = _merged_field(field, result[name], patch[name]) if name in result else patch[name]
    return result


def _merged_field(field: FieldDescriptor, old: Any, patch: Any) -> Any:
    match field.cardinality:
        case "repeated":
            return [*old, *patch]
        case "map":
            return {**old, **patch}
    return _merged_value(field.type, old, patch) if field.kind == "message" else patch


def _merged_value(message: str, old: Any, patch: Any) -> Any:
    """A message of any type, in its JSON form, with a patch merged into it."""
    if message in WRAPPED:
        return old if patch == default("scalar", WRAPPED[message]) else patch
    if message == ANY:
        return _merged_any(old, patch)
    match message.removeprefix(GOOGLE):
        case "Duration" | "Timestamp":
            return patch
        case "Struct":
            return {**old, **patch}
        case "ListValue":
            return [*old, *patch]
        case "Value":
            return _merged_free_form(old, patch)
    return merged(message, old, patch)


def _merged_any(old: Json, patch: Json) -> Json:
    """A packed message inside another: replaced whole, as its bytes are; without any, they stay."""
    says_nothing = len(patch) == 1
    return old if says_nothing and _packed_name(old) == _packed_name(patch) else patch


def _merged_free_form(old: Any, patch: Any) -> Any:
    match old, patch:
        case Mapping(), Mapping():
            return {**old, **patch}
        case list(), list():
            return [*old, *patch]
    return patch


def _packed_name(packed: Json) -> str:
    return str(packed.get("@type", "")).rpartition("/")[2]


def _without_type(packed: Json) -> Json:
    return {name: value for name, value in packed.items() if name != "@type"}
