"""The objects that a proxy gets nothing of, with the reasons that the filters themselves give.

Compiling does not need this. It is computed when somebody asks what became of an object.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import TypeVar

from msgspec import Struct

from meshcompile.documents import Origin
from meshcompile.models.networking.sidecar import Sidecar
from meshcompile.models.networking.virtual_service import MESH_GATEWAY
from meshcompile.proxy import Proxy
from meshcompile.resolve.facts import ProxyFacts, proxy_facts
from meshcompile.resolve.scope.workload import placed
from meshcompile.resolve.security.policy_attachment import Refusal, refusal
from meshcompile.snapshot.destination_rules import DestinationRuleIndex
from meshcompile.snapshot.exports import exported_to, is_visible
from meshcompile.snapshot.gateways import GatewayIndex
from meshcompile.snapshot.policy_targets import Attachable
from meshcompile.snapshot.services import ServiceIndex
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.snapshot.virtual_services import MergedVirtualService
from meshcompile.values.labels import selects

T = TypeVar("T")

ONLY_GATEWAYS = "only gateways read it"
ONLY_SIDECARS = "only sidecars read it"
NOT_FOR_SIDECARS = "it is for gateways and not for sidecars"
NO_GATEWAY = "none of its gateways selects the proxy"
NO_HOST = "the proxy imports none of its hosts"


class Skipped(Struct, frozen=True):
    """An object that a proxy gets nothing of, and the place where it is written."""

    origin: Origin
    reason: str


def skipped(snapshot: Snapshot, proxy: Proxy) -> Iterator[Skipped]:
    """The objects that are left out for a proxy."""
    facts = proxy_facts(snapshot, placed(snapshot, proxy))
    yield from _policies(snapshot, facts.proxy)
    yield from _gateways(snapshot.gateways, facts)
    yield from _virtual_services(snapshot.virtual_services.all, facts)
    yield from _sidecars(snapshot.sidecars.by_namespace, facts)
    yield from _destination_rules(snapshot.destination_rules, facts)
    yield from _services(snapshot.services, facts)


def _policies(snapshot: Snapshot, proxy: Proxy) -> Iterator[Skipped]:
    root = snapshot.mesh.root_namespace
    attachable: Iterable[tuple[str, Attachable, Origin]] = chain(
        ((each.namespace, each.spec, each.origin) for each in _all(snapshot.authorization.by_namespace)),
        ((each.namespace, each.spec, each.origin) for each in _all(snapshot.authentication.request)),
        ((each.namespace, each.spec, each.origin) for each in snapshot.telemetry.all),
        ((each.namespace, each.spec, each.origin) for each in _all(snapshot.envoy_filters.by_namespace)),
        ((each.namespace, each.spec, each.origin) for each in _all(snapshot.extensions.by_namespace)),
    )
    for namespace, spec, origin in attachable:
        if namespace not in (proxy.namespace, root):
            yield Skipped(origin, _of_namespace(namespace))
        elif why := refusal(spec, namespace, proxy, root):
            yield Skipped(origin, why)
    for peer in _all(snapshot.authentication.peer):
        selector = peer.spec.selector
        if peer.namespace not in (proxy.namespace, root):
            yield Skipped(peer.origin, _of_namespace(peer.namespace))
        elif selector is not None and not selects(selector.match_labels, proxy.labels):
            yield Skipped(peer.origin, Refusal.SELECTOR)


def _of_namespace(namespace: str) -> str:
    return f"it is for the workloads of namespace {namespace}"


def _gateways(index: GatewayIndex, facts: ProxyFacts) -> Iterator[Skipped]:
    for gateway in index.all:
        if not facts.proxy.is_router:
            yield Skipped(gateway.origin, ONLY_GATEWAYS)
        elif not selects(gateway.spec.selector, facts.proxy.labels):
            yield Skipped(gateway.origin, Refusal.SELECTOR)


def _virtual_services(every: Iterable[MergedVirtualService], facts: ProxyFacts) -> Iterator[Skipped]:
    imported = {each for listener in facts.scope.egress_listeners for each in listener.virtual_services}
    for virtual_service in every:
        if not is_visible(virtual_service.export_to, (facts.proxy.namespace,)):
            yield Skipped(virtual_service.origin, _not_exported(facts))
        elif facts.proxy.is_router:
            if facts.gateway.gateways.isdisjoint(virtual_service.gateways):
                yield Skipped(virtual_service.origin, NO_GATEWAY)
        elif MESH_GATEWAY not in virtual_service.gateways:
            yield Skipped(virtual_service.origin, NOT_FOR_SIDECARS)
        elif virtual_service not in imported:
            yield Skipped(virtual_service.origin, NO_HOST)


def _not_exported(facts: ProxyFacts) -> str:
    return f"it is not exported to namespace {facts.proxy.namespace}"


def _sidecars(by_namespace: Mapping[str, tuple[Sidecar, ...]], facts: ProxyFacts) -> Iterator[Skipped]:
    holds = facts.scope.sidecar
    for sidecar in _all(by_namespace):
        selector = sidecar.spec.workload_selector
        if not facts.proxy.is_sidecar:
            yield Skipped(sidecar.origin, ONLY_SIDECARS)
        elif selector is not None and sidecar.namespace != facts.proxy.namespace:
            yield Skipped(sidecar.origin, _of_namespace(sidecar.namespace))
        elif selector is not None and not selects(selector.labels, facts.proxy.labels):
            yield Skipped(sidecar.origin, Refusal.SELECTOR)
        elif holds is not None and sidecar is not holds:
            yield Skipped(sidecar.origin, f"Sidecar {holds.full_name} holds instead")


def _destination_rules(index: DestinationRuleIndex, facts: ProxyFacts) -> Iterator[Skipped]:
    in_scope = {origin for rules in facts.scope.destination_rules.values() for rule in rules for origin in rule.origins}
    for rule in index.all:
        selector = rule.spec.workload_selector
        if rule.spec.export_to and not is_visible(
            exported_to(rule.spec.export_to, rule.namespace), (facts.proxy.namespace,)
        ):
            yield Skipped(rule.origin, _not_exported(facts))
        elif rule.origin not in in_scope:
            yield Skipped(rule.origin, NO_HOST)
        elif selector is not None and not selects(selector.match_labels, facts.proxy.labels):
            yield Skipped(rule.origin, Refusal.SELECTOR)


def _services(index: ServiceIndex, facts: ProxyFacts) -> Iterator[Skipped]:
    sidecar = facts.scope.sidecar
    for service in index.all:
        known = facts.scope.service(service.hostname)
        if known is not None and known.namespace == service.namespace:
            continue
        if not is_visible(service.export_to, (facts.proxy.namespace,)):
            yield Skipped(service.origin, _not_exported(facts))
        elif known is not None:
            yield Skipped(service.origin, f"the proxy knows its host as that of namespace {known.namespace}")
        elif sidecar is not None:
            yield Skipped(service.origin, f"Sidecar {sidecar.full_name} does not import it")


def _all(by_namespace: Mapping[str, tuple[T, ...]]) -> Iterator[T]:
    return chain.from_iterable(by_namespace.values())
