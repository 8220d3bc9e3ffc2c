"""The view of the mesh that most namespaces share.

A namespace has a view of its own if something is exported to it or hidden in it, if a rule of it is about other
namespaces, or if a match asks for it. All other namespaces see the same services, VirtualServices and DestinationRules,
so their sidecars share one scope, and everything that is built from it.
"""

from collections.abc import Iterator, Mapping

from meshcompile.queries import query
from meshcompile.snapshot.destination_rules import MergedDestinationRule, RulesByHost
from meshcompile.snapshot.exports import EVERYWHERE
from meshcompile.snapshot.service import Service
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.snapshot.virtual_services import MergedVirtualService, Semantics
from meshcompile.values.hosts import is_wildcard

COMMON_VIEW = ""
"""In place of a namespace: any namespace without a view of its own."""


def view_of(snapshot: Snapshot, namespace: str) -> str:
    """The namespace if it has a view of its own, else COMMON_VIEW."""
    has_own = (
        namespace == snapshot.mesh.root_namespace  # whose DestinationRules may be private and yet apply to all services
        or namespace in _by_services(snapshot, None)
        or namespace in _by_routes(snapshot, None)
        or namespace in _by_rules(snapshot, None)
    )
    return namespace if has_own else COMMON_VIEW


@query
def _by_services(snapshot: Snapshot, key: None) -> frozenset[str]:
    """The namespaces with a service that others do not see, that see such a service, or that share a host."""
    hidden = (service for service in snapshot.services.all if EVERYWHERE not in service.export_to)
    shared = (group for group in snapshot.services.by_hostname.values() if len(group) > 1)
    return frozenset().union(*({service.namespace, *service.export_to} for service in hidden), *shared)


@query
def _by_routes(snapshot: Snapshot, key: None) -> frozenset[str]:
    """The namespaces that a VirtualService is exported to by name or asks for, and those with a route of the Gateway
    API, which takes precedence for them.
    """
    return frozenset(name for each in snapshot.virtual_services.all for name in _namespaces_of_route(each))


def _namespaces_of_route(virtual_service: MergedVirtualService) -> Iterator[str]:
    yield from virtual_service.source_namespaces
    if EVERYWHERE not in virtual_service.export_to:
        yield from virtual_service.export_to
    if virtual_service.semantics is Semantics.GATEWAY:
        yield virtual_service.namespace


@query
def _by_rules(snapshot: Snapshot, key: None) -> frozenset[str]:
    """The namespaces that a DestinationRule is exported to by name, and those with a rule that is not for all clients,
    or that is for services of other namespaces.
    """
    rules, services = snapshot.destination_rules, snapshot.services.by_hostname
    exported = (rule for by_host in rules.exported.values() for group in by_host.values() for rule in group)
    named = (name for rule in exported for name in _namespaces_of_rule(rule))
    different = (
        namespace
        for namespace, own in rules.own.items()
        if own != rules.exported.get(namespace) or not _only_about(namespace, own, services)
    )
    return frozenset((*named, *different))


def _namespaces_of_rule(rule: MergedDestinationRule) -> Iterator[str]:
    if rule.export_to and EVERYWHERE not in rule.export_to:
        yield from (*rule.export_to, rule.namespace)


def _only_about(namespace: str, rules: RulesByHost, services: Mapping[str, Mapping[str, Service]]) -> bool:
    """Whether no host of the rules covers a service of another namespace."""
    return not any(is_wildcard(host) or services.get(host, {}).keys() - {namespace} for host in rules)
