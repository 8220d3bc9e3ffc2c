"""Clients and servers that disagree about mutual TLS: a DestinationRule and a PeerAuthentication."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.codes.security import CONFLICTING_MTLS
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.networking.destination_rule import ClientTLSSettings, TrafficPolicy
from meshcompile.resolve.scope.traffic_policy import tls_settings
from meshcompile.resolve.security.mtls import peer_policy
from meshcompile.snapshot.authentication import MutualTlsMode
from meshcompile.snapshot.destination_rules import MergedDestinationRule
from meshcompile.snapshot.service import Service, ServicePort
from meshcompile.snapshot.snapshot import Snapshot

MESH_TLS = "ISTIO_MUTUAL"


def conflicting_mtls(context: Context) -> Iterator[Diagnostic]:
    """A finding for each TLS setting that the service's workloads reject, for clients of the service's namespace."""
    snapshot = context.snapshot
    for service in snapshot.services.all:
        for rule in snapshot.destination_rules.lookup(service.namespace, service):
            for port in service.ports:
                yield from _conflicts(snapshot, service, port, rule)


def _conflicts(
    snapshot: Snapshot, service: Service, port: ServicePort, rule: MergedDestinationRule
) -> Iterator[Diagnostic]:
    wanted = tuple(settings for policy in _policies(rule) if (settings := tls_settings(policy, port.number)))
    if not wanted:
        return
    servers = _server_modes(snapshot, service, port)
    for client in wanted:
        for server, places in servers.items():
            if _refuses(server, client):
                yield CONFLICTING_MTLS(
                    client,
                    host=service.hostname,
                    client=client.mode,
                    server="mutual TLS" if server is MutualTlsMode.STRICT else "plain text",
                    related=places,
                )


def _policies(rule: MergedDestinationRule) -> Iterator[TrafficPolicy]:
    if rule.traffic_policy is not None:
        yield rule.traffic_policy
    yield from (subset.traffic_policy for subset in rule.subsets if subset.traffic_policy is not None)


def _server_modes(snapshot: Snapshot, service: Service, port: ServicePort) -> dict[MutualTlsMode, tuple[Related, ...]]:
    """The modes that the workloads of a port with sidecars accept, each with the policies that set it."""
    modes: dict[MutualTlsMode, tuple[Related, ...]] = {}
    for endpoint in snapshot.endpoints.named(service, port.name):
        if endpoint.mtls:
            policy = peer_policy(snapshot.authentication, endpoint.namespace, endpoint.labels)
            places = tuple(Related("this policy sets the mode of servers", p.origin) for p in policy.policies)
            modes.setdefault(policy.for_port(endpoint.port), places)
    return modes


def _refuses(server: MutualTlsMode, client: ClientTLSSettings) -> bool:
    if client.mode == MESH_TLS:
        return server is MutualTlsMode.DISABLE
    return server is MutualTlsMode.STRICT
