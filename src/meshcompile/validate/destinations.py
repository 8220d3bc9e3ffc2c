"""Destinations of routes: istiod's `validateDestination` and its weights."""

from meshcompile.codes import validation as codes
from meshcompile.models.networking.virtual_service import Destination, HTTPRouteDestination, RouteDestination
from meshcompile.validate.checks import Found, port
from meshcompile.validate.names import is_label, wildcard_problem


def destination(node: Destination) -> Found:
    """A destination with an invalid host, subset or port."""
    problem = "it must be one specific host" if node.host == "*" else wildcard_problem(node.host)
    if problem:
        yield codes.HOST(node.at("host"), host=node.host, problem=problem)
    if node.subset and not is_label(node.subset):
        yield codes.SUBSET_NAME(node.at("subset"), value=node.subset)
    if node.port is not None:
        yield from port(node.port)


def weights(destinations: tuple[HTTPRouteDestination, ...] | tuple[RouteDestination, ...]) -> Found:
    """Negative weights, and weights that add up to 0 in 32 bits. Weights that do not add up to 100 get their shares."""
    for node in destinations:
        if node.weight < 0:
            yield codes.WEIGHT(node.at("weight"), problem=f"weight {node.weight} is negative")
    total = sum(node.weight for node in destinations)
    if len(destinations) > 1 and not total % 2**32:
        yield codes.WEIGHT(destinations[0], problem="the weights add up to 0")
    elif len(destinations) > 1 and total != 100 and all(node.weight >= 0 for node in destinations):
        shares = ", ".join(f"{_share(node.weight, total)} to {_named(node.destination)}" for node in destinations)
        yield codes.WEIGHTS_NOT_100(destinations[0].at("weight"), total=total, shares=shares)


def _share(weight: int, total: int) -> str:
    """The share of the total in percent, with one decimal."""
    return f"{100 * weight / total:.1f}".removesuffix(".0") + "%"


def _named(target: Destination) -> str:
    return f"{target.host} ({target.subset})" if target.subset else target.host
