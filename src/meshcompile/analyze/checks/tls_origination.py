"""TLS origination to a port that already carries TLS, or that accepts only plain HTTP."""

from collections.abc import Iterator
from typing import NamedTuple

from meshcompile.analyze.context import Context
from meshcompile.codes.client_settings import TLS_INSIDE_TLS, TLS_TO_PLAIN_PORT
from meshcompile.diagnostics import Diagnostic, Related, Severity
from meshcompile.models.networking.destination_rule import ClientTLSMode, ClientTLSSettings, DestinationRule
from meshcompile.models.networking.virtual_service import VirtualService
from meshcompile.resolve.scope.traffic_policy import port_policy, subset_policy
from meshcompile.snapshot.service import Registry, Resolution, Service, ServicePort
from meshcompile.values.hosts import qualified

ORIGINATED = (ClientTLSMode.SIMPLE, ClientTLSMode.MUTUAL)
PLAIN_HTTP = 80


class Routed(NamedTuple):
    """What HTTP rules do: the hosts and ports to which they forward, and the hosts that they route."""

    forwarded: frozenset[tuple[str, int]]
    hosts: frozenset[str]

    def forwards(self, service: Service, port: ServicePort) -> bool:
        """True if a rule forwards plain HTTP to a port. A destination without a port is for the only one."""
        only = len(service.ports) == 1 and (service.hostname, 0) in self.forwarded
        return only or (service.hostname, port.number) in self.forwarded

    def uses(self, service: Service, port: ServicePort) -> bool:
        """False if rules for the host lead its requests to other ports or hosts."""
        destinations = {(service.hostname, port.number), (service.hostname, 0)}
        return service.hostname not in self.hosts or not destinations.isdisjoint(self.forwarded)


def tls_origination(context: Context) -> Iterator[Diagnostic]:
    """A finding for each TLS setting that is wrong for a port on which it applies."""
    rules = tuple(rule for rule in context.resources.all(DestinationRule) if _originates(rule))
    if not rules:
        return
    routed = _routed(context)
    for rule in rules:
        for service in context.services_for(qualified(rule.spec.host, rule.namespace)):
            for port in service.ports if service.resolution is not Resolution.ALIAS else ():
                yield from _of_port(context, rule, service, port, routed)


def _originates(rule: DestinationRule) -> bool:
    policies = (rule.spec.traffic_policy, *(subset.traffic_policy for subset in rule.spec.subsets))
    return any(policy is not None and (policy.tls or policy.port_level_settings) for policy in policies)


def _routed(context: Context) -> Routed:
    forwarded, hosts = set[tuple[str, int]](), set[str]()
    for virtual_service in context.resources.all(VirtualService):
        namespace = virtual_service.namespace
        hosts.update(qualified(host, namespace) for host in virtual_service.spec.hosts if virtual_service.spec.http)
        for destination in (target.destination for rule in virtual_service.spec.http for target in rule.route):
            port = 0 if destination.port is None else destination.port.number
            forwarded.add((qualified(destination.host, namespace), port))
    return Routed(frozenset(forwarded), frozenset(hosts))


def _of_port(
    context: Context, rule: DestinationRule, service: Service, port: ServicePort, routed: Routed
) -> Iterator[Diagnostic]:
    for tls in _settings(rule, port.number):
        related = (Related("the port is declared here", port.origin),)
        if port.protocol.is_tls:
            yield TLS_INSIDE_TLS(
                tls.at("mode"),
                port=port.number,
                host=service.hostname,
                protocol=port.protocol,
                mode=tls.mode,
                severity=Severity.INFO if routed.forwards(service, port) else None,  # meant for forwarded requests
                related=related,
            )
        elif port.protocol.is_http and _is_plain(context, service, port) and routed.uses(service, port):
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
    """True if proxies connect to port 80 of an external host, by service port and at every endpoint."""
    if service.registry is not Registry.EXTERNAL or not service.mesh_external or port.number != PLAIN_HTTP:
        return False
    endpoints = context.snapshot.endpoints.named(service, port.name)
    reached: set[int | str] = {endpoint.port for endpoint in endpoints} or {port.target or port.number}
    return reached == {PLAIN_HTTP}
