"""Destinations to subsets that are defined in DestinationRules that the clients do not use."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from meshcompile.analyze.context import Context
from meshcompile.analyze.destinations import Target, targets
from meshcompile.codes.client_settings import HIDDEN_SUBSET
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.networking.destination_rule import DestinationRule
from meshcompile.models.networking.virtual_service import (
    MESH_GATEWAY,
    Destination,
    HTTPMatchRequest,
    HTTPMirrorPolicy,
    HTTPRouteDestination,
    L4MatchAttributes,
    RouteDestination,
    TLSMatchAttributes,
    VirtualService,
)
from meshcompile.snapshot.exports import EVERYWHERE, exported_to, is_visible
from meshcompile.snapshot.service import Service
from meshcompile.snapshot.short_names import qualified_gateway
from meshcompile.values.hosts import covering, qualified

Matches = tuple[HTTPMatchRequest | TLSMatchAttributes | L4MatchAttributes, ...]
Destinations = tuple[Destination | None, ...]


def hidden_subsets(context: Context) -> Iterator[Diagnostic]:
    """A finding for each destination with a subset that some clients of its VirtualService cannot see."""
    owners = _rule_namespaces(context)
    roots = _roots(context)
    for virtual_service in context.resources.all(VirtualService):
        bindings = (virtual_service,) if virtual_service.spec.hosts else roots.get(virtual_service.full_name, ())
        for target in targets(virtual_service) if bindings else ():
            if target.destination.subset:
                yield from _of_target(context, owners, target, bindings)


def _roots(context: Context) -> Mapping[str, tuple[VirtualService, ...]]:
    """The VirtualServices that delegate to another one, by its namespace and name."""
    by_delegate: dict[str, dict[str, VirtualService]] = defaultdict(dict)
    for root in context.resources.all(VirtualService):
        for delegate in (rule.delegate for rule in root.spec.http):
            if delegate is not None:
                by_delegate[f"{delegate.namespace or root.namespace}/{delegate.name}"][root.full_name] = root
    return {name: tuple(group.values()) for name, group in by_delegate.items()}


def _rule_namespaces(context: Context) -> Mapping[str, frozenset[str]]:
    """The namespaces with DestinationRules for a host, by full host."""
    by_host: dict[str, set[str]] = defaultdict(set)
    for rule in context.resources.all(DestinationRule):
        by_host[qualified(rule.spec.host, rule.namespace)].add(rule.namespace)
    return {host: frozenset(namespaces) for host, namespaces in by_host.items()}


def _of_target(
    context: Context, owners: Mapping[str, frozenset[str]], target: Target, bindings: tuple[VirtualService, ...]
) -> Iterator[Diagnostic]:
    subset = target.destination.subset
    rules = tuple(context.rules_for(target.host))
    services = tuple(context.snapshot.services.by_hostname.get(target.host, {}).values())
    if _all_see(rules, services):
        return
    defining = [rule for rule in rules if any(each.name == subset for each in rule.spec.subsets)]
    if not defining or not services:
        return  # IST0101 reports it
    blind: dict[str, None] = {}
    for binding in bindings:
        bound = _bound(target, binding)
        at_gateways = _gateway_namespaces(context, binding, bound)
        blind |= {client: None for client in sorted(at_gateways) if not _sees(context, client, services, subset)}
        sidecars = _sidecar_namespaces(context, owners, target, binding) if MESH_GATEWAY in bound else frozenset[str]()
        for client in sorted(sidecars - at_gateways):
            if not _sees(context, client, services, subset) and _routes(context, client, binding):
                blind[client] = None
    if blind:
        yield HIDDEN_SUBSET(
            target.destination.at("subset"),
            clients=" and ".join([*blind][:3]),
            subset=subset,
            host=target.destination.host,
            effect=target.use.value,
            suggestion=_remedy(context, next(iter(blind)), services[0], defining),
            related=tuple(Related("it is defined here", rule.origin) for rule in defining),
        )


def _remedy(context: Context, client: str, service: Service, defining: list[DestinationRule]) -> str:
    """How clients get a subset: from the rule that they use, or from one that they see."""
    used = next(iter(context.snapshot.destination_rules.lookup(client, service)), None)
    if used is not None:
        return f"they use DestinationRule {used.namespace}/{used.name} for {service.hostname}: define it there too"
    exported = next((rule for rule in defining if rule.namespace == service.namespace), None)
    if exported is not None:
        return f"export DestinationRule {exported.full_name} to namespace {client}"
    return f"define it in namespace {service.namespace}, where the service is"


def _all_see(rules: tuple[DestinationRule, ...], services: tuple[Service, ...]) -> bool:
    """True if the only rules for a host are in the namespace of its service, for all clients."""
    own = {service.namespace for service in services}
    return len(own) == 1 and all(
        rule.namespace in own and not rule.spec.export_to and rule.spec.workload_selector is None for rule in rules
    )


def _audience(context: Context, virtual_service: VirtualService) -> frozenset[str]:
    everywhere = context.snapshot.mesh.default_virtual_service_export_to or (EVERYWHERE,)
    return exported_to(virtual_service.spec.export_to or everywhere, virtual_service.namespace)


def _bound(target: Target, binding: VirtualService) -> frozenset[str]:
    """The gateways, as written, for which the rule with a destination is. A delegate has those of its root."""
    spec = binding.spec
    default = spec.gateways or (MESH_GATEWAY,)
    http = ((rule.match, (*_routed(rule.route), rule.mirror, *_routed(rule.mirrors))) for rule in spec.http)
    tls = ((rule.match, _routed(rule.route)) for rule in spec.tls)
    tcp = ((rule.match, _routed(rule.route)) for rule in spec.tcp)
    rules: tuple[tuple[Matches, Destinations], ...] = (*http, *tls, *tcp)
    for matches, destinations in rules:
        if any(destination is target.destination for destination in destinations):
            named = frozenset(gateway for match in matches for gateway in match.gateways or default)
            return named or frozenset(default)
    return frozenset(default)


def _routed(targets: Iterable[HTTPRouteDestination | HTTPMirrorPolicy | RouteDestination]) -> tuple[Destination, ...]:
    return tuple(target.destination for target in targets)


def _gateway_namespaces(context: Context, binding: VirtualService, bound: frozenset[str]) -> frozenset[str]:
    """The namespaces of gateways that see a VirtualService."""
    audience = _audience(context, binding)
    names = {qualified_gateway(written, binding.namespace) for written in bound}
    gateways = [gateway for gateway in context.gateways_of(binding) if gateway.full_name in names]
    namespaces = {namespace for gateway in gateways for namespace in context.namespaces_of(gateway)}
    return frozenset(namespace for namespace in namespaces if is_visible(audience, (namespace,)))


def _sidecar_namespaces(
    context: Context, owners: Mapping[str, frozenset[str]], target: Target, binding: VirtualService
) -> frozenset[str]:
    """The namespaces of sidecars to check: the VirtualService's own, and those with rules of their own."""
    own = {namespace for host in covering(target.host) for namespace in owners.get(host, ())}
    audience = _audience(context, binding)
    namespaces = {binding.namespace} | (own & context.workload_namespaces)
    return frozenset(namespace for namespace in namespaces if is_visible(audience, (namespace,)))


def _routes(context: Context, client: str, binding: VirtualService) -> bool:
    """True if sidecars of a namespace take the routes of some host from a VirtualService."""
    name = (binding.namespace, binding.name)
    hosts = (qualified(host, binding.namespace) for host in binding.spec.hosts)
    return any(context.winner(client, host) == name for host in hosts)


def _sees(context: Context, client: str, services: tuple[Service, ...], subset: str) -> bool:
    """True if clients of a namespace find the subset, or do not see the service at all."""
    visible = [service for service in services if is_visible(service.export_to, (client,))]
    rules = (rule for each in visible for rule in context.snapshot.destination_rules.lookup(client, each))
    return not visible or any(rule.subset(subset) is not None for rule in rules)
