"""Percentages as Envoy's fractions."""

from meshcompile.envoy.message import at
from meshcompile.envoy.type import FractionalPercent
from meshcompile.models.networking.virtual_service import Percent


def share(percentage: Percent | int) -> FractionalPercent:
    """A percentage of either kind."""
    return percent(percentage) if isinstance(percentage, int) else fraction_of(percentage)


def fraction_of(percentage: Percent) -> FractionalPercent:
    """A percentage with decimals, in millionths. Further decimals are cut off."""
    return at(FractionalPercent(numerator=int(percentage.value * 10_000), denominator="MILLION"), percentage.origin)


def percent(number: int) -> FractionalPercent:
    """A whole percentage."""
    return FractionalPercent(numerator=number)


PERCENT_100 = percent(100)
