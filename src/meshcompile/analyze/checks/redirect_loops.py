"""Hosts that all servers of Gateways redirect to HTTPS, but that none of them serves over HTTPS."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from meshcompile.analyze.context import Context
from meshcompile.codes.gateway_routes import REDIRECT_LOOP
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.networking.gateway import Server
from meshcompile.values.hosts import is_wildcard, overlaps
from meshcompile.values.ports import protocol_named

HTTP_PORT = 80


def redirect_loops(context: Context) -> Iterator[Diagnostic]:
    """A finding for each redirecting server of a host that no server serves without a redirect."""
    redirecting: dict[tuple[tuple[tuple[str, str], ...], str], list[Server]] = defaultdict(list)
    others: dict[tuple[tuple[str, str], ...], dict[str, None]] = defaultdict(dict)
    for gateway in context.gateways.values():
        workloads = tuple(sorted(gateway.spec.selector.items()))
        for server in gateway.spec.servers:
            for host in (host.rpartition("/")[2] for host in server.hosts):
                if _redirects(server):
                    redirecting[workloads, host].append(server)
                else:
                    others[workloads][host] = None
    yield from _loops(redirecting, {host for group in others.values() for host in group})


def _redirects(server: Server) -> bool:
    return server.tls is not None and server.tls.https_redirect and protocol_named(server.port.protocol).is_http


def _loops(
    redirecting: Mapping[tuple[tuple[tuple[str, str], ...], str], list[Server]], served: set[str]
) -> Iterator[Diagnostic]:
    wildcards = [name for name in served if is_wildcard(name)]
    said: set[int] = set()
    for (_, host), servers in redirecting.items():
        compared = served if is_wildcard(host) else wildcards
        if host in served or any(overlaps(host, name) for name in compared):
            continue
        late = [server for server in servers if server.port.number != HTTP_PORT]
        for server in late or servers:
            if server.tls is None or id(server) in said:
                continue
            said.add(id(server))
            related = tuple(Related("this server redirects too", each.origin) for each in servers if each is not server)
            effect = "come back to a server that redirects again" if late else "find no server"
            yield REDIRECT_LOOP(server.tls.at("https_redirect"), host=host, effect=effect, related=related)
