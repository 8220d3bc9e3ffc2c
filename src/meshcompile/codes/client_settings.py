"""Codes of DestinationRules that do not fit the services and routes that use them: MC061x."""

from meshcompile.diagnostics import Code, Severity

HIDDEN_SUBSET = Code(
    "MC0610",
    "hidden-subset",
    Severity.WARNING,
    "clients in namespace {clients} do not see a DestinationRule that defines subset `{subset}` of {host}, so {effect}",
    """A client takes the DestinationRule of its own namespace for a host, else that of the service's namespace, else
that of the root namespace. It looks no further, and it does not merge rules of several namespaces: a rule in the
client's own namespace hides the subsets that another namespace defines. Define the subset in the namespace of the
service, and leave `exportTo` open.""",
)
TLS_INSIDE_TLS = Code(
    "MC0611",
    "tls-inside-tls",
    Severity.WARNING,
    "port {port} of {host} is declared as {protocol}, and applications that speak TLS to it fail: with mode {mode}, "
    "proxies wrap their TLS in TLS once more, and the server closes the connection",
    """TLS mode SIMPLE or MUTUAL makes the proxy start TLS to the server. On a port that is declared HTTPS or TLS the
application does so itself. Limit the mode to the plain port with `portLevelSettings`; to let applications send plain
HTTP to port 80 and have it encrypted, give that port `targetPort: 443`.""",
)
TLS_TO_PLAIN_PORT = Code(
    "MC0612",
    "tls-to-plain-port",
    Severity.WARNING,
    "proxies speak TLS to port {port} of {host}, where servers take plain HTTP: requests get 503 UF",
    """TLS mode SIMPLE or MUTUAL changes what the proxy sends, not where. Port 80 is the port of plain HTTP. Add
`targetPort: 443` to the port of the ServiceEntry, or limit the mode to the port that takes TLS.""",
)
HASH_NOT_USED = Code(
    "MC0613",
    "hash-of-port-not-used",
    Severity.WARNING,
    "requests by this route are not hashed: the consistentHash for {host} is set for port {port}, and the destination "
    "names no port",
    """Istio looks up the settings of a port only for a destination that names the port, even if the Service has no
other. Name the port in the destination, or set `loadBalancer` for the whole rule.""",
)
