"""Codes of Gateways: MC05xx."""

from meshcompile.diagnostics import Code, Severity

DUPLICATE_TLS_HOST = Code(
    "MC0501",
    "duplicate-tls-host",
    Severity.WARNING,
    "this server is dropped, because {hosts} on port {port} already belongs to Gateway {other}",
    "Envoy uses the requested host to choose between the TLS servers of a port, so each host can belong to only one "
    "server. Istio keeps the server of the older Gateway and drops the other server with all its hosts.",
)
PORT_CONFLICT = Code(
    "MC0502",
    "port-conflict",
    Severity.WARNING,
    "this server is dropped: {protocol} cannot share port {port} with {other_protocol} of {other}",
    "An address and port can serve only one of plain HTTP, plain TCP and TLS. The server of the older Gateway wins. "
    "Use another port, or another `bind` address.",
)
DUPLICATE_HTTPS_PORT_NAME = Code(
    "MC0503",
    "duplicate-https-port-name",
    Severity.WARNING,
    "this server is dropped, because another HTTPS server of the Gateway also has port name {port_name}",
    "Istio identifies the routes of an HTTPS server by the names of its port and its Gateway, so these must be unique.",
)
PRIVILEGED_PORT = Code(
    "MC0504",
    "privileged-port",
    Severity.WARNING,
    "port {port} is not opened: the gateway's Pod cannot listen on ports below 1024",
    "Let the Service translate the port to a target port above 1023. The Gateway then names the Service's port.",
)
SERVER_WITHOUT_ROUTE = Code(
    "MC0505",
    "server-without-route",
    Severity.WARNING,
    "no VirtualService or route has a {rules} rule for this server, so it serves nothing",
    "A server that forwards TCP or TLS bytes needs a VirtualService that is bound to its Gateway and has a host that "
    "overlaps the server's hosts. The VirtualService needs `tcp` rules, or `tls` rules if TLS is passed through. A "
    "listener of the Gateway API needs a TCPRoute or a TLSRoute.",
)
DUPLICATE_SNI_HOST = Code(
    "MC0506",
    "duplicate-sni-host",
    Severity.WARNING,
    "this match is dropped, because another match already covers {hosts} on port {port}",
    "Connections with one SNI host can go to only one destination. Istio keeps the match of the older VirtualService.",
)
