"""The choice between weighted clusters."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")


class Share(Struct, Generic[T], frozen=True):
    """A choice, and the share of all random values that lead to it."""

    share: Fraction
    value: T


def weighted_choices(choices: Sequence[tuple[T, int]], random_value: int | None) -> tuple[Share[T], ...]:
    """The choices with weights, as Envoy makes them: the random value modulo the sum, in the order of the list.

    A choice without a weight is never made. A given random value leaves one choice.
    """
    total = sum(weight for _, weight in choices)
    if not total:
        return ()
    if random_value is not None:
        return (Share(Fraction(1), _drawn(choices, random_value % total)),)
    return tuple(Share(Fraction(weight, total), value) for value, weight in choices if weight)


def _drawn(choices: Sequence[tuple[T, int]], drawn: int) -> T:
    end = 0
    for value, weight in choices:
        end += weight
        if drawn < end:
            return value
    raise AssertionError("the number is below the sum of the weights")
