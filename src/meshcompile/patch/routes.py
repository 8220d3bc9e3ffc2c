"""Patches of route configurations and what is in them. Follows istiod's `ApplyRouteConfigurationPatches`."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from meshcompile.envoy.config.route import Route, RouteConfiguration, VirtualHost
from meshcompile.models.networking.envoy_filter import (
    ApplyTo,
    Operation,
    PatchContext,
    RouteAction,
    VirtualHostMatch,
)
from meshcompile.names import parse_cluster_name
from meshcompile.patch.drafts import same
from meshcompile.patch.editing import changed
from meshcompile.patch.lists import edit, edits
from meshcompile.patch.patcher import Check, Patcher, Ready
from meshcompile.resolve.envoy_filters import Condition, Patch
from meshcompile.resolve.gateways import MergedGateway

ROUTE_OBJECTS = (ApplyTo.ROUTE_CONFIGURATION, ApplyTo.VIRTUAL_HOST, ApplyTo.HTTP_ROUTE)


def patched_route_configuration(
    patcher: Patcher, context: PatchContext, routes: RouteConfiguration
) -> RouteConfiguration:
    """A route configuration of one context: merged, then host by host, new hosts last."""
    if not any(patcher.patches(apply_to, context) for apply_to in ROUTE_OBJECTS):
        return routes
    gateway = patcher.facts.gateway if context is PatchContext.GATEWAY else None
    for each in patcher.patches(ApplyTo.ROUTE_CONFIGURATION, context):
        if each.operation is not Operation.MERGE:
            patcher.missed(each.patch, Condition.OPERATION)
        elif patcher.meets(each.patch, routes_checks(each.patch, routes, gateway)):
            before, routes = routes, each.into(routes)
            patcher.changed(each.patch, f"routes {before.name}", before, routes)

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
    """False for what istiod does not patch: the empty answer to a name that says nothing to it, and a waypoint's routes
    of VirtualServices. Both lack the limit that it sets for direct responses.
    """
    return routes.max_direct_response_body_size_bytes is not None


@dataclass(frozen=True, slots=True, eq=False)
class VirtualHostPatching:
    """The patches of one route configuration's virtual hosts, and of the routes in them; `place` says where this is."""

    patcher: Patcher
    of_hosts: Sequence[Ready]
    of_routes: Sequence[Ready]
    place: str

    def virtual_hosts(self, hosts: tuple[VirtualHost, ...]) -> tuple[VirtualHost, ...]:
        """The hosts, without those that share the name of a removed one, and with new ones."""
        if not self.of_hosts and not self.of_routes:
            return hosts
        patched = [self.virtual_host(host) for host in hosts]
        removed = {host.name for host, is_removed in patched if is_removed}
        all_hosts = (*(host for host, is_removed in patched if not is_removed), *self.added())
        return tuple(host for host in all_hosts if host.name not in removed)

    def added(self) -> Iterator[VirtualHost]:
        """New hosts."""
        for each in self.of_hosts:
            if each.operation is Operation.ADD:
                host: VirtualHost = each.message
                self.patcher.changed(each.patch, f"{self.place}, virtual host {host.name}", None, host)
                yield host

    def virtual_host(self, host: VirtualHost) -> tuple[VirtualHost, bool]:
        """A virtual host and the routes in it, and whether it is removed."""
        place = f"{self.place}, virtual host {host.name}"
        for each in self.of_hosts:
            if each.operation is Operation.ADD or not self.patcher.meets(
                each.patch, virtual_host_checks(each.patch, host)
            ):
                continue
            before = host
            match each.operation:
                case Operation.REMOVE:
                    self.patcher.changed(each.patch, place, before, None)
                    return before, True
                case Operation.MERGE:
                    host = each.into(before)
                case Operation.REPLACE:
                    host = each.message
                case _:
                    pass
            self.patcher.changed(each.patch, place, before, host)
        routes = self.routes(host, place)
        return (host if same(routes, host.routes) else changed(host, routes=routes)), False

    def routes(self, host: VirtualHost, place: str) -> tuple[Route, ...]:
        """The routes of a virtual host: first what happens to those it has, then what is put among them."""
        patches = tuple(self.patcher.meeting(self.of_routes, lambda patch: virtual_host_checks(patch, host)))
        if not patches:
            return host.routes
        patched = (self.route(route, patches, f"{place}, routes[{index}]") for index, route in enumerate(host.routes))
        routes = [route for route in patched if route is not None]
        for each in patches:
            if each.operation in _INSERTIONS:
                self.insert(routes, each, f"{place}, routes")
            elif each.operation is Operation.REPLACE:
                self.patcher.missed(each.patch, Condition.OPERATION)
        return tuple(routes)

    def insert(self, routes: list[Route], each: Ready, place: str) -> None:
        """Put a route among others; even INSERT_FIRST asks for the route that its match names."""
        wanted = names_route(each.patch)
        matching = (route for route in routes if self.patcher.meets(each.patch, route_checks(each.patch, route)))
        found = next(matching, None)
        if wanted and found is None and each.operation is not Operation.ADD:
            return
        made = edits(routes, each.operation, each.message, (lambda route: route is found) if wanted else None)
        edit(routes, made)
        self.patcher.edited(each.patch, place, made)

    def route(self, route: Route, patches: Iterable[Ready], place: str) -> Route | None:
        """A route with patches merged into it; None when it is removed."""
        for each in patches:
            if each.operation not in (Operation.MERGE, Operation.REMOVE):
                continue
            if not self.patcher.meets(each.patch, route_checks(each.patch, route)):
                continue
            before = route
            if each.operation is Operation.REMOVE:
                self.patcher.changed(each.patch, place, before, None)
                return None
            route = each.into(before)
            self.patcher.changed(each.patch, place, before, route)
        return route


_INSERTIONS = frozenset({Operation.ADD, Operation.INSERT_AFTER, Operation.INSERT_BEFORE, Operation.INSERT_FIRST})


# ---- conditions


def routes_checks(patch: Patch, routes: RouteConfiguration, gateway: MergedGateway | None) -> Iterator[Check]:
    """What a patch asks of a route configuration; `gateway` is None for a sidecar's."""
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
    """What a patch asks of a virtual host."""
    match = _virtual_host_match(patch)
    if match is not None:
        yield Condition.VIRTUAL_HOST_NAME, match.name in ("", host.name), (host.name,)
        yield Condition.VIRTUAL_HOST_DOMAIN, not match.domain_name or match.domain_name in host.domains, host.domains


def route_checks(patch: Patch, route: Route) -> Iterator[Check]:
    """What a patch asks of a route. A route that does none of the things that can be asked for does any."""
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
    """Whether a patch is about certain routes only."""
    host = _virtual_host_match(patch)
    return host is not None and host.route is not None


def _action(route: Route) -> RouteAction | None:
    if route.route is not None:
        return RouteAction.ROUTE
    if route.redirect is not None:
        return RouteAction.REDIRECT
    return None if route.direct_response is None else RouteAction.DIRECT_RESPONSE


@dataclass(frozen=True, slots=True)
class GatewayRouteName:
    """What the name of a gateway's route configuration says: `http.PORT` or `https.PORT.PORTNAME.GATEWAY.NAMESPACE`.

    A name with an address in it says nothing.
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
    """The port that the name of a sidecar's route configuration says; 0 for none."""
    inbound = parse_cluster_name(name)
    return inbound.port if inbound else _number(name)


def server_ports(gateway: MergedGateway, port: int) -> frozenset[int]:
    """The ports of the servers behind a port of route names, which is the one that is bound."""
    named = {name: GatewayRouteName.parsed(name).port for name in gateway.by_route_name}
    if port not in named.values():
        return frozenset({port})
    servers = (server for name, servers in gateway.by_route_name.items() if named[name] == port for server in servers)
    return frozenset(server.port.number for server in servers)


def _number(text: str) -> int:
    """A number as Go's Atoi reads it, with 0 for all else."""
    return int(text) if text.isascii() and text.removeprefix("+").removeprefix("-").isdigit() else 0
