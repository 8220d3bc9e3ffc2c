"""Codes of Gateways and the routes that VirtualServices give them: MC051x."""

from meshcompile.diagnostics import Code, Severity

SHORT_HOST = Code(
    "MC0510",
    "short-host-at-gateway",
    Severity.WARNING,
    "at a gateway, host `{host}` means `{full}`: requests for http://{host}/ get 404 NR",
    """A host without a dot is completed to the full name of a Service in the namespace of the VirtualService. Clients
outside of the cluster do not send that name. Write the name that clients send, with its dots, or `*`.""",
)
HIDDEN_FROM_GATEWAY = Code(
    "MC0511",
    "hidden-from-gateway",
    Severity.WARNING,
    "the workloads of Gateway {gateway} run in {namespaces}, which does not see this VirtualService: requests for "
    "{hosts} get 404 NR there",
    """`exportTo` names the namespaces of proxies that see the VirtualService. A gateway sees it from the namespace in
which its Pods run, not from that of the Gateway object. Export the VirtualService to that namespace, or to `*`.""",
)
PORT_NOT_SERVED = Code(
    "MC0512",
    "match-port-not-served",
    Severity.WARNING,
    "this match never applies: {where} has no port {port}",
    """`port` of a match is the port that the client connects to: a port of the host's Service for sidecars, and the
port number of the Gateway's server for gateways. It is not a `targetPort`.""",
)
NAMES_WITHOUT_ROUTE = Code(
    "MC0513",
    "names-without-route",
    Severity.INFO,
    "Gateway {gateway} takes TLS for every name of {host} on port {port}, and only {names} has a route: connections "
    "for other names are closed",
    """A server that passes TLS through needs a `tls` rule for each server name. Envoy closes connections for names
that no rule has. Add the names or a wildcard to `sniHosts` and `hosts`, or narrow the hosts of the server.""",
)
REDIRECT_LOOP = Code(
    "MC0514",
    "redirect-loop",
    Severity.WARNING,
    "every server for {host} redirects to HTTPS and none serves HTTPS: clients that follow the redirect {effect}",
    """`httpsRedirect` answers every request of a plain HTTP server with 301 to the same URL with https. Something has
to take HTTPS for the host: a server with protocol HTTPS and a certificate, or, behind a load balancer that ends TLS, a
plain server on the port that it forwards to, without `httpsRedirect`.""",
)
BEHIND_ANOTHER = Code(
    "MC0515",
    "rule-behind-another",
    Severity.WARNING,
    "at Gateway {gateway}, requests for {host}{path} go to a rule of VirtualService {other}, which comes first, so "
    "this one gets none of them",
    """A gateway joins the rules of all VirtualServices for one host: those of the oldest VirtualService first, and
matches of every request last. Between VirtualServices, a longer prefix does not win. Put the rules into one
VirtualService in the order that you want, or make the matches exclude each other.""",
)
