"""Codes of listeners and Sidecars: MC07xx."""

from meshcompile.diagnostics import Code, Severity

LISTENER_CONFLICT = Code(
    "MC0701",
    "listener-conflict",
    Severity.WARNING,
    "port {port} of {host} gets no listener of its own on {bind}:{port}: {winner} has it with the same match",
    docs="""Two services ask for the same address and port, and nothing in the connection tells them apart. The older
service keeps it. Give the services different ports or addresses.""",
)
PROTOCOL_CONFLICT = Code(
    "MC0702",
    "protocol-conflict",
    Severity.WARNING,
    "port {port} of {host} ({protocol}) gets no listener on {bind}:{port}: {winner} uses it for {existing}",
    docs="""MySQL and MongoDB servers speak first, so that their ports cannot be shared with a protocol that is found
out by looking at what the client sends first. Use another port for one of the services.""",
)
RESERVED_PORT = Code(
    "MC0703",
    "reserved-port",
    Severity.WARNING,
    "port {port} of {host} gets no listener: the proxy uses that port itself, or may not open it",
    docs="""The proxy's own listeners take ports 15001 and 15006, and those for its status and metrics; a proxy without
privileges cannot open ports below 1024.""",
)
INBOUND_CONFLICT = Code(
    "MC0704",
    "inbound-conflict",
    Severity.WARNING,
    "port {port} of {host} ({protocol}) is served as {existing}, which is what {winner} declares",
    docs="""Two services select the same workload and target port but declare different protocols: the older service
decides. Let them declare the same protocol.""",
)
EMPTY_EGRESS_LISTENER = Code(
    "MC0705",
    "empty-egress-listener",
    Severity.WARNING,
    "no imported service has port {port}: this egress listener makes no listener",
    docs="""An egress listener with a port imports only services that have that port. Check the number, and whether
`hosts` imports the service.""",
)
INGRESS_TLS_IGNORED = Code(
    "MC0706",
    "ingress-tls-ignored",
    Severity.WARNING,
    "`tls` of an ingress listener has no effect",
    docs="""Sidecars terminate TLS of their own only where istiod runs with ENABLE_TLS_ON_SIDECAR_INGRESS, which is off
by default.""",
)
