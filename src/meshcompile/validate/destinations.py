"""Where routes send requests: istiod's `validateDestination` and its weights."""

from meshcompile.codes import validation as codes
from meshcompile.models.networking.virtual_service import Destination, HTTPRouteDestination, RouteDestination
from meshcompile.validate.checks import Found, port
from meshcompile.validate.names import is_label, wildcard_problem


def destination(node: Destination) -> Found:
    """A destination with a host, a subset or a port that is none."""
    problem = "it must name a host" if node.host == "*" else wildcard_problem(node.host)
    if problem:
        yield codes.HOST(node.at("host"), host=node.host, problem=problem)
    if node.subset and not is_label(node.subset):
        yield codes.SUBSET_NAME(node.at("subset"), value=node.subset)
    if node.port is not None:
        yield from port(node.port)


def weights(destinations: tuple[HTTPRouteDestination, ...] | tuple[RouteDestination, ...]) -> Found:
    """Weights below zero, and several that add up to nothing, in 32 bits."""
    for node in destinations:
        if node.weight < 0:
            yield codes.WEIGHT(node.at("weight"), problem=f"weight {node.weight} is negative")
    if len(destinations) > 1 and not sum(node.weight for node in destinations) % 2**32:
        yield codes.WEIGHT(destinations[0], problem="the weights add up to 0")
