"""Destinations to subsets that are defined in DestinationRules that the clients do not use."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from meshcompile.analyze.context import Context
from meshcompile.analyze.destinations import Target, targets
from meshcompile.codes.client_settings import HIDDEN_SUBSET
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.networking.destination_rule import DestinationRule
from meshcompile.models.networking.virtual_service import MESH_GATEWAY, VirtualService
from meshcompile.snapshot.exports import EVERYWHERE, exported_to, is_visible
from meshcompile.snapshot.service import Service
from meshcompile.values.hosts import covering, qualified


def hidden_subsets(context: Context) -> Iterator[Diagnostic]:
    """A finding for each destination with a subset that some clients of its VirtualService cannot see."""
    owners = _rule_namespaces(context)
    for virtual_service in context.resources.all(VirtualService):
        for target in targets(virtual_service):
            if target.destination.subset:
                yield from _of_target(context, owners, target)


def _rule_namespaces(context: Context) -> Mapping[str, frozenset[str]]:
    """The namespaces with DestinationRules for a host, by full host."""
    by_host: dict[str, set[str]] = defaultdict(set)
    for rule in context.resources.all(DestinationRule):
        by_host[qualified(rule.spec.host, rule.namespace)].add(rule.namespace)
    return {host: frozenset(namespaces) for host, namespaces in by_host.items()}


def _of_target(context: Context, owners: Mapping[str, frozenset[str]], target: Target) -> Iterator[Diagnostic]:
    subset = target.destination.subset
    rules = tuple(context.rules_for(target.host))
    services = tuple(context.snapshot.services.by_hostname.get(target.host, {}).values())
    if _all_see(rules, services):
        return
    defining = [rule for rule in rules if any(each.name == subset for each in rule.spec.subsets)]
    if not defining or not services:
        return  # IST0101 reports it
    at_gateways = _gateway_namespaces(context, target)
    sidecars = [each for each in _sidecar_namespaces(context, owners, target) if each not in at_gateways]
    blind = [client for client in sorted(at_gateways) if not _sees(context, client, services, subset)]
    blind += [
        client
        for client in sorted(sidecars)
        if not _sees(context, client, services, subset) and _routes(context, client, target)
    ]
    if blind:
        yield HIDDEN_SUBSET(
            target.destination.at("subset"),
            clients=" and ".join(blind[:3]),
            subset=subset,
            host=target.destination.host,
            effect=target.use.value,
            suggestion=f"define it in namespace {services[0].namespace}, where the service is",
            related=tuple(Related("it is defined here", rule.origin) for rule in defining),
        )


def _all_see(rules: tuple[DestinationRule, ...], services: tuple[Service, ...]) -> bool:
    """True if the only rules for a host are in the namespace of its service, for all clients."""
    own = {service.namespace for service in services}
    return len(own) == 1 and all(
        rule.namespace in own and not rule.spec.export_to and rule.spec.workload_selector is None for rule in rules
    )


def _audience(context: Context, virtual_service: VirtualService) -> frozenset[str]:
    everywhere = context.snapshot.mesh.default_virtual_service_export_to or (EVERYWHERE,)
    return exported_to(virtual_service.spec.export_to or everywhere, virtual_service.namespace)


def _gateway_namespaces(context: Context, target: Target) -> frozenset[str]:
    """The namespaces of the gateways that a VirtualService is bound to and that see it."""
    audience = _audience(context, target.virtual_service)
    gateways = context.gateways_of(target.virtual_service)
    namespaces = {namespace for gateway in gateways for namespace in context.namespaces_of(gateway)}
    return frozenset(namespace for namespace in namespaces if is_visible(audience, (namespace,)))


def _sidecar_namespaces(context: Context, owners: Mapping[str, frozenset[str]], target: Target) -> Iterator[str]:
    """The namespaces of sidecars to check: the VirtualService's own, and those with rules of their own."""
    virtual_service = target.virtual_service
    if virtual_service.spec.gateways and MESH_GATEWAY not in virtual_service.spec.gateways:
        return
    own = {namespace for host in covering(target.host) for namespace in owners.get(host, ())}
    audience = _audience(context, virtual_service)
    for namespace in {virtual_service.namespace} | (own & context.workload_namespaces):
        if is_visible(audience, (namespace,)):
            yield namespace


def _routes(context: Context, client: str, target: Target) -> bool:
    """True if sidecars in a namespace use the routes of the target's VirtualService for some host."""
    virtual_service = target.virtual_service
    name = (virtual_service.namespace, virtual_service.name)
    hosts = (qualified(host, virtual_service.namespace) for host in virtual_service.spec.hosts)
    return not virtual_service.spec.hosts or any(context.winner(client, host) == name for host in hosts)


def _sees(context: Context, client: str, services: tuple[Service, ...], subset: str) -> bool:
    """True if clients of a namespace find the subset, or do not see the service at all."""
    visible = [service for service in services if is_visible(service.export_to, (client,))]
    rules = (rule for host in visible for rule in context.snapshot.destination_rules.lookup(client, host))
    return not visible or any(rule.subset(subset) is not None for rule in rules)
