"""The routes of one VirtualService, for sidecars and gateways alike: istiod's `BuildHTTPRoutesForVirtualService`.

What depends on the proxy is decided here: which matches apply to it, which clusters destinations mean, which hashes
choose endpoints.
"""

from collections.abc import Iterator

from meshcompile.models.networking.virtual_service import HTTPMatchRequest, HTTPRoute
from meshcompile.queries import Key, query
from meshcompile.resolve.routes.context import RouteClient, RouteContext, ServicesByHost, Target
from meshcompile.resolve.routes.intent import Action, Forward, PathMatch, PathMatchType, RouteMatch, RouteRule
from meshcompile.resolve.routes.table import Origins, RuleRoute
from meshcompile.resolve.routes.virtual_service.actions import route_action
from meshcompile.resolve.routes.virtual_service.filters import cors, fault
from meshcompile.resolve.routes.virtual_service.headers import header_changes
from meshcompile.resolve.routes.virtual_service.matches import route_match
from meshcompile.resolve.scope.sidecar import SidecarScope
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.snapshot.virtual_services import MergedVirtualService, Semantics
from meshcompile.values.labels import selects


class RuleRoutesKey(Key, frozen=True):
    """What the routes of a VirtualService depend on.

    `namespace` is the client's, or "" if no match asks for it. `targets` are those of the `destination_hosts`.
    """

    virtual_service: MergedVirtualService
    client: RouteClient
    namespace: str
    targets: tuple[Target, ...]


def rule_routes(
    snapshot: Snapshot,
    virtual_service: MergedVirtualService,
    client: RouteClient,
    scope: SidecarScope,
    services: ServicesByHost,
) -> tuple[RuleRoute, ...]:
    """The routes of a VirtualService in order, up to the first that takes every request.

    Clients of all namespaces share them if destinations mean the same to them.
    """
    labels = client.labels
    targets = [(services.get(host), scope.destination_rule(host, labels)) for host in virtual_service.destination_hosts]
    namespace = scope.seen_from if virtual_service.matches_namespaces else ""
    return shared_rule_routes(snapshot, RuleRoutesKey(virtual_service, client, namespace, tuple(targets)))


@query
def shared_rule_routes(snapshot: Snapshot, key: RuleRoutesKey) -> tuple[RuleRoute, ...]:
    """The routes for a key."""
    targets = dict(zip(key.virtual_service.destination_hosts, key.targets, strict=True))
    context = RouteContext(key.client, key.namespace, targets, snapshot.mesh.default_http_retry_policy)
    return tuple(_rule_routes(key.virtual_service, context))


def _rule_routes(virtual_service: MergedVirtualService, context: RouteContext) -> Iterator[RuleRoute]:
    for rule, origins in zip(virtual_service.http, virtual_service.http_origins, strict=True):
        route_rule = None
        for match, places in zip(rule.match or (None,), origins, strict=True):
            if applies(match, context):
                conditions = route_match(match, virtual_service.semantics)
                if route_rule is None or virtual_service.semantics is Semantics.GATEWAY:  # its rewrites read the match
                    route_rule = _route_rule(rule, context, virtual_service.semantics, conditions.path)
                route = _rule_route(virtual_service, route_rule, match, conditions, context.client.port, places)
                yield route
                if route.match.takes_every_request:
                    return


def applies(match: HTTPMatchRequest | None, context: RouteContext) -> bool:
    """True when a match applies to the proxy: by port, and by gateway or else by the client's labels and namespace."""
    if match is None:
        return True
    client = context.client
    if match.port and match.port != client.port:
        return False
    if match.gateways:
        return not client.gateways.isdisjoint(match.gateways)
    if match.source_namespace and match.source_namespace != context.namespace:
        return False
    return selects(match.source_labels, client.labels)


def _route_rule(rule: HTTPRoute, context: RouteContext, semantics: Semantics, path: PathMatch) -> RouteRule:
    prefix = path.value if path.type is PathMatchType.SEGMENTS else ""
    action = route_action(rule, context, semantics, prefix)
    only_target = rule.route[0] if isinstance(action, Forward) and not action.weighted else None
    return RouteRule(
        name=rule.name,
        action=action,
        headers=header_changes(rule.headers, None if only_target is None else only_target.headers),
        fault=fault(rule.fault),
        cors=cors(rule.cors_policy),
    )


def _rule_route(
    virtual_service: MergedVirtualService,
    rule: RouteRule,
    match: HTTPMatchRequest | None,
    conditions: RouteMatch,
    port: int,
    origins: Origins,
) -> RuleRoute:
    return RuleRoute(
        name=f"{rule.name}.{match.name}" if match is not None and match.name else rule.name,
        match=conditions,
        rule=rule,
        resource=virtual_service.resource,
        operation=_spans_of(rule.action, virtual_service, port) + _path_of(conditions.path),
        stat_prefix="" if match is None else match.stat_prefix,
        origins=origins,
    )


def _spans_of(action: Action, virtual_service: MergedVirtualService, port: int) -> str:
    """The start of span names: the host and port of the only cluster if it has a host, or else the VirtualService."""
    if isinstance(action, Forward) and not action.weighted:
        cluster = action.backends[0].cluster
        if cluster.host:
            return f"{cluster.host}:{cluster.port}"
    return f"{virtual_service.name}:{port}"


def _path_of(path: PathMatch) -> str:
    match path.type:
        case PathMatchType.EXACT | PathMatchType.REGEX:
            return path.value
        case PathMatchType.PREFIX:
            return f"{path.value}*"
        case PathMatchType.SEGMENTS:
            return "/*"
