"""Patches that insert into a list or remove from it: filters and routes, whose order matters."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from meshcompile.envoy.message import Message
from meshcompile.models.networking.envoy_filter import Operation

M = TypeVar("M", bound=Message)


class Edit(Struct, Generic[M], frozen=True):
    """One change of a list: the item at `index` before and after; None for no item."""

    index: int
    before: M | None
    after: M | None


def edits(
    items: Sequence[M], operation: Operation, value: M | None, matches: Callable[[M], bool] | None
) -> tuple[Edit[M], ...]:
    """The changes that a patch makes to a list; empty if no item matches.

    `matches` is None for a patch that names no item. Such a patch inserts at the start or at the end, as its operation
    says. An operation that replaces or removes an item then has no effect.
    """
    if operation is Operation.REMOVE:
        gone = () if matches is None else tuple(index for index, item in enumerate(items) if matches(item))
        return tuple(Edit(index, items[index], None) for index in reversed(gone))
    place = _place(items, operation, matches)
    if place is None:
        return ()
    return (Edit(place, items[place] if operation is Operation.REPLACE else None, value),)


def _place(items: Sequence[M], operation: Operation, matches: Callable[[M], bool] | None) -> int | None:
    """The index for a new value; None if it has no position."""
    position = None if matches is None else next((index for index, item in enumerate(items) if matches(item)), None)
    match operation:
        case Operation.ADD:
            return len(items)
        case Operation.INSERT_FIRST:
            return 0
        case Operation.INSERT_BEFORE:
            return 0 if matches is None else position
        case Operation.INSERT_AFTER:
            if matches is None:
                return len(items)
            return None if position is None else position + 1
        case Operation.REPLACE:
            return position
        case _:
            return None


def edit(items: list[M], changes: Sequence[Edit[M]]) -> None:
    """Apply the changes in order."""
    for change in changes:
        items[change.index : change.index + (change.before is not None)] = (
            [] if change.after is None else [change.after]
        )
