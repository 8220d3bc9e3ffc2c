"""The routes of one VirtualService, for sidecars and gateways alike: istiod's `BuildHTTPRoutesForVirtualService`.

What depends on who asks is decided here: which matches apply to the proxy, which clusters destinations mean, which
hashes choose endpoints.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from meshcompile.labels import Labels, selects
from meshcompile.models.common import StringMatch
from meshcompile.models.networking.destination_rule import ConsistentHashLB
from meshcompile.models.networking.virtual_service import (
    Destination,
    HTTPMatchRequest,
    HTTPRedirect,
    HTTPRetry,
    HTTPRoute,
    Percent,
    RedirectPortSelection,
)
from meshcompile.names import ClusterName
from meshcompile.resolve.destinations import destination_cluster, destination_cluster_on
from meshcompile.resolve.routes.hashing import destination_hash
from meshcompile.resolve.routes.table import Action, Forward, Mirror, Redirect, RuleRoute, Target
from meshcompile.resolve.scope import SidecarScope
from meshcompile.snapshot.matches import takes_every_request
from meshcompile.snapshot.service import Service
from meshcompile.snapshot.virtual_services import MergedVirtualService, Semantics
from meshcompile.source import Origin

# Ports that a URL of the scheme does without.
DEFAULT_PORTS = {"http": 80, "https": 443}
ALL_REQUESTS = 100


class ServicesByHost(Protocol):
    """The services that destinations may mean, by host."""

    def get(self, host: str, /) -> Service | None: ...


@dataclass(frozen=True, slots=True)
class Destinations:
    """What destinations mean: a service's only port goes before the listener's `port` unless `only_port`."""

    services: ServicesByHost
    port: int
    only_port: bool = False

    def cluster(self, destination: Destination) -> ClusterName:
        """The cluster of a destination."""
        service = self.services.get(destination.host)
        named = destination_cluster_on if self.only_port else destination_cluster
        return named(destination, service, self.port)


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks for routes: a client with these labels, as these gateways (`mesh` or `namespace/name`), on this port.

    `retry` is the mesh's default policy.
    """

    scope: SidecarScope
    labels: Labels
    gateways: frozenset[str]
    port: int
    is_tls: bool
    destinations: Destinations
    retry: HTTPRetry | None
    append_x_forwarded_host: bool


def rule_routes(virtual_service: MergedVirtualService, asking: Asking) -> tuple[RuleRoute, ...]:
    """The routes of a VirtualService in order, up to the first that takes every request."""
    return tuple(_rule_routes(virtual_service, asking))


def _rule_routes(virtual_service: MergedVirtualService, asking: Asking) -> Iterator[RuleRoute]:
    for rule, origins in zip(virtual_service.http, virtual_service.http_origins, strict=True):
        action = None
        for match, places in zip(rule.match or (None,), origins, strict=True):
            if applies(match, asking):
                action = action or _action(rule, asking)
                yield _rule_route(virtual_service, rule, match, action, asking.port, places)
                if takes_every_request(match):
                    return


def applies(match: HTTPMatchRequest | None, asking: Asking) -> bool:
    """True when a match is for this proxy: by port, and by gateway or else by labels and namespace of the client."""
    if match is None:
        return True
    if match.port and match.port != asking.port:
        return False
    if match.gateways:
        return not asking.gateways.isdisjoint(match.gateways)
    if match.source_namespace and match.source_namespace != asking.scope.namespace:
        return False
    return selects(match.source_labels, asking.labels)


def _rule_route(
    virtual_service: MergedVirtualService,
    rule: HTTPRoute,
    match: HTTPMatchRequest | None,
    action: Action,
    port: int,
    origins: tuple[Origin, ...],
) -> RuleRoute:
    whole_segments = virtual_service.semantics is Semantics.INGRESS
    return RuleRoute(
        rule=rule,
        match=match,
        action=action,
        resource=virtual_service.resource,
        operation=_spans_of(action, virtual_service, port) + _path_of(match, whole_segments),
        whole_segments=whole_segments,
        origins=origins,
    )


def _spans_of(action: Action, virtual_service: MergedVirtualService, port: int) -> str:
    """What spans are named after: the only cluster's host and port, else the VirtualService."""
    if isinstance(action, Forward) and not action.weighted:
        cluster = action.targets[0].cluster
        return f"{cluster.host}:{cluster.port}"
    return f"{virtual_service.name}:{port}"


def _path_of(match: HTTPMatchRequest | None, whole_segments: bool) -> str:
    uri = None if match is None else match.uri
    match uri:
        case StringMatch(exact=str(path)):
            return path
        case StringMatch(prefix=str(prefix)) if prefix == "/" or not whole_segments:
            return f"{prefix}*"
        case StringMatch(regex=str(regex)):
            return regex
        case _:
            return "/*"


def _action(rule: HTTPRoute, asking: Asking) -> Action:
    if rule.redirect is not None:
        return Redirect(rule.redirect, _redirect_port(rule.redirect, asking))
    return rule.direct_response or _forward(rule, asking)


def _redirect_port(redirect: HTTPRedirect, asking: Asking) -> int:
    """The port to name in a redirect, 0 for none: the scheme's own needs no mention."""
    from_request = redirect.derive_port is RedirectPortSelection.FROM_REQUEST_PORT
    port = asking.port if from_request else redirect.port or 0
    scheme = redirect.scheme or ("https" if asking.is_tls else "http")
    return 0 if port == DEFAULT_PORTS.get(scheme) else port


def _forward(rule: HTTPRoute, asking: Asking) -> Forward:
    weighted = len(rule.route) != 1
    # Among several, those without weight get nothing.
    counting = [target for target in rule.route if target.weight] if weighted else rule.route
    policies = tuple(found for target in counting if (found := _hash(target.destination, asking)) is not None)
    return Forward(
        targets=tuple([Target(asking.destinations.cluster(target.destination), target) for target in counting]),
        mirrors=tuple(_mirrors(rule, asking)),
        hash_policies=policies,
        retry=asking.retry if rule.retries is None else rule.retries,
        keeps_host=not weighted and bool(policies),
        append_x_forwarded_host=rule.rewrite is not None and asking.append_x_forwarded_host,
        weighted=weighted,
    )


def _hash(destination: Destination, asking: Asking) -> ConsistentHashLB | None:
    return destination_hash(asking.scope.destination_rule(destination.host, asking.labels), destination)


def _mirrors(rule: HTTPRoute, asking: Asking) -> Iterator[Mirror]:
    """The mirrors that get any requests; a share that is not given is all of them."""
    if rule.mirror is not None:
        share = rule.mirror_percentage
        percentage = share if share is not None else rule.mirror_percent
        if _is_positive(percentage):
            yield Mirror(asking.destinations.cluster(rule.mirror), ALL_REQUESTS if percentage is None else percentage)
    for mirror in rule.mirrors:
        if mirror.destination is not None and _is_positive(mirror.percentage):
            yield Mirror(asking.destinations.cluster(mirror.destination), mirror.percentage or ALL_REQUESTS)


def _is_positive(percentage: Percent | int | None) -> bool:
    match percentage:
        case None:
            return True
        case Percent(value=value):
            return value > 0
        case number:
            return number > 0
