"""The route configurations of sidecars: one per port, per sniffed service port, per unix socket, or the HTTP proxy's.

Follows istiod's `buildSidecarOutboundHTTPRouteConfig`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from meshcompile.diagnostics import Diagnostic
from meshcompile.models.networking.sidecar import OutboundTrafficPolicy
from meshcompile.names import PASSTHROUGH_CLUSTER
from meshcompile.ports import Protocol, protocol_named
from meshcompile.resolve.destinations import destination_cluster_on
from meshcompile.resolve.routes.claims import EVERY_PORT, HTTP_PORT, Claim, Listening, claims
from meshcompile.resolve.routes.domains import host_with_port, in_brackets, service_domains
from meshcompile.resolve.routes.proxy_headers import appends_forwarded_host, counts_attempts
from meshcompile.resolve.routes.rivals import Rivals
from meshcompile.resolve.routes.table import BlackHoleRoute, PassthroughRoute, RouteTable, VirtualHost
from meshcompile.resolve.scope import EgressListener
from meshcompile.resolve.view import View
from meshcompile.snapshot.service import Service

HTTP_PROXY_ROUTE = "http_proxy"
UNIX_PREFIX = "unix://"
ANY_DOMAIN = "*"


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
    on_port = _virtual_hosts_on(view, named)
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


# ---- the virtual hosts of a port


@dataclass(frozen=True)
class OnPort:
    """The virtual hosts of a port, sorted by name, and what there is to say about them."""

    virtual_hosts: tuple[VirtualHost, ...]
    findings: tuple[Diagnostic, ...]

    def only_for(self, host: str, name: str) -> tuple[VirtualHost, ...]:
        """The virtual host of one service, for every domain: a sniffed port's listener is the service's alone."""
        found = {each: None for domain in (host, name) for each in self._by_domain.get(domain, ())}
        if len(found) != 1:
            return tuple(found)
        return tuple(replace(each, domains=(ANY_DOMAIN,)) for each in found)

    @cached_property
    def _by_domain(self) -> Mapping[str, list[VirtualHost]]:
        index: dict[str, list[VirtualHost]] = {}
        for each in self.virtual_hosts:
            for domain in each.domains:
                index.setdefault(domain, []).append(each)
        return index


def _virtual_hosts_on(view: View, named: Named) -> OnPort:
    """The virtual hosts of a port without the catch-all; shared by all proxies that would get the same."""
    listener = view.scope.egress_listener(named.port, named.name)
    if listener is None:
        return OnPort((), ())
    port = EVERY_PORT if _is_http_proxy(listener) else named.port
    key = ("virtual hosts", listener, port, proxy_traits(view))
    return view.scope.memo.once(key, lambda: _on_port(view, listener, port))


def _is_http_proxy(listener: EgressListener) -> bool:
    port = None if listener.spec is None else listener.spec.port
    return port is not None and protocol_named(port.protocol) is Protocol.HTTP_PROXY


def proxy_traits(view: View) -> tuple[object, ...]:
    """What routes depend on besides the scope: sidecars of one scope that agree on it have the same routes."""
    proxy, snapshot = view.proxy, view.snapshot
    keys = snapshot.virtual_services.label_keys | snapshot.destination_rules.label_keys
    return (
        proxy.domain,
        proxy.cluster,
        proxy.supports_ipv4,
        proxy.supports_ipv6,
        proxy.flag("DNS_CAPTURE"),
        counts_attempts(view),
        appends_forwarded_host(view),
        frozenset((key, proxy.labels.get(key)) for key in keys),
    )


def _on_port(view: View, listener: EgressListener, port: int) -> OnPort:
    listening = Listening(view, listener, port)
    wanted = tuple(claims(listening))
    rivals = Rivals(
        known_hosts=frozenset(
            name for claim in wanted for host, _ in claim.services for name in (host, host_with_port(host, claim.port))
        )
    )
    made = [each for claim in wanted for each in _virtual_hosts(claim, view, listening, rivals)]
    return OnPort(tuple(sorted(made, key=lambda each: each.name)), tuple(rivals.findings))


def _virtual_hosts(claim: Claim, view: View, listening: Listening, rivals: Rivals) -> list[VirtualHost]:
    """The virtual hosts of a claim: of its hosts that no service has, then of its services."""
    hosts = [_of_host(host.lower(), claim, view, rivals) for host in claim.hosts]
    services = [_of_service(host, service, claim, view, listening, rivals) for host, service in claim.services]
    found = [each for each in (*hosts, *services) if each is not None]
    if listening.port != EVERY_PORT or claim.port == HTTP_PORT:
        return found
    # Only the domains that name their port can tell the ports of a host apart.
    named = [replace(each, domains=tuple(domain for domain in each.domains if ":" in domain)) for each in found]
    return [each for each in named if each.domains]


def _of_host(host: str, claim: Claim, view: View, rivals: Rivals) -> VirtualHost | None:
    return _virtual_host(host, (in_brackets(host),), frozenset(), claim, view, rivals, None)


def _of_service(
    host: str, service: Service, claim: Claim, view: View, listening: Listening, rivals: Rivals
) -> VirtualHost | None:
    port = claim.port if listening.port == EVERY_PORT else None
    domains, variants = service_domains(host, service, port, view.proxy)
    return _virtual_host(host, domains, variants, claim, view, rivals, service)


def _virtual_host(
    host: str,
    domains: tuple[str, ...],
    variants: frozenset[str],
    claim: Claim,
    view: View,
    rivals: Rivals,
    service: Service | None,
) -> VirtualHost | None:
    """The virtual host with the domains that no other has taken; None when its name or all of them are taken."""
    name = host_with_port(host, claim.port)
    if not rivals.take_name(name, host, claim):
        return None
    free = rivals.take_domains(domains, variants, host, claim)
    if not free:
        return None
    origins = claim.origins if service is None or claim.virtual_service is None else (*claim.origins, service.origin)
    return VirtualHost(name, free, claim.routes, counts_attempts(view), origins=origins)
