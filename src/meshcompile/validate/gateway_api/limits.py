"""The limits of the schema: lengths, ranges, forms, choices, and what must be present."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, get_args, get_origin

from pydantic.fields import FieldInfo

from meshcompile.codes import gateway_api as codes
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.models.base import Node
from meshcompile.models.gateway_api.base import GatewayApiNode, GatewayApiResource
from meshcompile.models.gateway_api.limits import Limits


def beyond_limits(node: Node) -> Iterator[Diagnostic]:
    """What is beyond a limit in a node and below it."""
    for field, limits, of_items in _limited_fields(type(node)):
        written, origin = field in node.model_fields_set, node.at(field)
        value = getattr(node, field)
        for limit in limits:
            if written and value is not None:
                yield from _broken(limit, value, origin)
            elif limit.required:
                yield _outside(origin, "is missing")
        for index, item in enumerate(value) if of_items and isinstance(value, tuple) else ():
            yield from (found for limit in of_items for found in _broken(limit, item, node.at(field, index)))
    for field in type(node).model_fields:
        yield from (found for below in _nodes(getattr(node, field)) for found in beyond_limits(below))


def _nodes(value: Any) -> Iterator[Node]:
    match value:
        case GatewayApiNode() | GatewayApiResource():
            yield value
        case tuple():
            yield from (item for item in value if isinstance(item, GatewayApiNode))
        case _:
            return


@cache
def _limited_fields(model: type[Node]) -> tuple[tuple[str, tuple[Limits, ...], tuple[Limits, ...]], ...]:
    """The fields with limits: those of the field itself, and those of each item of a list."""
    fields = ((name, *_limits(info)) for name, info in model.model_fields.items())
    return tuple((name, own, items) for name, own, items in fields if own or items)


def _limits(info: FieldInfo) -> tuple[tuple[Limits, ...], tuple[Limits, ...]]:
    own = tuple(each for each in info.metadata if isinstance(each, Limits))
    parts = tuple(limit for part in get_args(info.annotation) for limit in _metadata_of(part))
    return (own, parts) if get_origin(info.annotation) is tuple else ((*own, *parts), ())


def _metadata_of(part: Any) -> tuple[Limits, ...]:
    return tuple(each for each in getattr(part, "__metadata__", ()) if isinstance(each, Limits))


def _broken(limit: Limits, value: Any, origin: Origin) -> Iterator[Diagnostic]:
    """What a value breaks of a limit."""
    match value:
        case str() | tuple() | Mapping():
            size, what = len(value), "character" if isinstance(value, str) else "item"
            if limit.least is not None and size < limit.least:
                yield _outside(origin, f"must have at least {limit.least} {what}{'' if limit.least == 1 else 's'}")
            if limit.most is not None and size > limit.most:
                yield _outside(origin, f"must have at most {limit.most} {what}s")
        case int():
            if limit.least is not None and value < limit.least:
                yield _outside(origin, f"must be at least {limit.least}, found {value}")
            if limit.most is not None and value > limit.most:
                yield _outside(origin, f"must be at most {limit.most}, found {value}")
        case _:
            return
    if limit.choices and value not in limit.choices:
        names = ", ".join(str(choice) for choice in limit.choices)
        yield _outside(origin, f"must be one of {names}, found `{value}`")
    if limit.pattern and isinstance(value, str) and not re.search(limit.pattern, value):
        yield _outside(origin, f"is `{value}`, which the pattern {limit.pattern} does not match")


def _outside(origin: Origin, problem: str) -> Diagnostic:
    return codes.OUTSIDE_SCHEMA(origin, field=origin.field, problem=problem)
