"""Percentages as Envoy's fractions."""

from meshcompile.envoy.type import FractionalPercent
from meshcompile.models.networking.virtual_service import Percent


def fraction_of(percentage: Percent) -> FractionalPercent:
    """A percentage with decimals, in millionths; what is finer is cut off."""
    return FractionalPercent(numerator=int(percentage.value * 10_000), denominator="MILLION")


def percent(number: int) -> FractionalPercent:
    """A whole percentage."""
    return FractionalPercent(numerator=number)


PERCENT_100 = percent(100)
