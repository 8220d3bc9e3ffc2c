"""Codes of services and their endpoints: MC031x and MC032x."""

from meshcompile.diagnostics import Code, Severity

SHADOWED_SERVICE_ENTRY = Code(
    "MC0310",
    "service-entry-for-service",
    Severity.WARNING,
    "{host} is the host of Kubernetes Service {service}, which goes before this ServiceEntry",
    "Where both are visible, the Service decides ports, address and resolution. In the Service's own namespace the "
    "endpoints of both are joined where the names of their ports agree.",
)
CONFLICTING_SERVICE_ENTRIES = Code(
    "MC0311",
    "service-entries-disagree",
    Severity.WARNING,
    "{host} is also a host of ServiceEntry {other}, whose resolution {resolution} is in force",
    "Of several ServiceEntries for one host in one namespace the oldest decides; ports of the others are added only "
    "where everything else agrees.",
)
ENDPOINT_WITHOUT_POD = Code(
    "MC0312",
    "endpoint-without-pod",
    Severity.WARNING,
    "the endpoint refers to Pod {pod}, which does not exist, so it is left out",
    "An endpoint whose `targetRef` is a Pod counts only with the Pod, whose labels and identity it needs.",
)
NO_DNS_ENDPOINTS = Code(
    "MC0313",
    "no-endpoints-to-resolve",
    Severity.WARNING,
    "{host} is resolved by DNS but its selector selects nothing, so it gets no cluster",
    "A service with a `workloadSelector` has only the endpoints that it selects; its host is not resolved.",
)
