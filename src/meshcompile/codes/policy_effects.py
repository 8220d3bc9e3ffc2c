"""Codes of policies that do not fit the workloads that they select: MC0820 and the codes after it."""

from meshcompile.diagnostics import Code, Severity

PORT_MTLS_UNKNOWN_PORT = Code(
    "MC0820",
    "port-mtls-unknown-port",
    Severity.WARNING,
    "no workload that this policy selects listens on port {port}, so this mode applies to nothing",
    """`portLevelMtls` names ports of the workload, that is of its containers, and not ports of a Service. Write the
`targetPort` of the Service.""",
)
SERVICE_PORT_IN_POLICY = Code(
    "MC0821",
    "service-port-in-policy",
    Severity.WARNING,
    "port {port} is that of Service {service}, and requests arrive at the workload on {target}: {effect}",
    """The proxy of the server compares `ports` and `destination.port` with the port on which the workload listens,
the `targetPort` of its Service. Write that port.""",
)
IDENTITY_WITHOUT_MTLS = Code(
    "MC0822",
    "identity-without-mtls",
    Severity.WARNING,
    "callers have no identity here, because this turns mutual TLS off: {rule} of AuthorizationPolicy {policy} matches "
    "no request",
    """A caller proves its identity with the certificate of mutual TLS. `principals`, `namespaces` and
`serviceAccounts` are compared with that identity. Without mutual TLS there is none, so an ALLOW rule allows nobody and
a DENY rule denies nobody. Set the mode to STRICT or PERMISSIVE.""",
)
CALLERS_WITHOUT_PROXY = Code(
    "MC0823",
    "callers-without-proxy",
    Severity.INFO,
    "workloads without a proxy cannot call {servers}, which take only mutual TLS: {callers}",
    """STRICT servers close connections that are not mutual TLS. A Pod without a sidecar sends plain text. If it calls
these workloads, inject a sidecar, or use PERMISSIVE until it has one.""",
)
PREFLIGHT_DENIED = Code(
    "MC0824",
    "preflight-denied",
    Severity.WARNING,
    "browsers' preflight requests get 403 at Gateway {gateway}: they carry no token, and policies are asked before the "
    "corsPolicy of VirtualService {virtual_service}",
    """Before a browser sends a request with a token to another site, it asks with OPTIONS and without the token. The
gateway decides by its AuthorizationPolicies first. Allow the method OPTIONS without a token.""",
)
TOKENS_NOT_READ = Code(
    "MC0825",
    "tokens-not-read",
    Severity.WARNING,
    "no RequestAuthentication applies to the workloads of this policy, so no token is read and {effect}",
    """`requestPrincipals` and `request.auth` conditions look at a token that a RequestAuthentication has validated at
the same proxy. Without one, requests have no principal. Select the same workloads with a RequestAuthentication.""",
)
NO_PROXY_ENFORCES = Code(
    "MC0826",
    "policy-without-proxy",
    Severity.WARNING,
    "this {kind} has no effect: none of the Pods that it selects has a proxy ({pods})",
    """Proxies enforce policies. A Pod without a sidecar takes every connection, whatever policies select it. Enable
injection for its namespace, or remove the policy.""",
)
STRICT_PORT_OPEN = Code(
    "MC0834",
    "strict-port-open",
    Severity.WARNING,
    "port {port} takes plain text at ztunnel, although it is STRICT",
    """In a strict ambient mesh whose namespace sets no mode, istiod does not send ztunnel what a PeerAuthentication
that is PERMISSIVE or DISABLE says of its strict ports: it takes them for covered by the mode of the mesh. Set the mode
of the namespace with a PeerAuthentication without a selector. Sidecars are not affected.""",
)
SHADOWED_PEER_AUTHENTICATION = Code(
    "MC0835",
    "shadowed-peer-authentication",
    Severity.WARNING,
    "PeerAuthentication {other} for the {where} is older, so this one has no effect",
    """Of several PeerAuthentications without a selector, a namespace uses only the oldest, and so does the mesh. Of
several that select one workload, the workload uses only the oldest. Istio does not merge them. Write one
PeerAuthentication.""",
)
