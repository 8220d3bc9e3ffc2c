"""What the API server's structural schemas refuse although protobuf's JSON takes it.

A number in quotes, an enum by its number, and null for anything but a wrapper are fine for istiod, which reads
protobuf's JSON; but an object with one of them never reaches it.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Literal, NamedTuple

from meshcompile.codes import models as codes
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.base import Node, ProtoEnum, nested_fields
from meshcompile.models.common import IstioStatus, Nullable
from meshcompile.models.problems import alternatives, items, wrong_choice, wrong_type
from meshcompile.source import Origin, Path


def refused(node: Node, written: Mapping[str, Any]) -> Iterator[Diagnostic]:
    """What is wrong with ``node``, which was made from ``written``, and with every node inside."""
    model = type(node)
    if None in written.values():
        yield from _nulls(node, written)
    for field in _scalars(model):
        for keys, value in _values(written.get(field.alias)):
            if isinstance(value, str) != (field.kind == "enum"):
                yield _wrong(node.origin.at(field.alias, *keys), field, value)
    for nested in nested_fields(model):
        value, below = getattr(node, nested.field), written.get(nested.spellings[0])
        if not value or below is None:
            continue
        for item, data in _pairs(value, below):
            yield from refused(item, data)


def _pairs(value: Any, below: Any) -> Iterator[tuple[Node, Mapping[str, Any]]]:
    """The nodes that a field holds, each with the data it was made from; nobody writes a status by hand."""
    match value:
        case IstioStatus():
            return
        case Node():
            yield value, below
        case tuple():
            yield from zip(value, below, strict=True)
        case Mapping():
            yield from ((item, below[name]) for name, item in value.items())


def _nulls(node: Node, written: Mapping[str, Any]) -> Iterator[Diagnostic]:
    for key, value in written.items():
        if value is None and key not in _nullable(type(node)):
            origin = node.origin.at(key)
            yield codes.NULL_VALUE(origin, field=origin.field, rejected=True)


def _values(value: Any) -> Iterator[tuple[Path, object]]:
    """The scalars in the value of a field, each with the way to it."""
    match value:
        case None:
            return
        case Mapping():
            yield from (((key,), item) for key, item in value.items())
        case list() | tuple():
            yield from (((index,), item) for index, item in enumerate(value))
        case _:
            yield (), value


def _wrong(origin: Origin, field: "Scalar", value: object) -> Diagnostic:
    if field.kind == "enum":
        return wrong_choice(origin, value, field.choices)
    return wrong_type(origin, "a whole number" if field.kind == "int" else "a number", value)


class Scalar(NamedTuple):
    """A field of numbers or enums, whose form is narrower for the API server than for protobuf."""

    alias: str
    kind: Literal["int", "float", "enum"]
    choices: tuple[str, ...] = ()


@cache
def _scalars(model: type[Node]) -> tuple[Scalar, ...]:
    """The fields of ``model`` that hold numbers and enums, alone, in lists or in maps."""
    found = ((field.alias or name, _scalar_type(field.annotation)) for name, field in model.model_fields.items())
    return tuple(_scalar(alias, kind) for alias, kind in found if kind is not None)


def _scalar(alias: str, kind: type) -> Scalar:
    if issubclass(kind, ProtoEnum):
        return Scalar(alias, "enum", tuple(member.value for member in kind))
    return Scalar(alias, "int" if kind is int else "float")


def _scalar_type(annotation: Any) -> type | None:
    """The number or enum type that a field of this type holds, None for others."""
    for part in alternatives(annotation):
        item = items(part)
        if item is not None:
            return _scalar_type(item)
        if isinstance(part, type) and (part in (int, float) or issubclass(part, ProtoEnum)):
            return part
    return None


@cache
def _nullable(model: type[Node]) -> frozenset[str]:
    """The JSON names of the fields that may be null."""
    return frozenset(field.alias or name for name, field in model.model_fields.items() if Nullable in field.metadata)
