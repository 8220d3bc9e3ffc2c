"""Subsets of DestinationRules that no route and no TCP proxy uses."""

from collections.abc import Iterator

from meshcompile.config import Config
from meshcompile.documents import Origin
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.route import RouteAction
from meshcompile.envoy.extensions.filters.network.tcp_proxy import TcpProxy
from meshcompile.envoy.message import Message, source_map
from meshcompile.envoy.traversal import forwarded_to, mirrored_to
from meshcompile.unreachable.found import Found, UnreachableKind, UnreachableRoute


def sort_subsets(config: Config, found: Found) -> None:
    """Add the subsets of a proxy to those that nothing uses, or to the others."""
    subsets = {each.name: each for each in config.clusters if each.name.startswith("outbound|") and _subset(each.name)}
    if not subsets:
        return
    used = {name for message in (*config.routes, *config.listeners) for name in _used(message)}
    for name, cluster in subsets.items():
        places = _places(cluster)
        if not places:
            continue
        if name in used or "" in used:
            found.reached(places[0])
        else:
            _, _, subset, host = name.split("|", 3)
            found.add(UnreachableRoute("", host, subset, places, (), UnreachableKind.SUBSET))


def _subset(cluster: str) -> str:
    return cluster.split("|")[2] if cluster.count("|") >= 3 else ""


def _places(cluster: Cluster) -> tuple[Origin, ...]:
    """The places of the subset of a cluster."""
    places = source_map(cluster).get("", ())
    return tuple(
        each for each in places if each.document.kind == "DestinationRule" and each.path[:2] == ("spec", "subsets")
    )


def _used(value: object) -> Iterator[str]:
    """The clusters that a message names; "" if it leaves the name to the request."""
    match value:
        case RouteAction():
            yield from _of_action(value)
        case TcpProxy():
            yield from forwarded_to(value)
        case Message():
            for name in value.__struct_fields__:
                yield from _used(getattr(value, name))
        case tuple():
            for each in value:
                yield from _used(each)
        case _:
            return


def _of_action(action: RouteAction) -> Iterator[str]:
    yield from forwarded_to(action)
    yield from mirrored_to(action)
    if action.cluster_header:
        yield ""
