"""Codes of services and their endpoints: MC031x and MC032x, and istioctl's own."""

from meshcompile.diagnostics import Code, Severity

SHADOWED_SERVICE_ENTRY = Code(
    "MC0310",
    "service-entry-for-service",
    Severity.WARNING,
    "{host} is the host of Kubernetes Service {service}, which takes precedence over this ServiceEntry",
    "Where both are visible, the Service decides the ports, the address and the resolution. In the Service's own "
    "namespace, Istio combines the endpoints of both for ports with the same name.",
)
CONFLICTING_SERVICE_ENTRIES = Code(
    "MC0311",
    "service-entries-disagree",
    Severity.WARNING,
    "{host} is also a host of ServiceEntry {other}, whose resolution {resolution} applies",
    "When several ServiceEntries in one namespace define the same host, Istio uses the oldest. It adds the ports of "
    "the others only if all other settings agree.",
)
ENDPOINT_WITHOUT_POD = Code(
    "MC0312",
    "endpoint-without-pod",
    Severity.WARNING,
    "the endpoint refers to Pod {pod}, which does not exist, so the endpoint is dropped",
    "An endpoint whose `targetRef` is a Pod takes its labels and identity from that Pod. Without the Pod, Istio drops "
    "the endpoint.",
)
NO_DNS_ENDPOINTS = Code(
    "MC0313",
    "no-endpoints-to-resolve",
    Severity.WARNING,
    "{host} uses DNS resolution but its selector selects no workload, so it gets no cluster",
    "A service with a `workloadSelector` has only the endpoints that it selects. Its host is not resolved.",
)
PORT_NAME = Code(
    "IST0118",
    "port-name-without-protocol",
    Severity.INFO,
    "port {port} has {what}, so Istio detects from the first bytes of a connection whether it carries HTTP",
    """Istio takes the protocol of a port from `appProtocol`, or from the name up to the first `-`: `http-web`, `tcp`,
`grpc`. For any other name, each proxy looks at what the client sends first, which delays connections of protocols where
the server speaks first. Name the protocol.""",
)
EXTERNAL_NAME_PORT = Code(
    "IST0150",
    "external-name-port",
    Severity.WARNING,
    "port {port} of this ExternalName Service has {what}, so its listener takes all TCP traffic to port {port}",
    """A Service of type ExternalName has no address. A proxy can tell TCP connections to it from others only by the
port, and sends all of them to the external name. Name the protocol: `http`, `https` or `tls`.""",
)
PORT_WITH_TWO_PROTOCOLS = Code(
    "IST0116",
    "port-with-two-protocols",
    Severity.WARNING,
    "Services {services} select the Pods of this Deployment and have port {port} with the protocols {protocols}",
    """A Pod in the mesh cannot serve one port number with several transport protocols, because Istio configures one
listener per port. Use different numbers.""",
)
TARGET_PORT_WITH_SEVERAL_PORTS = Code(
    "IST0137",
    "target-port-of-several-ports",
    Severity.WARNING,
    "ports {ports} of the Services {services} all lead to port {target} of the Pods of this Deployment",
    """The proxy of the Pods has one inbound listener per Pod port. When several Service ports lead to it, the oldest
Service decides the protocol and the metadata of all of them. Let each Pod port have one Service port.""",
)
INCONSISTENT_SERVICE = Code(
    "IST0170",
    "inconsistent-service",
    Severity.WARNING,
    "this Service differs in cluster {cluster}: {differences}",
    "A service with one name and namespace in several clusters is one service of the mesh, and every proxy has one "
    "configuration for it. Give it the same type and the same ports in all clusters.",
)
