"""Checks that several kinds share: ports, choices, and unique items."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from meshcompile.codes import validation as codes
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.base import Node
from meshcompile.models.problems import wrong_choice
from meshcompile.validate.object_names import PORT_NAME, name

PROTOCOLS = ("TCP", "UDP", "SCTP")

N = TypeVar("N", bound=Node)


def protocol(port: Node) -> Iterable[Diagnostic]:
    """A protocol that is not a transport protocol."""
    return choice(port, "protocol", PROTOCOLS)


def choice(node: Node, field: str, choices: tuple[str, ...]) -> Iterable[Diagnostic]:
    """A text that is not one of the field's choices. An empty text counts as absent."""
    value: str | None = getattr(node, field)
    return () if not value or value in choices else (wrong_choice(node.at(field), value, choices),)


def number_or_name(node: Node, field: str) -> Iterable[Diagnostic]:
    """A port that is neither a valid number nor a valid name. An absent port is skipped."""
    match getattr(node, field):
        case int(number) if number:
            return number_in_range(node, field)
        case str():
            return name(node, field, PORT_NAME)
        case _:
            return ()


def number_in_range(node: Node, field: str) -> Iterable[Diagnostic]:
    """A number that is not a valid port."""
    number: int = getattr(node, field)
    return () if 1 <= number <= 65535 else (codes.PORT(node.at(field), port=number),)


def names_required(ports: Sequence[Node]) -> Iterable[Diagnostic]:
    """Ports without a name in a list of several ports."""
    reason = ": names tell several ports apart"
    return [finding for port in ports for finding in required(port, "name", reason)] if len(ports) > 1 else ()


def repeated(nodes: Sequence[N], *fields: str) -> Iterable[N]:
    """The nodes with the same values as an earlier one in all these fields, except nodes with only empty values."""
    if len(nodes) < 2:
        return ()
    values = [tuple(getattr(node, field) for field in fields) for node in nodes]
    if len(set(values)) == len(nodes):
        return ()
    first: dict[tuple[object, ...], N] = {}
    keyed = zip(nodes, values, strict=True)
    return [node for node, key in keyed if "" not in key and first.setdefault(key, node) is not node]


def unique(nodes: Sequence[Node], field: str, what: str) -> Iterable[Diagnostic]:
    """Nodes with the same value of the field as an earlier one."""
    twice = repeated(nodes, field)
    return [codes.DUPLICATE(node.at(field), what=what, value=getattr(node, field)) for node in twice]


def required(node: Node, field: str, reason: str = "") -> Iterable[Diagnostic]:
    """A field that is absent or empty."""
    return () if getattr(node, field) else (codes.MISSING(node, field=node.at(field).field, reason=reason),)
