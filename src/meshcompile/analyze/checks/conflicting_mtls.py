"""Clients and servers that disagree about mutual TLS: a DestinationRule and a PeerAuthentication."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from meshcompile.analyze.context import Context
from meshcompile.codes.security import CONFLICTING_MTLS
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.networking.destination_rule import (
    ClientTLSMode,
    ClientTLSSettings,
    DestinationRule,
    TrafficPolicy,
)
from meshcompile.resolve.scope.traffic_policy import tls_settings
from meshcompile.resolve.security.mtls import peer_policy
from meshcompile.snapshot.authentication import MutualTlsMode
from meshcompile.snapshot.destination_rules import MergedDestinationRule
from meshcompile.snapshot.service import Service, ServicePort
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.hosts import covering, qualified
from meshcompile.values.labels import NO_LABELS, Labels, selects

SENT = {
    ClientTLSMode.DISABLE: "plain text",
    ClientTLSMode.SIMPLE: "TLS without a certificate of the mesh",
    ClientTLSMode.MUTUAL: "TLS without a certificate of the mesh",
    ClientTLSMode.ISTIO_MUTUAL: "mutual TLS",
}
ACCEPTED = {MutualTlsMode.STRICT: "mutual TLS", MutualTlsMode.DISABLE: "plain text"}


def conflicting_mtls(context: Context) -> Iterator[Diagnostic]:
    """A finding for each TLS setting that workloads refuse, for the clients of every namespace that use it."""
    owners = _owners(context)
    for service in context.snapshot.services.all if owners else ():
        own = {namespace for host in covering(service.hostname) for namespace in owners.get(host, ())}
        for client in sorted(own and own | {service.namespace}):
            for rule in context.snapshot.destination_rules.lookup(client, service):
                for port in service.ports:
                    yield from _conflicts(context.snapshot, service, port, rule)


def _owners(context: Context) -> Mapping[str, set[str]]:
    """The namespaces with DestinationRules that set TLS, by the full host of the rule."""
    found: dict[str, set[str]] = defaultdict(set)
    for rule in context.resources.all(DestinationRule):
        policies = (rule.spec.traffic_policy, *(subset.traffic_policy for subset in rule.spec.subsets))
        if any(policy is not None and (policy.tls or policy.port_level_settings) for policy in policies):
            found[qualified(rule.spec.host, rule.namespace)].add(rule.namespace)
    return found


def _conflicts(
    snapshot: Snapshot, service: Service, port: ServicePort, rule: MergedDestinationRule
) -> Iterator[Diagnostic]:
    for policy, labels in _policies(rule):
        client = tls_settings(policy, port.number)
        for server, places in _server_modes(snapshot, service, port, labels).items() if client is not None else ():
            if client is not None and _refuses(server, client):
                yield CONFLICTING_MTLS(
                    client,
                    host=service.hostname,
                    client=SENT[client.mode],
                    server=ACCEPTED[server],
                    related=places,
                )


def _policies(rule: MergedDestinationRule) -> Iterator[tuple[TrafficPolicy, Labels]]:
    """The policies of a rule, each with the labels of the endpoints that it is for."""
    if rule.traffic_policy is not None:
        yield rule.traffic_policy, NO_LABELS
    yield from ((subset.traffic_policy, subset.labels) for subset in rule.subsets if subset.traffic_policy is not None)


def _server_modes(
    snapshot: Snapshot, service: Service, port: ServicePort, labels: Labels
) -> dict[MutualTlsMode, tuple[Related, ...]]:
    """The modes that the workloads of a port with sidecars accept, each with the policies that set it."""
    modes: dict[MutualTlsMode, tuple[Related, ...]] = {}
    for endpoint in snapshot.endpoints.named(service, port.name):
        if endpoint.mtls and selects(labels, endpoint.labels):
            policy = peer_policy(snapshot.authentication, endpoint.namespace, endpoint.labels)
            places = tuple(Related("this policy sets the mode of servers", p.origin) for p in policy.policies)
            modes.setdefault(policy.for_port(endpoint.port), places)
    return modes


def _refuses(server: MutualTlsMode, client: ClientTLSSettings) -> bool:
    if client.mode is ClientTLSMode.ISTIO_MUTUAL:
        return server is MutualTlsMode.DISABLE
    return server is MutualTlsMode.STRICT
