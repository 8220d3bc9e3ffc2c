"""The `tls` and `tcp` rules of VirtualServices in the vocabulary of `routes.l4_intent`.

This includes TLSRoutes and TCPRoutes, which the snapshot converts to VirtualServices as istiod does.
"""

from meshcompile.models.networking.virtual_service import (
    L4MatchAttributes,
    RouteDestination,
    TCPRoute,
    TLSMatchAttributes,
    TLSRoute,
)
from meshcompile.queries import derived
from meshcompile.resolve.routes.l4_intent import L4Backend, L4Match, L4Route, L4Routes
from meshcompile.snapshot.virtual_services import MergedVirtualService


@derived
def l4_routes(virtual_service: MergedVirtualService) -> L4Routes:
    """The rules of a VirtualService for connections."""
    tls = tuple(_route(rule, tuple(map(_match, rule.match))) for rule in virtual_service.tls)
    return L4Routes(
        tls=tls,
        terminated_tls=tls if virtual_service.from_tls_route else (),
        tcp=tuple(_route(rule, _tcp_matches(rule)) for rule in virtual_service.tcp),
        resource=virtual_service.resource,
        stat_prefix=f"{virtual_service.name}.{virtual_service.namespace}",
    )


def _route(rule: TLSRoute | TCPRoute, matches: tuple[L4Match, ...]) -> L4Route:
    return L4Route(matches, tuple(map(_backend, rule.route)), rule.origin)


def _tcp_matches(rule: TCPRoute) -> tuple[L4Match, ...]:
    """The matches of a rule. Without any, it has one that holds for all connections."""
    return tuple(map(_match, rule.match)) or (L4Match(rule.origin),)


def _match(match: TLSMatchAttributes | L4MatchAttributes) -> L4Match:
    return L4Match(
        sni_hosts=match.sni_hosts if isinstance(match, TLSMatchAttributes) else (),
        destination_subnets=match.destination_subnets,
        port=match.port,
        source_labels=match.source_labels,
        source_namespace=match.source_namespace,
        gateways=match.gateways,
        origin=match.origin,
    )


def _backend(target: RouteDestination) -> L4Backend:
    return L4Backend(target.destination, target.weight, target.origin)
