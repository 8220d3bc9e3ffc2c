"""Nulls in Istio's objects. The API server accepts null only for protobuf's wrapper types.

Pydantic accepts null for every optional field, because in Python None stands for an absent field.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import chain
from typing import Any

from meshcompile.codes import models as codes
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.base import Node, Resource, nested_fields, spellings
from meshcompile.models.common import IstioStatus, Nullable


def refused_nulls(resource: Resource, written: Mapping[str, Any]) -> Iterator[Diagnostic]:
    """The nulls in ``written`` that the API server rejects. ``resource`` was built from ``written``."""
    return _nulls(resource, written)


def without_nulls(value: Any) -> Any:
    """The data without null fields."""
    match value:
        case Mapping():
            return {key: without_nulls(item) for key, item in value.items() if item is not None}
        case list():
            return [without_nulls(item) for item in value]
        case _:
            return value


def _nulls(node: Node, written: Mapping[str, Any]) -> Iterator[Diagnostic]:
    for key, value in written.items():
        nested = nested_fields(type(node)).get(key)
        if value is None and key not in _nullable(type(node)):
            origin = node.origin.at(key)
            yield codes.NULL_VALUE(origin, field=origin.field, rejected=True)
        elif nested is not None:
            for item, below in _pairs(getattr(node, nested.field), value):
                yield from _nulls(item, below)


def _pairs(value: Any, written: Any) -> Iterator[tuple[Node, Mapping[str, Any]]]:
    """The nodes in a field, each with the data it was built from. Skips the status, which no user writes."""
    match value:
        case IstioStatus():
            return
        case Node():
            yield value, written
        case tuple():
            yield from zip(value, written, strict=True)
        case Mapping():
            yield from zip(value.values(), written.values(), strict=False)
        case _:
            pass


@cache
def _nullable(model: type[Node]) -> frozenset[str]:
    """The spellings of the fields that may be null."""
    spelt = (spellings(model)[name] for name, field in model.model_fields.items() if Nullable in field.metadata)
    return frozenset(chain({"status"}, *spelt))
