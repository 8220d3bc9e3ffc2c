"""Routes. Follows istiod's `TranslateRoute`."""

from collections.abc import Mapping

from meshcompile.emit.filters.http import cors, fault
from meshcompile.emit.metadata import config_metadata
from meshcompile.emit.routes.action import NO_TIMEOUT, direct_response, forward, redirect
from meshcompile.emit.routes.hash_policy import hash_policy
from meshcompile.emit.routes.headers import header_options
from meshcompile.emit.routes.match import EVERY_PATH, route_match
from meshcompile.emit.routes.retry import retry_policy
from meshcompile.envoy.config.route import (
    Decorator,
    DirectResponseAction,
    RetryPolicy,
    Route,
    RouteAction,
    RouteActionMaxStreamDuration,
)
from meshcompile.envoy.message import Packed, at
from meshcompile.queries import derived
from meshcompile.resolve.routes.intent import DirectResponse, Forward, Redirect, RouteRule
from meshcompile.resolve.routes.table import BlackHoleRoute, LocalRoute, PassthroughRoute, RuleRoute, ServiceRoute
from meshcompile.resolve.routes.table import Route as ResolvedRoute

# The filters that a rule can configure for its routes.
CONFIGURED_BY_RULES = (fault, cors)

_BLACK_HOLE = Route(name="block_all", match=EVERY_PATH, direct_response=DirectResponseAction(status=502))


def route(resolved: ResolvedRoute) -> Route:
    """The message of a route."""
    match resolved:
        case RuleRoute():
            return rule_route(resolved)
        case ServiceRoute():
            return service_route(resolved)
        case LocalRoute():
            return local_route(resolved)
        case PassthroughRoute():
            return passthrough_route(resolved)
        case BlackHoleRoute():
            return _BLACK_HOLE


@derived
def rule_route(resolved: RuleRoute) -> Route:
    """The route of one match of a rule."""
    action, headers = resolved.rule.action, resolved.rule.headers
    return at(
        Route(
            name=resolved.name,
            match=route_match(resolved.match),
            route=forward(action) if isinstance(action, Forward) else None,
            redirect=redirect(action) if isinstance(action, Redirect) else None,
            direct_response=direct_response(action) if isinstance(action, DirectResponse) else None,
            metadata=config_metadata(resolved.resource),
            decorator=Decorator(operation=resolved.operation),
            typed_per_filter_config=_per_filter(resolved.rule),
            request_headers_to_add=header_options(headers.request_add),
            request_headers_to_remove=headers.request_remove,
            response_headers_to_add=header_options(headers.response_add),
            response_headers_to_remove=headers.response_remove,
            stat_prefix=resolved.stat_prefix,
        ),
        resolved.origins,
    )


def _per_filter(rule: RouteRule) -> Mapping[str, Packed]:
    if rule.fault is None and rule.cors is None:
        return {}
    configs = ((each.NAME, each.per_route(rule)) for each in CONFIGURED_BY_RULES)
    return {name: config for name, config in configs if config is not None}


def service_route(resolved: ServiceRoute) -> Route:
    """The route of a service without a rule."""
    return at(
        Route(
            name="default",
            match=EVERY_PATH,
            decorator=Decorator(operation=resolved.operation),
            route=RouteAction(
                cluster=str(resolved.cluster),
                timeout=NO_TIMEOUT,
                max_grpc_timeout=NO_TIMEOUT,
                retry_policy=retry_policy(resolved.retry),
                hash_policy=() if resolved.hash is None else (hash_policy(resolved.hash),),
            ),
        ),
        resolved.origins,
    )


def local_route(resolved: LocalRoute) -> Route:
    """The route of an inbound connection to the application."""
    return at(
        Route(
            name="default",
            match=EVERY_PATH,
            decorator=Decorator(operation=resolved.operation),
            route=RouteAction(
                cluster=resolved.cluster,
                timeout=NO_TIMEOUT,
                max_stream_duration=RouteActionMaxStreamDuration(
                    max_stream_duration=NO_TIMEOUT, grpc_timeout_header_max=NO_TIMEOUT
                ),
                retry_policy=RetryPolicy(retry_on="reset-before-request", num_retries=2) if resolved.retries else None,
            ),
        ),
        resolved.origins,
    )


def passthrough_route(resolved: PassthroughRoute) -> Route:
    """The route of unknown hosts that the outbound traffic policy allows."""
    return Route(
        name=resolved.name,
        match=EVERY_PATH,
        route=RouteAction(
            cluster=resolved.cluster,
            timeout=NO_TIMEOUT,
            max_grpc_timeout=NO_TIMEOUT,
            append_x_forwarded_host=resolved.append_x_forwarded_host,
        ),
    )
