"""The services and rules that the scope of a proxy leaves out, and why."""

from collections.abc import Iterator

from meshcompile.models.networking.sidecar import Sidecar
from meshcompile.models.networking.virtual_service import MESH_GATEWAY
from meshcompile.proxy import Proxy
from meshcompile.resolve.scope.sidecar import SidecarScope
from meshcompile.resolve.security.policy_attachment import Refusal
from meshcompile.resolve.skipped import Skipped, not_exported, of_namespace
from meshcompile.snapshot.exports import exported_to, is_visible
from meshcompile.snapshot.service import Service
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.snapshot.virtual_services import MergedVirtualService
from meshcompile.values.labels import selects

ONLY_SIDECARS = "only sidecars read it"
NOT_FOR_SIDECARS = "it is for gateways and not for sidecars"
NO_GATEWAY = "none of its gateways selects the proxy"
NO_HOST = "the proxy imports none of its hosts"


def not_imported(snapshot: Snapshot, proxy: Proxy, scope: SidecarScope, gateways: frozenset[str]) -> Iterator[Skipped]:
    """The services and rules that a scope leaves out. `gateways` are those that select the proxy."""
    yield from _virtual_services(snapshot, proxy, scope, gateways)
    yield from _sidecars(snapshot, proxy, scope)
    yield from _destination_rules(snapshot, proxy, scope)
    for service in snapshot.services.all:
        if reason := _service_reason(service, proxy, scope):
            yield Skipped(service.origin, reason)


def _virtual_services(
    snapshot: Snapshot, proxy: Proxy, scope: SidecarScope, gateways: frozenset[str]
) -> Iterator[Skipped]:
    imported = {route for listener in scope.egress_listeners for route in listener.virtual_services}
    for virtual_service in snapshot.virtual_services.all:
        if not is_visible(virtual_service.export_to, (proxy.namespace,)):
            yield Skipped(virtual_service.origin, not_exported(proxy.namespace))
        elif proxy.is_router:
            if gateways.isdisjoint(virtual_service.gateways):
                yield Skipped(virtual_service.origin, NO_GATEWAY)
        elif reason := _mesh_reason(virtual_service, imported):
            yield Skipped(virtual_service.origin, reason)


def _mesh_reason(virtual_service: MergedVirtualService, imported: set[MergedVirtualService]) -> str:
    """Why traffic in the mesh does not follow a VirtualService; "" when it does."""
    if MESH_GATEWAY not in virtual_service.gateways:
        return NOT_FOR_SIDECARS
    return "" if virtual_service in imported else NO_HOST


def _sidecars(snapshot: Snapshot, proxy: Proxy, scope: SidecarScope) -> Iterator[Skipped]:
    for group in snapshot.sidecars.by_namespace.values():
        for sidecar in group:
            if reason := _sidecar_reason(sidecar, proxy, scope.sidecar):
                yield Skipped(sidecar.origin, reason)


def _sidecar_reason(sidecar: Sidecar, proxy: Proxy, chosen: Sidecar | None) -> str:
    selector = sidecar.spec.workload_selector
    if not proxy.is_sidecar:
        return ONLY_SIDECARS
    if selector is not None and sidecar.namespace != proxy.namespace:
        return of_namespace(sidecar.namespace)
    if selector is not None and not selects(selector.labels, proxy.labels):
        return Refusal.SELECTOR
    return f"Sidecar {chosen.full_name} holds instead" if chosen is not None and sidecar is not chosen else ""


def _destination_rules(snapshot: Snapshot, proxy: Proxy, scope: SidecarScope) -> Iterator[Skipped]:
    imported = {origin for rules in scope.destination_rules.values() for rule in rules for origin in rule.origins}
    for rule in snapshot.destination_rules.all:
        selector, export_to = rule.spec.workload_selector, exported_to(rule.spec.export_to, rule.namespace)
        if export_to and not is_visible(export_to, (proxy.namespace,)):
            yield Skipped(rule.origin, not_exported(proxy.namespace))
        elif rule.origin not in imported:
            yield Skipped(rule.origin, NO_HOST)
        elif selector is not None and not selects(selector.match_labels, proxy.labels):
            yield Skipped(rule.origin, Refusal.SELECTOR)


def _service_reason(service: Service, proxy: Proxy, scope: SidecarScope) -> str:
    imported = scope.service(service.hostname)
    if imported is not None and imported.namespace == service.namespace:
        return ""
    if not is_visible(service.export_to, (proxy.namespace,)):
        return not_exported(proxy.namespace)
    if imported is not None:
        return f"the proxy knows its host as that of namespace {imported.namespace}"
    return "" if scope.sidecar is None else f"Sidecar {scope.sidecar.full_name} does not import it"
