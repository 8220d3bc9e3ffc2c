"""The base of the models of the Gateway API.

The API server drops fields that its schema does not have and stores the object without them. So an unknown field is
reported, and the object takes part.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ConfigDict

from meshcompile.diagnostics import Diagnostic
from meshcompile.models.base import Node, Resource, nested_fields, spellings
from meshcompile.models.problems import unknown_field


class GatewayApiNode(Node):
    """A part of an object of the Gateway API."""

    model_config = ConfigDict(extra="ignore")


class GatewayApiResource(Resource):
    """An object of the Gateway API."""

    model_config = ConfigDict(extra="ignore")

    status: Mapping[str, Any] = {}
    """What controllers report. istiod writes it, and reads only the addresses of waypoints in it."""


def pruned_fields(node: Node, written: Mapping[str, Any]) -> Iterator[Diagnostic]:
    """The fields below `node`, which was made from `written`, that the API server drops."""
    if not isinstance(node, GatewayApiNode | GatewayApiResource):
        return
    names = {name for field in spellings(type(node)).values() for name in field[:1]}
    for key, value in written.items():
        if key not in names:
            yield unknown_field(node.origin.at(key), names, rejected=False)
        elif (nested := nested_fields(type(node)).get(key)) is not None and value is not None:
            for below, item in _pairs(getattr(node, nested.field), value):
                yield from pruned_fields(below, item)


def _pairs(nodes: Node | tuple[Node, ...] | None, written: Any) -> Iterator[tuple[Node, Mapping[str, Any]]]:
    match nodes:
        case None:
            return
        case tuple():
            yield from zip(nodes, written, strict=True)
        case node:
            yield node, written
