"""Routes as VirtualServices: one for each Gateway and host, and one for each host of the mesh.

Follows istiod's `route_collections.go`. HTTPRoutes and GRPCRoutes that share a Gateway and a host share a
VirtualService, with the rules of older routes first.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from msgspec import Struct

from meshcompile.documents import Origin
from meshcompile.models.base import ObjectMeta, placed
from meshcompile.models.common import PortSelector, StringMatch
from meshcompile.models.gateway_api.l4_routes import L4RouteRule, TCPRoute, TLSRoute
from meshcompile.models.networking.virtual_service import (
    Destination,
    HTTPMatchRequest,
    L4MatchAttributes,
    RouteDestination,
    TLSMatchAttributes,
    VirtualService,
    VirtualServiceSpec,
)
from meshcompile.models.networking.virtual_service import HTTPRoute as HTTPRule
from meshcompile.models.networking.virtual_service import TCPRoute as TCPRule
from meshcompile.models.networking.virtual_service import TLSRoute as TLSRule
from meshcompile.snapshot.gateway_api.backends import Backends, RouteInvalid, weighted
from meshcompile.snapshot.gateway_api.conditions import Invalid
from meshcompile.snapshot.gateway_api.http_rules import L7Route, RuleBuilder
from meshcompile.snapshot.gateway_api.listeners import GENERATED
from meshcompile.snapshot.gateway_api.parents import ROUTE_KINDS, Attachment, Parents, Route, accepted
from meshcompile.snapshot.resources import oldest_first_by_namespace
from meshcompile.snapshot.virtual_services import PARENTS_ANNOTATION, SEMANTICS_ANNOTATION, Semantics
from meshcompile.values.hosts import overlaps, subset_of
from meshcompile.values.names import ZERO_WEIGHT_HOST, ZERO_WEIGHT_SUBSET

EVERY_HOST = ("*",)


class ConvertedRoute(Struct, frozen=True):
    """A route, what it attaches to, its VirtualServices, and what is invalid about its rules.

    `invalid` holds at listeners, `invalid_in_mesh` at Services and ServiceEntries: for the whole route, as istiod
    reports it. `backends` and `mirrors` are what is invalid about single ones. `virtual_services` of HTTPRoutes and
    GRPCRoutes come with the key by which those of several routes merge; those of other routes have keys of their own.
    """

    route: Route
    attachments: tuple[Attachment, ...]
    virtual_services: tuple[tuple[str, VirtualService], ...] = ()
    invalid: Invalid | None = None
    invalid_in_mesh: Invalid | None = None
    backends: tuple[Invalid, ...] = ()
    mirrors: tuple[Invalid, ...] = ()


class HttpRules(Struct, frozen=True):
    """The rules of a route, the most specific first; none if it is invalid as a whole."""

    rules: tuple[HTTPRule, ...] = ()
    invalid: Invalid | None = None
    backends: tuple[Invalid, ...] = ()
    mirrors: tuple[Invalid, ...] = ()


# ---- HTTPRoutes and GRPCRoutes


def http_route(route: L7Route, parents: Parents, backends: Backends) -> ConvertedRoute:
    """The conversion of an HTTPRoute or GRPCRoute."""
    attachments = parents.attachments(route)
    mesh = _http_rules(route, backends, attachments, in_mesh=True)
    gateway = _http_rules(route, backends, attachments, in_mesh=False)
    rules_by_host = (
        (f"{_scope(route, each)}/{host}", host, each, rules.rules)
        for each in accepted(attachments)
        if (rules := mesh if each.in_mesh else gateway).rules
        for host in (each.hosts if each.in_mesh else route.spec.hostnames or EVERY_HOST)
        if each.may_route(host)
    )
    virtual_services = tuple(
        (key, _http_virtual_service(route, count, host, attachment, rules))
        for count, (key, host, attachment, rules) in enumerate(rules_by_host)
    )
    return ConvertedRoute(
        route=route,
        attachments=attachments,
        virtual_services=virtual_services,
        invalid=gateway.invalid,
        invalid_in_mesh=mesh.invalid,
        backends=_distinct(gateway.backends, mesh.backends),
        mirrors=_distinct(gateway.mirrors, mesh.mirrors),
    )


def _distinct(*groups: tuple[Invalid, ...]) -> tuple[Invalid, ...]:
    return tuple(dict.fromkeys(invalid for group in groups for invalid in group))


def _http_rules(route: L7Route, backends: Backends, attachments: Iterable[Attachment], *, in_mesh: bool) -> HttpRules:
    """The rules for the mesh or for listeners; none if the route attaches to no such parent."""
    if not any(each.in_mesh is in_mesh for each in attachments):
        return HttpRules()
    builder = RuleBuilder(route, backends, in_mesh=in_mesh)
    try:
        rules = tuple(builder.rules())
    except RouteInvalid as error:
        return HttpRules(invalid=error.invalid)
    return HttpRules(
        rules=tuple(sorted(rules, key=most_specific_first)),
        invalid=builder.invalid,
        backends=tuple(builder.backends),
        mirrors=tuple(builder.mirrors),
    )


def _scope(route: Route, attachment: Attachment) -> str:
    """What VirtualServices of one host must share to be merged: the Gateway, or namespace and port in the mesh."""
    if not attachment.in_mesh:
        return attachment.gateway
    port = attachment.ref.port
    return route.namespace if port is None else f"{route.namespace}/{port}"


def _http_virtual_service(
    route: L7Route, count: int, host: str, attachment: Attachment, rules: tuple[HTTPRule, ...]
) -> VirtualService:
    port = attachment.ref.port if attachment.in_mesh else None
    on_port = rules if port is None else tuple(_on_port(rule, port) for rule in rules)
    spec = VirtualServiceSpec(hosts=(host,), gateways=(attachment.gateway,), http=on_port)
    return _virtual_service(route, f"{route.name}~{count}~{GENERATED}", spec)


def _on_port(rule: HTTPRule, port: int) -> HTTPRule:
    """The rule for requests to one port."""
    matches = rule.match or (placed(HTTPMatchRequest(), rule.origin),)
    return rule.model_copy(update={"match": tuple(each.model_copy(update={"port": port}) for each in matches)})


def most_specific_first(rule: HTTPRule) -> tuple[bool, int, int, bool, int, int]:
    """Sort key of the Gateway API: exact paths, longer prefixes, regular expressions; then methods; then more
    conditions on headers, then on the query.
    """
    if not rule.match:
        return (True, 0, 0, False, 0, 0)
    match = rule.match[0]
    rank, length = _path_rank(match.uri)
    return (False, rank, -length, match.method is None, -len(match.headers), -len(match.query_params))


def _path_rank(path: StringMatch | None) -> tuple[int, int]:
    """The rank of a kind of match, and the length of its text in bytes."""
    match path:
        case StringMatch(exact=str(text)):
            return 0, len(text.encode())
        case StringMatch(prefix=str(text)):
            return 1, len(text.encode())
        case StringMatch(regex=str(text)):
            return 2, len(text.encode())
        case _:
            return 3, 0


def merged_virtual_services(routes: Iterable[ConvertedRoute]) -> Iterator[VirtualService]:
    """The VirtualServices of HTTPRoutes and GRPCRoutes, one for each key."""
    groups: dict[str, list[VirtualService]] = {}
    for route in routes:
        for key, virtual_service in route.virtual_services:
            groups.setdefault(key, []).append(virtual_service)
    return (_merged(key, group) for key, group in groups.items())


def _merged(key: str, group: list[VirtualService]) -> VirtualService:
    first, *others = sorted(group, key=lambda each: oldest_first_by_namespace(each.metadata))
    metadata = first.metadata.model_copy(update={"name": key.replace("/", "~")})
    if not others:
        return first.model_copy(update={"metadata": metadata})
    rules = (rule for each in (first, *others) for rule in each.spec.http)
    spec = first.spec.model_copy(update={"http": tuple(sorted(rules, key=most_specific_first))})
    return first.model_copy(update={"metadata": metadata, "spec": spec})


# ---- TLSRoutes and TCPRoutes


class L4Rule(Struct, frozen=True):
    """The targets of a rule; `has_weight` is False for a rule that refuses all connections."""

    targets: tuple[RouteDestination, ...]
    has_weight: bool
    origin: Origin


L4Rules: TypeAlias = Mapping[str, tuple[TCPRule, ...] | tuple[TLSRule, ...]]
L4VirtualServices: TypeAlias = Callable[[Attachment, tuple[L4Rule, ...]], Iterator[tuple[str, L4Rules]]]


def tcp_route(route: TCPRoute, parents: Parents, backends: Backends) -> ConvertedRoute:
    """The conversion of a TCPRoute."""

    def virtual_services(attachment: Attachment, rules: tuple[L4Rule, ...]) -> Iterator[tuple[str, L4Rules]]:
        port = attachment.ref.port if attachment.in_mesh else None
        match = () if port is None else (placed(L4MatchAttributes(port=port), attachment.ref.origin),)
        tcp = tuple(placed(TCPRule(match=match, route=rule.targets), rule.origin) for rule in rules)
        yield from ((host, {"tcp": tcp}) for host in (attachment.hosts if attachment.in_mesh else EVERY_HOST))

    return _l4_route(route, "tcp", parents, backends, virtual_services)


def tls_route(route: TLSRoute, parents: Parents, backends: Backends) -> ConvertedRoute:
    """The conversion of a TLSRoute."""

    def virtual_services(attachment: Attachment, rules: tuple[L4Rule, ...]) -> Iterator[tuple[str, L4Rules]]:
        hosts = route.spec.hostnames or EVERY_HOST
        if attachment.in_mesh:
            yield from _tls_in_mesh(attachment, hosts, rules)
            return
        own = "" if attachment.listener is None else attachment.listener.hostname
        shared = _intersection(hosts, own) if own else hosts
        tls = tuple(_tls_rule(rule, shared, 0) for rule in rules if shared or not rule.has_weight)
        yield from ((host, {"tls": tls}) for host in shared)

    return _l4_route(route, "tls", parents, backends, virtual_services)


def _tls_in_mesh(
    attachment: Attachment, hosts: tuple[str, ...], rules: tuple[L4Rule, ...]
) -> Iterator[tuple[str, L4Rules]]:
    """For each host of the parent, the rules with the server names that the host covers."""
    names, port = attachment.hosts if hosts == EVERY_HOST else hosts, attachment.ref.port or 0
    for host in attachment.hosts:
        covered = names if len(names) <= 1 else tuple(name for name in names if overlaps(host, name))
        yield host, {"tls": tuple(_tls_rule(rule, covered, port) for rule in rules)}


def _tls_rule(rule: L4Rule, names: tuple[str, ...], port: int) -> TLSRule:
    match = (placed(TLSMatchAttributes(sni_hosts=names, port=port), rule.origin),) if rule.has_weight else ()
    return placed(TLSRule(match=match, route=rule.targets), rule.origin)


def _l4_route(
    route: TCPRoute | TLSRoute, kind: str, parents: Parents, backends: Backends, virtual_services: L4VirtualServices
) -> ConvertedRoute:
    attachments = parents.attachments(route)
    mesh, mesh_invalid, in_mesh = _l4_rules(route, backends, attachments, in_mesh=True)
    gateway, gateway_invalid, at_gateway = _l4_rules(route, backends, attachments, in_mesh=False)
    rules_by_host = (
        (each.gateway, host, rules)
        for each in accepted(attachments)
        for host, rules in virtual_services(each, mesh if each.in_mesh else gateway)
    )
    named = (
        (f"{route.name}~{kind}~{count}~{GENERATED}", VirtualServiceSpec(hosts=(host,), gateways=(name,), **rules))
        for count, (name, host, rules) in enumerate(rules_by_host)
    )
    return ConvertedRoute(
        route=route,
        attachments=attachments,
        virtual_services=tuple((name, _virtual_service(route, name, spec)) for name, spec in named),
        invalid=gateway_invalid,
        invalid_in_mesh=mesh_invalid,
        backends=_distinct(at_gateway, in_mesh),
    )


def _l4_rules(
    route: TCPRoute | TLSRoute, backends: Backends, attachments: Iterable[Attachment], *, in_mesh: bool
) -> tuple[tuple[L4Rule, ...], Invalid | None, tuple[Invalid, ...]]:
    """The rules for the mesh or for listeners, and what is invalid about them: in all, and about each backend.

    There are no rules if the route is invalid or attaches to no such parent.
    """
    if not any(each.in_mesh is in_mesh for each in attachments):
        return (), None, ()
    problems: list[Invalid] = []
    try:
        rules = tuple([_l4_rule(route, rule, backends, in_mesh, problems) for rule in route.spec.rules])
    except RouteInvalid as error:
        return (), error.invalid, ()
    return rules, problems[-1] if problems else None, tuple(problems)


def _l4_rule(
    route: TCPRoute | TLSRoute, rule: L4RouteRule, backends: Backends, in_mesh: bool, problems: list[Invalid]
) -> L4Rule:
    if not sum(ref.weight for ref in rule.backend_refs):
        return L4Rule((NO_TARGET,), False, rule.origin)
    targets: list[RouteDestination] = []
    for ref, weight in weighted(rule.backend_refs):
        destination, problem = backends.destination(ref, ROUTE_KINDS[type(route)], route.namespace, not in_mesh)
        problems += [problem] if problem else []
        targets.append(placed(RouteDestination(destination=destination, weight=weight), ref.origin))
    return L4Rule(tuple(targets), True, rule.origin)


# Connections cannot be refused otherwise: no cluster has this name.
NO_TARGET = RouteDestination(
    destination=Destination(host=ZERO_WEIGHT_HOST, subset=ZERO_WEIGHT_SUBSET, port=PortSelector(number=65535))
)


def _intersection(hosts: Iterable[str], own: str) -> tuple[str, ...]:
    """What the hosts of a route have in common with the host of a listener: of the two, the more exact one."""
    shared = (host if subset_of(host, own) else own for host in hosts if overlaps(host, own))
    return tuple(dict.fromkeys(shared))


def _virtual_service(route: Route, name: str, spec: VirtualServiceSpec) -> VirtualService:
    metadata = ObjectMeta(
        name=name,
        namespace=route.namespace,
        creation_timestamp=route.metadata.creation_timestamp,
        annotations={SEMANTICS_ANNOTATION: Semantics.GATEWAY.value, PARENTS_ANNOTATION: route.kind},
    )
    return placed(VirtualService(metadata=metadata, spec=placed(spec, route.origin)), route.origin)
