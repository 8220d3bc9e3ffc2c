"""What many kinds have in common: ports, choices, and items that must be there once."""

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
    """A protocol that is none of the transport protocols."""
    return choice(port, "protocol", PROTOCOLS)


def choice(node: Node, field: str, choices: tuple[str, ...]) -> Iterable[Diagnostic]:
    """A text that is none of those that the field takes; an empty one is absent."""
    value: str | None = getattr(node, field)
    return () if not value or value in choices else (wrong_choice(node.at(field), value, choices),)


def number_or_name(node: Node, field: str) -> Iterable[Diagnostic]:
    """A port that is neither a number of one nor a name; absent ones are not looked at."""
    match getattr(node, field):
        case int(number) if number:
            return number_in_range(node, field)
        case str():
            return name(node, field, PORT_NAME)
        case _:
            return ()


def number_in_range(node: Node, field: str) -> Iterable[Diagnostic]:
    """A number that is not one of a port."""
    number: int = getattr(node, field)
    return () if 1 <= number <= 65535 else (codes.PORT(node.at(field), port=number),)


def names_required(ports: Sequence[Node]) -> Iterable[Diagnostic]:
    """Ports without a name where there are several, which only names tell apart."""
    reason = ": several ports are told apart by their names"
    return (found for port in ports for found in required(port, "name", reason)) if len(ports) > 1 else ()


def repeated(nodes: Sequence[N], *fields: str) -> Iterable[N]:
    """The nodes that say the same as an earlier one in all these fields; empty texts say nothing."""
    if len(nodes) < 2:
        return ()
    first: dict[tuple[object, ...], N] = {}
    said = ((node, tuple(getattr(node, field) for field in fields)) for node in nodes)
    return [node for node, key in said if "" not in key and first.setdefault(key, node) is not node]


def unique(nodes: Sequence[Node], field: str, what: str) -> Iterable[Diagnostic]:
    """Nodes that have the same name, or the like, as an earlier one."""
    twice = repeated(nodes, field)
    return [codes.DUPLICATE(node.at(field), what=what, value=getattr(node, field)) for node in twice]


def required(node: Node, field: str, reason: str = "") -> Iterable[Diagnostic]:
    """A field that is absent or empty."""
    return () if getattr(node, field) else (codes.MISSING(node, field=node.at(field).field, reason=reason),)
