"""Matches for a port that neither the Gateway nor the Service has."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.codes.gateway_routes import PORT_NOT_SERVED
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.networking.virtual_service import (
    MESH_GATEWAY,
    HTTPMatchRequest,
    L4MatchAttributes,
    TLSMatchAttributes,
    VirtualService,
)
from meshcompile.snapshot.short_names import qualified_gateway
from meshcompile.values.hosts import qualified

Match = HTTPMatchRequest | TLSMatchAttributes | L4MatchAttributes


def unserved_ports(context: Context) -> Iterator[Diagnostic]:
    """A finding for each match with a port on which no traffic for its VirtualService arrives."""
    for virtual_service in context.resources.all(VirtualService):
        spec = virtual_service.spec
        for rules in (spec.http, spec.tls, spec.tcp):
            for match in (match for rule in rules for match in rule.match):
                if match.port and spec.hosts:
                    yield from _unserved(context, virtual_service, match)


def _unserved(context: Context, virtual_service: VirtualService, match: Match) -> Iterator[Diagnostic]:
    bound = match.gateways or virtual_service.spec.gateways or (MESH_GATEWAY,)
    ports, names = set[int](), list[str]()
    for written in bound:
        found = _ports(context, virtual_service, written)
        if found is None or match.port in found:
            return
        ports |= found
        names.append("the host" if written == MESH_GATEWAY else f"Gateway {written}")
    yield PORT_NOT_SERVED(
        match.at("port"),
        port=match.port,
        where=" and ".join(names),
        suggestion=f"there is {', '.join(map(str, sorted(ports)))}",
    )


def _ports(context: Context, virtual_service: VirtualService, written: str) -> set[int] | None:
    """The ports of a Gateway or, for sidecars, of the hosts' services. None if not all of them are known."""
    if written != MESH_GATEWAY:
        gateway = context.gateways.get(qualified_gateway(written, virtual_service.namespace))
        return None if gateway is None else {server.port.number for server in gateway.spec.servers}
    ports = set[int]()
    for host in virtual_service.spec.hosts:
        services = context.snapshot.services.by_hostname.get(qualified(host, virtual_service.namespace), {})
        if not services:
            return None
        ports |= {port.number for service in services.values() for port in service.ports}
    return ports or None
