"""Patches of route configurations and their parts. Follows istiod's `ApplyRouteConfigurationPatches`."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Self

from msgspec import Struct

from meshcompile.envoy.config.route import Route, RouteConfiguration, VirtualHost
from meshcompile.models.networking.envoy_filter import (
    ApplyTo,
    Operation,
    PatchContext,
    RouteAction,
    VirtualHostMatch,
)
from meshcompile.patch.drafts import same
from meshcompile.patch.editing import changed
from meshcompile.patch.lists import edit, edits
from meshcompile.patch.patcher import ActivePatch, Check, Patcher
from meshcompile.resolve.envoy_filters import Condition, Patch
from meshcompile.resolve.gateways.merged import MergedGateway
from meshcompile.values.names import parse_cluster_name

ROUTE_OBJECTS = (ApplyTo.ROUTE_CONFIGURATION, ApplyTo.VIRTUAL_HOST, ApplyTo.HTTP_ROUTE)


def patched_route_configuration(
    patcher: Patcher, context: PatchContext, routes: RouteConfiguration
) -> RouteConfiguration:
    """A route configuration of one context: merged first, then patched host by host. New hosts come last."""
    if not any(patcher.patches(apply_to, context) for apply_to in ROUTE_OBJECTS):
        return routes
    gateway = patcher.facts.gateway if context is PatchContext.GATEWAY else None
    for active in patcher.patches(ApplyTo.ROUTE_CONFIGURATION, context):
        if not active.merges:
            patcher.missed(active.patch, Condition.OPERATION)
        elif patcher.meets(active.patch, routes_checks(active.patch, routes, gateway)):
            before, routes = routes, active.into(routes)
            patcher.changed(active.patch, f"routes {before.name}", before, routes)

    def here(patch: Patch) -> Iterator[Check]:
        return routes_checks(patch, routes, gateway)

    patching = VirtualHostPatching(
        patcher,
        tuple(patcher.matching(ApplyTo.VIRTUAL_HOST, context, here)),
        tuple(patcher.matching(ApplyTo.HTTP_ROUTE, context, here)),
        f"routes {routes.name}",
    )
    hosts = patching.virtual_hosts(routes.virtual_hosts)
    return routes if same(hosts, routes.virtual_hosts) else changed(routes, virtual_hosts=hosts)


def is_for_patches(routes: RouteConfiguration) -> bool:
    """False for route configurations that istiod does not patch: the empty answer to an unknown name, and a
    waypoint's routes of VirtualServices. Both lack the body limit that istiod sets for direct responses.
    """
    return routes.max_direct_response_body_size_bytes is not None


class VirtualHostPatching(Struct, frozen=True, eq=False):
    """The patches of the virtual hosts of one route configuration and of their routes. `place` describes the
    configuration.
    """

    patcher: Patcher
    host_patches: Sequence[ActivePatch]
    route_patches: Sequence[ActivePatch]
    place: str

    def virtual_hosts(self, hosts: tuple[VirtualHost, ...]) -> tuple[VirtualHost, ...]:
        """The patched hosts, including new ones. All hosts with the name of a removed host are removed."""
        if not self.host_patches and not self.route_patches:
            return hosts
        patched = [self.virtual_host(host) for host in hosts]
        removed = {host.name for host, is_removed in patched if is_removed}
        all_hosts = (*(host for host, is_removed in patched if not is_removed), *self.added())
        return tuple(host for host in all_hosts if host.name not in removed)

    def added(self) -> Iterator[VirtualHost]:
        """New hosts."""
        for active in self.host_patches:
            if active.operation is Operation.ADD:
                host: VirtualHost = active.message
                self.patcher.changed(active.patch, f"{self.place}, virtual host {host.name}", None, host)
                yield host

    def virtual_host(self, host: VirtualHost) -> tuple[VirtualHost, bool]:
        """A patched virtual host with its routes, and whether it is removed."""
        place = f"{self.place}, virtual host {host.name}"
        for active in self.host_patches:
            if active.operation is Operation.ADD or not self.patcher.meets(
                active.patch, virtual_host_checks(active.patch, host)
            ):
                continue
            before = host
            match active.operation:
                case Operation.REMOVE:
                    self.patcher.changed(active.patch, place, before, None)
                    return before, True
                case Operation.MERGE | Operation.MERGE_AND_REPLACE_LIST:
                    host = active.into(before)
                case Operation.REPLACE:
                    host = active.message
                case _:
                    pass
            self.patcher.changed(active.patch, place, before, host)
        routes = self.routes(host, place)
        return (host if same(routes, host.routes) else changed(host, routes=routes)), False

    def routes(self, host: VirtualHost, place: str) -> tuple[Route, ...]:
        """The routes of a virtual host: existing routes are patched first, then new ones are inserted."""
        patches = tuple(self.patcher.meeting(self.route_patches, lambda patch: virtual_host_checks(patch, host)))
        if not patches:
            return host.routes
        patched = (self.route(route, patches, f"{place}, routes[{index}]") for index, route in enumerate(host.routes))
        routes = [route for route in patched if route is not None]
        for active in patches:
            if active.operation in _INSERTIONS:
                self.insert(routes, active, f"{place}, routes")
            elif active.operation is Operation.REPLACE:
                self.patcher.missed(active.patch, Condition.OPERATION)
        return tuple(routes)

    def insert(self, routes: list[Route], active: ActivePatch, place: str) -> None:
        """Insert a route. Even INSERT_FIRST requires the route that its match names."""
        is_named = names_route(active.patch)
        matching = (route for route in routes if self.patcher.meets(active.patch, route_checks(active.patch, route)))
        anchor = next(matching, None)
        if is_named and anchor is None and active.operation is not Operation.ADD:
            return
        changes = edits(routes, active.operation, active.message, (lambda route: route is anchor) if is_named else None)
        edit(routes, changes)
        self.patcher.edited(active.patch, place, changes)

    def route(self, route: Route, patches: Iterable[ActivePatch], place: str) -> Route | None:
        """A route with patches merged into it; None if a patch removes it."""
        for active in patches:
            if not active.merges and active.operation is not Operation.REMOVE:
                continue
            if not self.patcher.meets(active.patch, route_checks(active.patch, route)):
                continue
            before = route
            if active.operation is Operation.REMOVE:
                self.patcher.changed(active.patch, place, before, None)
                return None
            route = active.into(before)
            self.patcher.changed(active.patch, place, before, route)
        return route


_INSERTIONS = frozenset({Operation.ADD, Operation.INSERT_AFTER, Operation.INSERT_BEFORE, Operation.INSERT_FIRST})


# ---- conditions


def routes_checks(patch: Patch, routes: RouteConfiguration, gateway: MergedGateway | None) -> Iterator[Check]:
    """The conditions of a patch on a route configuration. `gateway` is None for a sidecar's."""
    match = patch.match.route_configuration
    if match is None:
        return
    yield Condition.ROUTES_NAME, match.name in ("", routes.name), (routes.name,)
    if gateway is None:
        port = sidecar_port(routes.name)
        yield Condition.ROUTES_PORT, match.port_number in (0, port), (port,)
        return
    name = GatewayRouteName.parsed(routes.name)
    yield Condition.ROUTES_PORT_NAME, match.port_name in ("", name.port_name), (name.port_name,)
    yield Condition.ROUTES_GATEWAY, match.gateway in ("", name.gateway), (name.gateway,)
    ports = server_ports(gateway, name.port)
    yield Condition.ROUTES_PORT, match.port_number == 0 or match.port_number in ports, ports


def virtual_host_checks(patch: Patch, host: VirtualHost) -> Iterator[Check]:
    """The conditions of a patch on a virtual host."""
    match = _virtual_host_match(patch)
    if match is not None:
        yield Condition.VIRTUAL_HOST_NAME, match.name in ("", host.name), (host.name,)
        yield Condition.VIRTUAL_HOST_DOMAIN, not match.domain_name or match.domain_name in host.domains, host.domains


def route_checks(patch: Patch, route: Route) -> Iterator[Check]:
    """The conditions of a patch on a route. A route without an action that a patch can match meets every action."""
    host = _virtual_host_match(patch)
    match = host.route if host else None
    if match is not None:
        yield Condition.ROUTE_NAME, match.name in ("", route.name), (route.name,)
        action = _action(route) or match.action
        yield Condition.ROUTE_ACTION, match.action in (RouteAction.ANY, action), (action,)


def _virtual_host_match(patch: Patch) -> VirtualHostMatch | None:
    match = patch.match.route_configuration
    return match.vhost if match else None


def names_route(patch: Patch) -> bool:
    """Whether a patch matches specific routes only."""
    host = _virtual_host_match(patch)
    return host is not None and host.route is not None


def _action(route: Route) -> RouteAction | None:
    if route.route is not None:
        return RouteAction.ROUTE
    if route.redirect is not None:
        return RouteAction.REDIRECT
    return None if route.direct_response is None else RouteAction.DIRECT_RESPONSE


class GatewayRouteName(Struct, frozen=True):
    """The parts of the name of a gateway's route configuration: `http.PORT` or
    `https.PORT.PORTNAME.GATEWAY.NAMESPACE`.

    A name with an address has no parts.
    """

    port: int = 0
    port_name: str = ""
    gateway: str = ""

    @classmethod
    def parsed(cls, name: str) -> Self:
        match name.split("."):
            case ["http", *rest]:
                return cls(_number(".".join(rest)))
            case ["https", port, port_name, gateway, namespace]:
                return cls(_number(port), port_name, f"{namespace}/{gateway}")
            case _:
                return cls()


def sidecar_port(name: str) -> int:
    """The port in the name of a sidecar's route configuration; 0 if there is none."""
    inbound = parse_cluster_name(name)
    return inbound.port if inbound else _number(name)


def server_ports(gateway: MergedGateway, port: int) -> frozenset[int]:
    """The ports of the servers behind the port of a route name, which is the bound port."""
    named = {name: GatewayRouteName.parsed(name).port for name in gateway.by_route_name}
    if port not in named.values():
        return frozenset({port})
    servers = (server for name, servers in gateway.by_route_name.items() if named[name] == port for server in servers)
    return frozenset(server.port.number for server in servers)


def _number(text: str) -> int:
    """A number as Go's Atoi reads it; 0 for any other text."""
    return int(text) if text.isascii() and text.removeprefix("+").removeprefix("-").isdigit() else 0
