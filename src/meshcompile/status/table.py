"""Statuses as text: a table of the conditions, with what is wrong below each row. It has at most 100 columns, unless a
name is longer.
"""

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from msgspec import Struct

from meshcompile.snapshot.gateway_api.conditions import StatusCondition
from meshcompile.status.objects import (
    GatewayStatus,
    ObjectStatus,
    OwnConditions,
    PolicyStatus,
    Reference,
    ReferenceStatus,
    RouteStatus,
    is_pending,
    is_problem,
)

WIDTH = 100
TYPES = ("Accepted", "ResolvedRefs", "Programmed")
"""The types of conditions that have a column."""
HEADER = ("OBJECT", "ACCEPTED", "RESOLVED", "PROGRAMMED", "ROUTES")
BOUND = "istio.io/WaypointBound"
ALSO_ACCEPTED = (BOUND, "WaypointAccepted", "ZtunnelAccepted")
"""The types of conditions of ambient meshes that stand in the column of Accepted."""
CELL_WIDTHS = (10, 10, 12, 6)
WIDEST_NAME = WIDTH - sum(CELL_WIDTHS) - 2
NO_REMARK = frozenset({"All waypoints resolved"})


class StatusRow(Struct, frozen=True):
    """A line of the table: an object, or a part of one below it."""

    name: str
    conditions: tuple[StatusCondition, ...] = ()
    routes: str = ""
    remark: str = ""


def status_table(statuses: Iterable[ObjectStatus]) -> str:
    """The table, ending in a newline."""
    rows = [row for status in statuses for row in _rows(status)]
    width = min(max((len(row.name) for row in rows), default=0), WIDEST_NAME)
    lines = (line for row in rows for line in _lines(row, width))
    return "".join(f"{line.rstrip()}\n" for line in (_cells(HEADER[0], HEADER[1:], width), *lines))


# ---- rows


def _rows(of: ObjectStatus) -> Iterator[StatusRow]:
    name = f"{of.kind}/{of.name}{f'.{of.namespace}' if of.namespace else ''}"
    match of.status:
        case OwnConditions(conditions=conditions):
            yield StatusRow(name, conditions, remark="; ".join(_bound_to(conditions)))
        case GatewayStatus() as status:
            yield StatusRow(name, status.conditions, remark=_remark(status))
            for listener in status.listeners:
                yield StatusRow(f"  listener {listener.name}", listener.conditions, str(listener.attached_routes))
        case RouteStatus(parents=entries) | PolicyStatus(ancestors=entries):
            yield StatusRow(name, remark="" if entries else "attaches to nothing that Istio serves")
            yield from (_entry(entry, of.namespace) for entry in entries)


def _bound_to(conditions: Iterable[StatusCondition]) -> Iterator[str]:
    """What istiod says about the waypoint of a Service."""
    return (each.message for each in conditions if each.type == BOUND and each.status == "True")


def _remark(status: GatewayStatus) -> str:
    sets = f"{status.attached_listener_sets} ListenerSets" if status.attached_listener_sets else ""
    addresses = ", ".join(address.value for address in status.addresses)
    return "; ".join(filter(None, (addresses and f"addresses: {addresses}", sets)))


def _entry(entry: ReferenceStatus, namespace: str) -> StatusRow:
    return StatusRow(f"  at {_named(entry.reference, namespace)}", entry.conditions)


def _named(reference: Reference, namespace: str) -> str:
    """`Gateway/web.shop port 80 listener http`."""
    elsewhere = f".{reference.namespace}" if reference.namespace not in (None, namespace) else ""
    section = f" {reference.section_name}" if reference.section_name else ""
    port = f":{reference.port}" if reference.port else ""
    return f"{reference.kind}/{reference.name}{elsewhere}{port}{section}"


# ---- lines


def _lines(row: StatusRow, width: int) -> Iterator[str]:
    found = {each.type: each for each in row.conditions}
    accepted = next((found[kind] for kind in ALSO_ACCEPTED if kind in found), None)
    found = found if accepted is None else {"Accepted": accepted, **found}
    cells = [_cell(found.get(kind)) for kind in TYPES] if row.conditions else [""] * len(TYPES)
    yield _cells(row.name, (*cells, row.routes), width)
    if row.remark:
        yield from _wrapped(row.remark)
    for condition in row.conditions:
        yield from _explained(condition)


def _cells(name: str, cells: Sequence[str], width: int) -> str:
    return f"{name:<{width}}  " + "".join(
        cell.ljust(cell_width) for cell, cell_width in zip(cells, CELL_WIDTHS, strict=True)
    )


def _cell(condition: StatusCondition | None) -> str:
    if condition is None:
        return "-"
    return "pending" if is_pending(condition) else condition.status


def _explained(condition: StatusCondition) -> Iterator[str]:
    """What a condition says, and where, unless all is well."""
    if is_problem(condition) or is_pending(condition):
        yield from _wrapped(f"{condition.type} is {condition.status}, {condition.reason}: {condition.message}")
        yield f"    --> {condition.origin}"
    elif condition.type == "ResolvedWaypoints" and condition.message not in NO_REMARK:
        yield from _wrapped(f"note: {condition.message}")
        yield f"    --> {condition.origin}"


def _wrapped(text: str) -> list[str]:
    return wrap(
        text, WIDTH, initial_indent="    ", subsequent_indent="      ", break_long_words=False, break_on_hyphens=False
    )
