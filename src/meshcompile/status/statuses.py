"""The statuses of all objects that istiod writes one on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from meshcompile.models.base import Resource
from meshcompile.models.gateway_api.gateway import GatewayClass
from meshcompile.models.kubernetes.namespace import Namespace
from meshcompile.models.kubernetes.service import Service
from meshcompile.models.networking.service_entry import ServiceEntry
from meshcompile.models.security.authorization_policy import AuthorizationPolicy
from meshcompile.snapshot.gateway_api.classes import served_controllers
from meshcompile.snapshot.gateway_api.conditions import condition
from meshcompile.snapshot.resources import ConfigStore
from meshcompile.snapshot.service import Registry
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.status.attached import attached_routes
from meshcompile.status.gateways import gateway_status, listener_set_status
from meshcompile.status.objects import ObjectStatus, OwnConditions, Status
from meshcompile.status.policies import gateways_of_backends, policy_status
from meshcompile.status.routes import WaypointLabels, route_status
from meshcompile.status.serving import Balancers, InstanceResolver

if TYPE_CHECKING:  # imported when a mesh is ambient
    from meshcompile.snapshot.ambient.services import AmbientService

KINDS = (
    *("GatewayClass", "Gateway", "ListenerSet", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"),
    *("BackendTLSPolicy", "XBackendTrafficPolicy", "Service", "ServiceEntry"),
    "AuthorizationPolicy",
)
"""The kinds of objects with a status, in the order in which they are listed."""


def statuses(resources: ConfigStore, snapshot: Snapshot) -> tuple[ObjectStatus, ...]:
    """The status of each object that istiod writes one on, by kind, namespace and name.

    `resources` are the objects that istiod watches.
    """
    found = (
        *_classes(resources, snapshot),
        *_gateways(resources, snapshot),
        *_routes_and_policies(resources, snapshot),
        *(_of_ambient(resources, snapshot) if snapshot.ambient else ()),
    )
    return tuple(sorted(found, key=lambda each: (KINDS.index(each.kind), each.namespace, each.name)))


def _classes(resources: ConfigStore, snapshot: Snapshot) -> Iterator[ObjectStatus]:
    served = served_controllers(snapshot.ambient)
    for each in resources.all(GatewayClass):
        if each.spec.controller_name in served:
            handled = condition("Accepted", "Accepted", "Handled by Istio controller", origin=each.origin)
            yield _status(each, OwnConditions((handled,)))


def _gateways(resources: ConfigStore, snapshot: Snapshot) -> Iterator[ObjectStatus]:
    """Gateways and ListenerSets."""
    found = snapshot.gateway_api
    attached = attached_routes(found.routes)
    instances = InstanceResolver(snapshot, Balancers.of(resources))
    for gateway in found.served:
        sets = [each for each in found.listener_sets if each.gateway is gateway]
        yield _status(gateway.gateway, gateway_status(gateway, sets, instances, attached))
    for listener_set in found.listener_sets:
        yield _status(listener_set.listener_set, listener_set_status(listener_set, instances, attached))


def _routes_and_policies(resources: ConfigStore, snapshot: Snapshot) -> Iterator[ObjectStatus]:
    found = snapshot.gateway_api
    waypoints = WaypointLabels.of(resources) if snapshot.ambient else None
    for route in found.routes:
        yield _status(route.route, route_status(route, waypoints))
    gateways = gateways_of_backends(found.routes)
    for policy in found.policies:
        yield _status(policy.policy, policy_status(policy, gateways))


def _of_ambient(resources: ConfigStore, snapshot: Snapshot) -> Iterator[ObjectStatus]:
    """The objects of an ambient mesh that are not of the Gateway API."""
    from meshcompile.status.authorization import PolicyTargets, policy_conditions  # few meshes are ambient

    index = snapshot.ambient_index
    services = {
        (each.service.registry, each.service.namespace, each.service.object_name): each
        for each in index.services.values()
    }
    yield from _services(resources, services)
    classes = {each.name: each for each in resources.all(GatewayClass)}
    targets = PolicyTargets(classes, index.waypoints, services, snapshot.mesh.root_namespace)
    for policy in resources.all(AuthorizationPolicy):
        yield _status(policy, policy_conditions(policy, targets))


def _services(
    resources: ConfigStore, known: Mapping[tuple[Registry, str, str], AmbientService]
) -> Iterator[ObjectStatus]:
    """The Services and ServiceEntries that ask for a waypoint, or need one."""
    from meshcompile.status.waypoints import waypoint_conditions  # few meshes are ambient

    namespaces = {each.name: each for each in resources.all(Namespace)}
    services: tuple[Service | ServiceEntry, ...] = (*resources.all(Service), *resources.all(ServiceEntry))
    for resource in services:
        registry = Registry.KUBERNETES if isinstance(resource, Service) else Registry.EXTERNAL
        service = known.get((registry, resource.namespace, resource.name))
        if service is not None:
            status = waypoint_conditions(resource, service, namespaces.get(resource.namespace))
            if status.conditions:
                yield _status(resource, status)


def _status(resource: Resource, status: Status) -> ObjectStatus:
    namespace = "" if isinstance(resource, GatewayClass) else resource.namespace
    return ObjectStatus(resource.api_version, resource.kind, namespace, resource.name, status, resource.origin)
