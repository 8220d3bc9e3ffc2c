"""The route configurations of sidecars: one per port, per sniffed service port, per unix socket, or the HTTP proxy's.

Follows istiod's `buildSidecarOutboundHTTPRouteConfig`.
"""

from dataclasses import dataclass

from meshcompile.diagnostics import Diagnostic
from meshcompile.models.networking.sidecar import OutboundTrafficPolicy
from meshcompile.names import PASSTHROUGH_CLUSTER
from meshcompile.resolve.destinations import destination_cluster_on
from meshcompile.resolve.routes.claims import EVERY_PORT
from meshcompile.resolve.routes.proxy_headers import appends_forwarded_host, counts_attempts
from meshcompile.resolve.routes.shared import proxy_traits
from meshcompile.resolve.routes.sidecar_port import virtual_hosts_on
from meshcompile.resolve.routes.table import ANY_DOMAIN, BlackHoleRoute, PassthroughRoute, RouteTable, VirtualHost
from meshcompile.resolve.view import View

HTTP_PROXY_ROUTE = "http_proxy"
UNIX_PREFIX = "unix://"


@dataclass(frozen=True, slots=True)
class Named:
    """What a sidecar's route name says: the port, and the host when the port's protocol is sniffed."""

    name: str
    port: int
    sniffed_host: str | None = None


def parsed(name: str) -> Named | None:
    """The meaning of a route name: `80`, `catalog.shop.svc.cluster.local:80`, `unix://...` or `http_proxy`."""
    if name == HTTP_PROXY_ROUTE or name.startswith(UNIX_PREFIX):
        return Named(name, EVERY_PORT)
    host, colon, port = name.partition(":")
    if not colon:
        host, port = "", name
    return Named(name, int(port), host if colon else None) if port.isdecimal() else None


def sidecar_table(view: View, name: str) -> RouteTable:
    """The route configuration of that name; an empty one when it is no sidecar's route name.

    All sidecars that would get the same share it.
    """
    found = view.scope.memo.once(("route table", name, proxy_traits(view)), lambda: _found(view, name))
    view.findings.extend(found.findings)
    return found.table


@dataclass(frozen=True, slots=True)
class Found:
    """A route configuration, and what there is to say about it."""

    table: RouteTable
    findings: tuple[Diagnostic, ...]


def _found(view: View, name: str) -> Found:
    named = parsed(name)
    if named is None:
        return Found(RouteTable(name, None), ())
    on_port = virtual_hosts_on(view, named.port, name)
    if named.sniffed_host is not None:
        hosts = on_port.only_for(named.sniffed_host, name)
    else:
        hosts = (*on_port.virtual_hosts, catch_all(view))
    return Found(RouteTable(name, hosts), on_port.findings)


def catch_all(view: View) -> VirtualHost:
    """The virtual host of unknown hosts: passed on, or refused, as the outbound traffic policy says."""
    policy = view.scope.outbound_traffic_policy
    if policy is None or policy.mode != "ALLOW_ANY":
        return VirtualHost("block_all", (ANY_DOMAIN,), (BlackHoleRoute(),), counts_attempts(view))
    route = PassthroughRoute(_egress_cluster(policy), appends_forwarded_host(view))
    return VirtualHost("allow_any", (ANY_DOMAIN,), (route,), counts_attempts(view))


def _egress_cluster(policy: OutboundTrafficPolicy) -> str:
    if policy.egress_proxy is None:
        return PASSTHROUGH_CLUSTER
    return str(destination_cluster_on(policy.egress_proxy, None, EVERY_PORT))
