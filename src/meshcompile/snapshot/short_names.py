"""Short names in VirtualServices, replaced by full names: hosts of Services, and names of Gateways.

Follows istiod's `model.ResolveVirtualServiceShortnames` and `resolveGatewayName`. A node without short names is
returned unchanged.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from meshcompile.models.base import Node
from meshcompile.models.networking.virtual_service import (
    MESH_GATEWAY,
    Destination,
    HTTPMatchRequest,
    HTTPMirrorPolicy,
    HTTPRoute,
    HTTPRouteDestination,
    L4MatchAttributes,
    RouteDestination,
    TCPRoute,
    TLSMatchAttributes,
    TLSRoute,
)
from meshcompile.values.hosts import qualified

N = TypeVar("N", bound=Node)


def qualified_gateway(name: str, namespace: str) -> str:
    """`namespace/name` of a gateway that an object in `namespace` names. `mesh` stays unchanged.

    Accepts `gateway`, `./gateway`, `namespace/gateway` and the older form `gateway.namespace.svc.cluster.local`.
    """
    if name == MESH_GATEWAY:
        return name
    of, slash, own = name.partition("/")
    if slash:
        return f"{namespace}/{own}" if of == "." else name
    own, dot, rest = name.partition(".")
    return f"{rest.partition('.')[0]}/{own}" if dot else f"{namespace}/{name}"


def qualified_http(rule: HTTPRoute, namespace: str) -> HTTPRoute:
    """The rule with full names, for a VirtualService in `namespace`."""
    return _with(
        rule,
        match=_each(rule.match, lambda match: _match(match, namespace)),
        route=_each(rule.route, lambda target: _target(target, namespace)),
        mirror=rule.mirror and _destination(rule.mirror, namespace),
        mirrors=_each(rule.mirrors, lambda mirror: _target(mirror, namespace)),
    )


def qualified_tls(rule: TLSRoute, namespace: str) -> TLSRoute:
    """The rule with full names, for a VirtualService in `namespace`."""
    return _with(
        rule,
        match=_each(rule.match, lambda match: _match(match, namespace)),
        route=_each(rule.route, lambda target: _target(target, namespace)),
    )


def qualified_tcp(rule: TCPRoute, namespace: str) -> TCPRoute:
    """The rule with full names, for a VirtualService in `namespace`."""
    return _with(
        rule,
        match=_each(rule.match, lambda match: _match(match, namespace)),
        route=_each(rule.route, lambda target: _target(target, namespace)),
    )


M = TypeVar("M", HTTPMatchRequest, TLSMatchAttributes, L4MatchAttributes)
T = TypeVar("T", HTTPRouteDestination, HTTPMirrorPolicy, RouteDestination)


def _match(match: M, namespace: str) -> M:
    if not match.gateways:
        return match
    return _with(match, gateways=tuple(qualified_gateway(gateway, namespace) for gateway in match.gateways))


def _target(target: T, namespace: str) -> T:
    if target.destination is None:
        return target
    return _with(target, destination=_destination(target.destination, namespace))


def _destination(destination: Destination, namespace: str) -> Destination:
    return _with(destination, host=qualified(destination.host, namespace))


def _each(nodes: tuple[N, ...], change: Callable[[N], N]) -> tuple[N, ...]:
    """The changed nodes; the same tuple if no node changed."""
    changed = tuple(map(change, nodes))
    return nodes if _same(nodes, changed) else changed


def _same(before: Iterable[object], after: Iterable[object]) -> bool:
    return all(old is new for old, new in zip(before, after, strict=True))


def _with(node: N, **fields: object) -> N:
    """The node with these field values; the node itself if they do not change it."""
    values = node.__dict__
    changed = {name: value for name, value in fields.items() if value is not values[name] and value != values[name]}
    return node.model_copy(update=changed) if changed else node
