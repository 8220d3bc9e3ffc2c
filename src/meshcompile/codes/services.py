"""Codes of services and their endpoints: MC031x and MC032x."""

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
