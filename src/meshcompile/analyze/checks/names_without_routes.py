"""Server names of a passthrough Gateway without a route."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.codes.gateway_routes import NAMES_WITHOUT_ROUTE
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.networking.gateway import Gateway, Server, TLSMode
from meshcompile.models.networking.virtual_service import TLSMatchAttributes
from meshcompile.values.hosts import is_wildcard, overlaps, subset_of


def names_without_routes(context: Context) -> Iterator[Diagnostic]:
    """A finding for each wildcard of a passthrough server that `tls` rules cover only in part."""
    for gateway in context.gateways.values():
        for server in gateway.spec.servers:
            if server.tls is not None and server.tls.mode is TLSMode.PASSTHROUGH and not server.tls.https_redirect:
                yield from _of_server(context, gateway, server)


def _of_server(context: Context, gateway: Gateway, server: Server) -> Iterator[Diagnostic]:
    matches = tuple(
        match
        for virtual_service in context.bound_to(gateway)
        for rule in virtual_service.spec.tls
        for match in rule.match
        if match.port in (0, server.port.number)
    )
    for host in (host.rpartition("/")[2] for host in server.hosts):
        if is_wildcard(host):
            yield from _uncovered(gateway, server, host, matches)


def _uncovered(
    gateway: Gateway, server: Server, host: str, matches: tuple[TLSMatchAttributes, ...]
) -> Iterator[Diagnostic]:
    partial = tuple(match for match in matches if any(overlaps(host, name) for name in match.sni_hosts))
    names = dict.fromkeys(name for match in partial for name in match.sni_hosts)
    if not partial or any(subset_of(host, name) for name in names):
        return
    last = len(partial[-1].sni_hosts) - 1
    yield NAMES_WITHOUT_ROUTE(
        partial[-1].at("sni_hosts", last),
        gateway=gateway.full_name,
        host=host,
        port=server.port.number,
        names=", ".join(names) if len(names) < 4 else f"{len(names)} of them",
        related=(Related("the server", server.origin),),
    )
