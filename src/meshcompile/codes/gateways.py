"""Codes of Gateways: MC05xx."""

from meshcompile.diagnostics import Code, Severity

DUPLICATE_TLS_HOST = Code(
    "MC0501",
    "duplicate-tls-host",
    Severity.WARNING,
    "this server is left out, because {hosts} on port {port} belongs to Gateway {other} already",
    "Envoy tells the TLS servers of a port apart by the host that the client asks for, so each host can have only one. "
    "The server of the older Gateway stays; the other is left out with all its hosts.",
)
PORT_CONFLICT = Code(
    "MC0502",
    "port-conflict",
    Severity.WARNING,
    "this server is left out: {protocol} cannot share port {port} with {other_protocol} of Gateway {other}",
    "One address and port serves plain HTTP, or plain TCP, or TLS. The server of the older Gateway decides. Use "
    "another port, or another `bind` address.",
)
DUPLICATE_HTTPS_PORT_NAME = Code(
    "MC0503",
    "duplicate-https-port-name",
    Severity.WARNING,
    "this server is left out, because another HTTPS server of the Gateway has port name {port_name} too",
    "The routes of an HTTPS server are found by the names of its port and Gateway, so these must be unique.",
)
PRIVILEGED_PORT = Code(
    "MC0504",
    "privileged-port",
    Severity.WARNING,
    "port {port} is not opened: the gateway's pod may not listen below 1024",
    "Let the Service translate the port to a target port above 1023; a Gateway then names the Service's port.",
)
SERVER_WITHOUT_ROUTE = Code(
    "MC0505",
    "server-without-route",
    Severity.WARNING,
    "no VirtualService has a {rules} rule for this server, so nothing is served",
    "A server that passes bytes on needs a VirtualService, bound to its Gateway, one of whose hosts overlaps the "
    "server's, with `tcp` rules (or `tls` rules where TLS is passed through).",
)
DUPLICATE_SNI_HOST = Code(
    "MC0506",
    "duplicate-sni-host",
    Severity.WARNING,
    "this match is left out, because {hosts} on port {port} is matched already",
    "Connections with one SNI host can go to one place only. The match of the older VirtualService stays.",
)
