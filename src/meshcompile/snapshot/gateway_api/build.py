"""All objects of the Gateway API, converted."""

from collections.abc import Iterable, Iterator
from itertools import chain

from meshcompile.behaviour import Behaviour
from meshcompile.models.gateway_api.gateway import GatewayClass, KubernetesGateway, ListenerSet
from meshcompile.models.gateway_api.grpc_route import GRPCRoute
from meshcompile.models.gateway_api.http_route import HTTPRoute
from meshcompile.models.gateway_api.l4_routes import TCPRoute, TLSRoute
from meshcompile.models.gateway_api.reference_grant import ReferenceGrant
from meshcompile.models.kubernetes.namespace import Namespace
from meshcompile.models.kubernetes.service import Service
from meshcompile.models.networking.service_entry import ServiceEntry
from meshcompile.models.networking.virtual_service import VirtualService
from meshcompile.snapshot.gateway_api.backend_policies import backend_policies, destination_rules
from meshcompile.snapshot.gateway_api.backends import Backends
from meshcompile.snapshot.gateway_api.certificates import certificates
from meshcompile.snapshot.gateway_api.classes import Controller, controllers
from meshcompile.snapshot.gateway_api.converted import FromGatewayApi
from meshcompile.snapshot.gateway_api.findings import findings
from meshcompile.snapshot.gateway_api.foreign_waypoints import foreign_parents
from meshcompile.snapshot.gateway_api.gateways import ConvertedGateway, ConvertedListenerSet, GatewayBuilder
from meshcompile.snapshot.gateway_api.http_rules import L7Route
from meshcompile.snapshot.gateway_api.listeners import ListenerBuilder, Namespaces, ParentListener
from meshcompile.snapshot.gateway_api.parents import ParentKey, parents
from meshcompile.snapshot.gateway_api.references import reference_grants
from meshcompile.snapshot.gateway_api.routes import (
    ConvertedRoute,
    http_route,
    merged_virtual_services,
    tcp_route,
    tls_route,
)
from meshcompile.snapshot.gateway_api.tls import TlsBuilder
from meshcompile.snapshot.resources import ConfigStore
from meshcompile.snapshot.services import ServiceIndex


def from_gateway_api(
    resources: ConfigStore, services: ServiceIndex, *, ambient: bool, behaviour: Behaviour
) -> FromGatewayApi:
    """The conversion of all objects of the Gateway API that the release reads."""
    grants = reference_grants(resources.all(ReferenceGrant), behaviour)
    tls, namespaces = TlsBuilder(certificates(resources), grants, behaviour), Namespaces.of(resources.all(Namespace))
    listeners_of = ListenerBuilder(tls=tls, namespaces=namespaces, behaviour=behaviour)
    builder = _gateway_builder(resources, listeners_of, ambient)
    gateways = tuple(builder.gateways(resources.all(KubernetesGateway)))
    listener_sets = tuple(builder.listener_sets(_listener_sets(resources, behaviour), gateways))
    listeners = tuple(_with_routes(gateways, listener_sets))
    known = parents(listeners, resources.all(Service), resources.all(ServiceEntry), _foreign(resources, behaviour))
    backends = Backends(services=known.services, hosts=services.by_hostname, grants=grants, behaviour=behaviour)
    l7: tuple[L7Route, ...] = (*resources.all(HTTPRoute), *resources.all(GRPCRoute))
    http = tuple([http_route(route, known, backends) for route in l7])
    tcp = tuple([tcp_route(route, known, backends) for route in _tcp_routes(resources, behaviour)])
    l4 = (*tcp, *(tls_route(route, known, backends) for route in _tls_routes(resources, behaviour)))
    policies = backend_policies(resources, behaviour)
    return FromGatewayApi(
        served=gateways,
        listener_sets=listener_sets,
        listeners=listeners,
        routes=(*http, *l4),
        policies=policies,
        gateways=tuple(each.gateway for each in listeners if each.gateway is not None),
        bound={each.gateway_name: each.bound for each in listeners},
        virtual_services=(
            *_virtual_services(http, behaviour),
            *(virtual_service for route in l4 for _, virtual_service in route.virtual_services),
        ),
        destination_rules=destination_rules(policies, resources),
        findings=tuple(findings(resources, listener_sets, listeners, (*http, *l4), policies, behaviour=behaviour)),
    )


def _foreign(resources: ConfigStore, behaviour: Behaviour) -> frozenset[ParentKey]:
    return foreign_parents(resources) if behaviour.own_waypoints_only else frozenset()


def _gateway_builder(resources: ConfigStore, listeners: ListenerBuilder, ambient: bool) -> GatewayBuilder:
    return GatewayBuilder(
        listeners=listeners,
        controllers=controllers(resources.all(GatewayClass), ambient),
        attached=_listener_sets(resources, listeners.behaviour),
    )


def _listener_sets(resources: ConfigStore, behaviour: Behaviour) -> tuple[ListenerSet, ...]:
    return resources.all(ListenerSet) if behaviour.stable_listener_sets else ()


def _tcp_routes(resources: ConfigStore, behaviour: Behaviour) -> tuple[TCPRoute, ...]:
    reads = behaviour.stable_tcp_routes or behaviour.alpha_gateway_api
    return resources.all(TCPRoute) if reads else ()


def _tls_routes(resources: ConfigStore, behaviour: Behaviour) -> tuple[TLSRoute, ...]:
    reads = behaviour.stable_tls_routes or behaviour.alpha_gateway_api
    return resources.all(TLSRoute) if reads else ()


def _virtual_services(routes: Iterable[ConvertedRoute], behaviour: Behaviour) -> Iterator[VirtualService]:
    """The VirtualServices of HTTPRoutes and GRPCRoutes.

    Some releases do not merge the two kinds: those of HTTPRoutes hide others with the same name.
    """
    if behaviour.merged_route_kinds:
        return merged_virtual_services(routes)
    http = [route for route in routes if isinstance(route.route, HTTPRoute)]
    grpc = [route for route in routes if not isinstance(route.route, HTTPRoute)]
    named: dict[tuple[str, str], VirtualService] = {}
    for each in chain(merged_virtual_services(http), merged_virtual_services(grpc)):
        named.setdefault((each.namespace, each.name), each)
    return iter(named.values())


def _with_routes(
    gateways: Iterable[ConvertedGateway], listener_sets: Iterable[ConvertedListenerSet]
) -> Iterator[ParentListener]:
    """The listeners that routes can attach to. Waypoints take the routes of Services."""
    for gateway in gateways:
        if gateway.controller is not Controller.WAYPOINT:
            yield from gateway.listeners
    for listener_set in listener_sets:
        yield from listener_set.listeners
