"""Codes of listeners and Sidecars: MC07xx."""

from meshcompile.diagnostics import Code, Severity

LISTENER_CONFLICT = Code(
    "MC0701",
    "listener-conflict",
    Severity.WARNING,
    "port {port} of {host} gets no listener of its own on {bind}:{port}: {winner} already uses it with the same match",
    "Two services need the same address and port, and nothing in the connection tells them apart. The older service "
    "keeps it. Give the services different ports or addresses.",
)
PROTOCOL_CONFLICT = Code(
    "MC0702",
    "protocol-conflict",
    Severity.WARNING,
    "port {port} of {host} ({protocol}) gets no listener on {bind}:{port}: {winner} uses it for {existing}",
    "MySQL and MongoDB servers speak first. Their ports cannot be shared with a protocol that is detected from the "
    "first bytes of the client. Use another port for one of the services.",
)
RESERVED_PORT = Code(
    "MC0703",
    "reserved-port",
    Severity.WARNING,
    "port {port} of {host} gets no listener: the proxy uses that port itself, or is not allowed to open it",
    "The proxy's own listeners use ports 15001 and 15006, and the ports for status and metrics. An unprivileged proxy "
    "cannot open ports below 1024.",
)
INBOUND_CONFLICT = Code(
    "MC0704",
    "inbound-conflict",
    Severity.WARNING,
    "port {port} of {host} ({protocol}) is served as {existing}, because {winner} declares that protocol",
    "Two services select the same workload and target port but declare different protocols. The older service wins. "
    "Declare the same protocol in both.",
)
EMPTY_EGRESS_LISTENER = Code(
    "MC0705",
    "empty-egress-listener",
    Severity.WARNING,
    "no imported service has port {port}, so this egress listener creates no listener",
    "An egress listener with a port imports only services that have that port. Check the number, and check whether "
    "`hosts` imports the service.",
)
INGRESS_TLS_IGNORED = Code(
    "MC0706",
    "ingress-tls-ignored",
    Severity.WARNING,
    "`tls` of an ingress listener has no effect",
    "A sidecar terminates TLS with its own settings only if istiod runs with ENABLE_TLS_ON_SIDECAR_INGRESS, which is "
    "off by default.",
)
HIDDEN_BY_LISTENER = Code(
    "MC0710",
    "hidden-by-listener",
    Severity.WARNING,
    "on port {port} only {imported} can be reached: this egress listener takes the port, and hides {hidden}",
    """An egress listener with a port is the only one for that port. What other listeners import is not reachable
there. List all hosts of the port in this listener.""",
)
