"""Answers to questions about spaces: proved, refuted with a witness, or unknown with the reason.

    implies(admins, everyone)   # Proved()

An answer is never a guess. Whoever asks must handle all three.
"""

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from meshcompile.spaces.errors import Undecided
from meshcompile.spaces.space import Request, Space


class Proved(msgspec.Struct, frozen=True):
    """The statement holds for every request. `by` has the rows of the table that the proof needs."""

    by: tuple[int, ...] = ()


class Refuted(msgspec.Struct, frozen=True):
    """The statement is false, and the witness is a request that shows it."""

    witness: Request


class Unknown(msgspec.Struct, frozen=True):
    """The statement is neither proved nor refuted, for this reason."""

    reason: str


Answer: TypeAlias = Proved | Refuted | Unknown


def is_empty(requests: Callable[[], Space]) -> Answer:
    """Whether a space, which is computed here, has no requests. The witness is one of its requests."""
    try:
        witness = requests().example()
    except Undecided as undecided:
        return Unknown(str(undecided))
    return Proved() if witness is None else Refuted(witness)


def implies(one: Space, other: Space) -> Answer:
    """Whether all requests of the first space are in the second."""
    return is_empty(lambda: one - other)


def disjoint(one: Space, other: Space) -> Answer:
    """Whether no request is in both spaces."""
    return is_empty(lambda: one & other)


def equivalent(one: Space, other: Space) -> Answer:
    """Whether both spaces have the same requests."""
    match implies(one, other):
        case Proved():
            return implies(other, one)
        case answer:
            return answer
