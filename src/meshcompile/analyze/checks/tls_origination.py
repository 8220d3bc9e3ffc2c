"""TLS that proxies start to a port that carries TLS already, or that takes plain HTTP."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.codes.client_settings import TLS_INSIDE_TLS, TLS_TO_PLAIN_PORT
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.networking.destination_rule import ClientTLSMode, ClientTLSSettings, DestinationRule
from meshcompile.models.networking.virtual_service import VirtualService
from meshcompile.resolve.scope.traffic_policy import port_policy, subset_policy
from meshcompile.snapshot.service import Registry, Service, ServicePort
from meshcompile.values.hosts import qualified

ORIGINATED = (ClientTLSMode.SIMPLE, ClientTLSMode.MUTUAL)
PLAIN_HTTP = 80


def tls_origination(context: Context) -> Iterator[Diagnostic]:
    """A finding for each TLS setting that is wrong for a port on which it applies."""
    forwarded = frozenset(_http_destinations(context))
    for rule in context.resources.all(DestinationRule):
        if rule.spec.traffic_policy is None and not any(each.traffic_policy for each in rule.spec.subsets):
            continue
        for service in context.services_for(qualified(rule.spec.host, rule.namespace)):
            for port in service.ports:
                yield from _of_port(context, rule, service, port, forwarded)


def _http_destinations(context: Context) -> Iterator[tuple[str, int]]:
    """The hosts and ports to which HTTP rules forward requests, which are plain HTTP before the proxy adds TLS."""
    for virtual_service in context.resources.all(VirtualService):
        for destination in (target.destination for rule in virtual_service.spec.http for target in rule.route):
            port = 0 if destination.port is None else destination.port.number
            yield qualified(destination.host, virtual_service.namespace), port


def _of_port(
    context: Context, rule: DestinationRule, service: Service, port: ServicePort, forwarded: frozenset[tuple[str, int]]
) -> Iterator[Diagnostic]:
    for tls in _settings(rule, port.number):
        related = (Related("the port is declared here", port.origin),)
        if port.protocol.is_tls:
            if forwarded.isdisjoint({(service.hostname, port.number), (service.hostname, 0)}):
                yield TLS_INSIDE_TLS(
                    tls.at("mode"),
                    port=port.number,
                    host=service.hostname,
                    protocol=port.protocol,
                    mode=tls.mode,
                    related=related,
                )
        elif port.protocol.is_http and _is_plain(context, service, port):
            yield TLS_TO_PLAIN_PORT(
                tls.at("mode"),
                port=port.number,
                host=service.hostname,
                suggestion="add `targetPort: 443` to the port",
                related=related,
            )


def _settings(rule: DestinationRule, port: int) -> Iterator[ClientTLSSettings]:
    """The TLS settings of a rule and of its subsets that apply to a port."""
    top = rule.spec.traffic_policy
    policies = [port_policy(top, port), *(subset_policy(top, each.traffic_policy, port) for each in rule.spec.subsets)]
    found = {id(policy.tls): policy.tls for policy in policies if policy.tls is not None}
    yield from (tls for tls in found.values() if tls.mode in ORIGINATED)


def _is_plain(context: Context, service: Service, port: ServicePort) -> bool:
    """True if proxies connect to port 80 of an external host, by number and in every endpoint."""
    if service.registry is not Registry.EXTERNAL or not service.mesh_external or port.number != PLAIN_HTTP:
        return False
    endpoints = context.snapshot.endpoints.named(service, port.name)
    reached: set[int | str] = {endpoint.port for endpoint in endpoints} or {port.target or port.number}
    return reached == {PLAIN_HTTP}
