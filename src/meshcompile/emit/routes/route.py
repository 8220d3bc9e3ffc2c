"""One route: what it matches, where requests go, what happens to them on the way. Follows istiod's `TranslateRoute`."""

from collections.abc import Mapping

from meshcompile.emit.filters.http import cors, fault
from meshcompile.emit.metadata import config_metadata
from meshcompile.emit.routes.action import NO_TIMEOUT, direct_response, forward, redirect
from meshcompile.emit.routes.hash_policy import hash_policy
from meshcompile.emit.routes.headers import header_options
from meshcompile.emit.routes.match import EVERY_PATH, route_match
from meshcompile.emit.routes.retry import retry_policy
from meshcompile.envoy.config.route import Decorator, DirectResponseAction, Route, RouteAction
from meshcompile.envoy.message import Packed, at
from meshcompile.queries import derived
from meshcompile.resolve.routes.intent import DirectResponse, Forward, Redirect, RouteRule
from meshcompile.resolve.routes.table import BlackHoleRoute, PassthroughRoute, RuleRoute, ServiceRoute
from meshcompile.resolve.routes.table import Route as RoutePiece

# The filters of the connection manager that a rule configures for its routes.
CONFIGURED_BY_RULES = (fault, cors)

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


@derived
def rule_route(piece: RuleRoute) -> Route:
    """The route of one match of a rule."""
    action, headers = piece.rule.action, piece.rule.headers
    return at(
        Route(
            name=piece.name,
            match=route_match(piece.match),
            route=forward(action) if isinstance(action, Forward) else None,
            redirect=redirect(action) if isinstance(action, Redirect) else None,
            direct_response=direct_response(action) if isinstance(action, DirectResponse) else None,
            metadata=config_metadata(piece.resource),
            decorator=Decorator(operation=piece.operation),
            typed_per_filter_config=_per_filter(piece.rule),
            request_headers_to_add=header_options(headers.request_add),
            request_headers_to_remove=headers.request_remove,
            response_headers_to_add=header_options(headers.response_add),
            response_headers_to_remove=headers.response_remove,
            stat_prefix=piece.stat_prefix,
        ),
        piece.origins,
    )


def _per_filter(rule: RouteRule) -> Mapping[str, Packed]:
    if rule.fault is None and rule.cors is None:
        return {}
    configs = ((each.NAME, each.per_route(rule)) for each in CONFIGURED_BY_RULES)
    return {name: config for name, config in configs if config is not None}


def service_route(piece: ServiceRoute) -> Route:
    """The route of a service that no rule routes."""
    return at(
        Route(
            name="default",
            match=EVERY_PATH,
            decorator=Decorator(operation=piece.operation),
            route=RouteAction(
                cluster=str(piece.cluster),
                timeout=NO_TIMEOUT,
                max_grpc_timeout=NO_TIMEOUT,
                retry_policy=retry_policy(piece.retry),
                hash_policy=() if piece.hash is None else (hash_policy(piece.hash),),
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
