"""Codes of ports that do not fit what listens behind them: MC032x."""

from meshcompile.diagnostics import Code, Severity

TLS_PORT_AS_HTTP = Code(
    "MC0320",
    "tls-port-as-http",
    Severity.WARNING,
    "port {port} of {host} is declared as {protocol}, which is plain text: clients that speak TLS to it {effect}",
    """The protocol of a ServiceEntry's port is what the application sends, before any TLS that a DestinationRule adds.
An application that calls `https://` sends TLS, so its port is HTTPS or TLS. Declare it as HTTP only if the application
sends plain HTTP and a DestinationRule with TLS mode SIMPLE or MUTUAL encrypts it.""",
)
SHARED_ADDRESS = Code(
    "MC0321",
    "entries-share-address",
    Severity.WARNING,
    "{address}:{port} also belongs to {other}, which is older: connections to it are taken for {other}, not for {host}",
    """A TCP connection carries no host name, so proxies tell services apart by address and port. Of two that have
both in common, the older one gets the connections. Give each its own address, its own port, or a protocol that names
the host, such as TLS or HTTP.""",
)
HEADLESS_TARGET_PORT = Code(
    "MC0322",
    "headless-target-port",
    Severity.WARNING,
    "clients that look up {host} connect to port {port} of the Pods, but these serve it on {target}",
    """The name of a headless Service resolves to the addresses of its Pods, and no proxy of Kubernetes translates the
port. Clients connect to the Pod with the port of the Service. Use the same number for `port` and `targetPort`.""",
)
UNDECLARED_TARGET_PORT = Code(
    "MC0323",
    "undeclared-target-port",
    Severity.WARNING,
    "port {port} of Service {name} leads to {target} of its Pods, whose containers declare {declared} only: {effect}",
    """`targetPort` is the port on which the containers listen, as a number or as the name of a container's port.
Kubernetes does not compare a number with the ports that containers declare, so a request to a port on which nothing
listens fails at the Pod. Use a port of the containers, or declare the port on the container if it does listen there.
""",
)
UNKNOWN_PREFIX = Code(
    "MC0324",
    "unknown-protocol-prefix",
    Severity.INFO,
    "`{written}` is no protocol that Istio knows, so proxies detect the protocol of port {port} from its first bytes",
    """The protocol of a port is its `appProtocol`, else its name up to the first `-`. Istio knows `http`, `http2`,
`grpc`, `grpc-web`, `https`, `tls`, `tcp`, `mongo`, `redis`, `mysql` and, as `appProtocol`, `kubernetes.io/h2c`,
`kubernetes.io/ws` and `kubernetes.io/wss`. Settings for HTTP/2 only apply to ports that are declared so.""",
)
HOST_OF_SEVERAL_ENTRIES = Code(
    "MC0325",
    "host-of-several-entries",
    Severity.INFO,
    "{host} is also a host of ServiceEntry {other}, with other ports or another resolution: only clients in namespace "
    "{own} use this one",
    """Clients use the ServiceEntry of their own namespace, else the oldest that they see. Settings of several
namespaces are not merged. Limit each with `exportTo: ["."]`, or keep one for the mesh.""",
)
PROTOCOLS_OF_ENTRIES = Code(
    "IST0177",
    "conflicting-service-entry-protocols",
    Severity.WARNING,
    "the ServiceEntries {entries} give port {port} of {host} the protocols {protocols}: a client treats all its "
    "connections to this port as one of them",
    """A client has one service for a host, so what another ServiceEntry says about the protocol of a port is lost. Give
the port the same protocol everywhere, or limit each ServiceEntry to the clients that it is for with `exportTo`.
istioctl reports it from Istio 1.31 on, and meshcompile does so for this release.""",
)
