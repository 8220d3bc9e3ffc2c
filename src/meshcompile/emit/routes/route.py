"""One route: what it matches, where requests go, what happens to them on the way. Follows istiod's `TranslateRoute`."""

from collections.abc import Mapping

from meshcompile.emit.filters.http import cors, fault
from meshcompile.emit.metadata import config_metadata
from meshcompile.emit.routes.action import direct_response, forward, redirect
from meshcompile.emit.routes.hash_policy import hash_policies
from meshcompile.emit.routes.headers import header_mutations
from meshcompile.emit.routes.match import EVERY_PATH, route_match
from meshcompile.emit.routes.retry import retry_policy
from meshcompile.envoy.config.route import Decorator, DirectResponseAction, Route, RouteAction
from meshcompile.envoy.message import Packed, at
from meshcompile.models.networking.virtual_service import HTTPDirectResponse, HTTPRoute
from meshcompile.resolve.routes.table import (
    BlackHoleRoute,
    Forward,
    PassthroughRoute,
    Redirect,
    RuleRoute,
    ServiceRoute,
)
from meshcompile.resolve.routes.table import Route as RoutePiece

# The filters of the connection manager that a rule configures for its routes.
CONFIGURED_BY_RULES = (fault, cors)
NO_TIMEOUT = "0s"

_BLACK_HOLE = Route(name="block_all", match=EVERY_PATH, direct_response=DirectResponseAction(status=502))


def route(piece: RoutePiece) -> Route:
    """The route of a piece."""
    match piece:
        case RuleRoute():
            return rule_route(piece)
        case ServiceRoute():
            return service_route(piece)
        case PassthroughRoute():
            return passthrough_route(piece)
        case BlackHoleRoute():
            return _BLACK_HOLE


def rule_route(piece: RuleRoute) -> Route:
    """The route of one match of a VirtualService's rule."""
    rule, wanted, action = piece.rule, piece.match, piece.action
    target_headers = (
        action.targets[0].destination.headers if isinstance(action, Forward) and not action.weighted else None
    )
    headers = header_mutations(rule.headers, target_headers)
    return at(
        Route(
            name=f"{rule.name}.{wanted.name}" if wanted is not None and wanted.name else rule.name,
            match=route_match(wanted, whole_segments=piece.whole_segments),
            route=forward(action, rule) if isinstance(action, Forward) else None,
            redirect=redirect(action) if isinstance(action, Redirect) else None,
            direct_response=direct_response(action) if isinstance(action, HTTPDirectResponse) else None,
            metadata=config_metadata(piece.resource),
            decorator=Decorator(operation=piece.operation),
            typed_per_filter_config=_per_filter(rule),
            request_headers_to_add=headers.request_add,
            request_headers_to_remove=headers.request_remove,
            response_headers_to_add=headers.response_add,
            response_headers_to_remove=headers.response_remove,
            stat_prefix="" if wanted is None else wanted.stat_prefix,
        ),
        piece.origins,
    )


def _per_filter(rule: HTTPRoute) -> Mapping[str, Packed]:
    if rule.fault is None and rule.cors_policy is None:
        return {}
    configs = ((each.NAME, each.per_route(rule)) for each in CONFIGURED_BY_RULES)
    return {name: config for name, config in configs if config is not None}


def service_route(piece: ServiceRoute) -> Route:
    """The route of a service that no VirtualService routes."""
    return at(
        Route(
            name="default",
            match=EVERY_PATH,
            decorator=Decorator(operation=piece.operation),
            route=RouteAction(
                cluster=str(piece.cluster),
                timeout=NO_TIMEOUT,
                max_grpc_timeout=NO_TIMEOUT,
                retry_policy=retry_policy(piece.retry, keeps_host=False),
                hash_policy=hash_policies((piece.hash_policy,) if piece.hash_policy is not None else ()),
            ),
        ),
        piece.origins,
    )


def passthrough_route(piece: PassthroughRoute) -> Route:
    """The route of unknown hosts where they are let through."""
    return Route(
        name="allow_any",
        match=EVERY_PATH,
        route=RouteAction(
            cluster=piece.cluster,
            timeout=NO_TIMEOUT,
            max_grpc_timeout=NO_TIMEOUT,
            append_x_forwarded_host=piece.append_x_forwarded_host,
        ),
    )
