"""Declared protocols that differ from what applications send, or that Istio does not know."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.codes.server_ports import TLS_PORT_AS_HTTP, UNKNOWN_PREFIX
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.kubernetes.service import Service
from meshcompile.models.mesh.mesh_config import OutboundTrafficPolicyMode
from meshcompile.models.networking.destination_rule import ClientTLSMode
from meshcompile.models.networking.service_entry import Location, ServiceEntry
from meshcompile.resolve.scope.traffic_policy import port_policy
from meshcompile.values.ports import protocol_named

TLS_PORT = 443
MEANT = {
    "h2c": "http2",
    "h2": "http2",
    "http1": "http",
    "ws": "http",
    "websocket": "http",
    "wss": "https",
    "grpcs": "https",
    "mongodb": "mongo",
    "ssl": "tls",
}
"""Protocol names that Istio does not know, with the intended ones."""


def protocols(context: Context) -> Iterator[Diagnostic]:
    """A finding for each TLS port that is declared as plain HTTP, and for each unknown protocol."""
    for entry in context.resources.all(ServiceEntry):
        if entry.spec.location is not Location.MESH_INTERNAL:
            yield from _tls_ports(context, entry)
    for service in context.resources.all(Service):
        for port in service.spec.ports:
            app_protocol = port.app_protocol or ""
            written = app_protocol or port.name.partition("-")[0]
            if meant := MEANT.get(written.lower()):
                place = port.at("app_protocol" if app_protocol else "name")
                yield UNKNOWN_PREFIX(place, written=written, port=port.port, suggestion=f"write `{meant}`")


def _tls_ports(context: Context, entry: ServiceEntry) -> Iterator[Diagnostic]:
    policy = context.snapshot.mesh.outbound_traffic_policy
    registry_only = policy is not None and policy.mode is OutboundTrafficPolicyMode.REGISTRY_ONLY
    for port in entry.spec.ports:
        is_tls_port = port.number == TLS_PORT and port.target_port in (0, TLS_PORT)
        if not is_tls_port or not protocol_named(port.protocol).is_http:
            continue
        if not any(_is_encrypted(context, host, port.number) for host in entry.spec.hosts):
            yield TLS_PORT_AS_HTTP(
                port.at("protocol"),
                port=port.number,
                host=entry.spec.hosts[0],
                protocol=port.protocol,
                effect="are refused (REGISTRY_ONLY)" if registry_only else "bypass every rule for this host",
                suggestion="write `HTTPS`",
            )


def _is_encrypted(context: Context, host: str, port: int) -> bool:
    """True if a DestinationRule makes proxies use TLS on the port."""
    for rule in context.rules_for(host):
        policies = (rule.spec.traffic_policy, *(subset.traffic_policy for subset in rule.spec.subsets))
        modes = (port_policy(policy, port).tls_mode for policy in policies)
        if any(mode in (ClientTLSMode.SIMPLE, ClientTLSMode.MUTUAL) for mode in modes):
            return True
    return False
