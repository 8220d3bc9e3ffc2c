"""Codes of DestinationRules, clusters and endpoints: MC06xx, and istioctl's own."""

from meshcompile.diagnostics import Code, Severity

UNKNOWN_HOST = Code(
    "IST0174",
    "destination-rule-unknown-host",
    Severity.WARNING,
    "host {host} is that of no service in the mesh, so this rule has no effect",
    "The host of a DestinationRule is the name of a Service, which is looked for in the rule's own namespace when it "
    "has no dot, or a host of a ServiceEntry, or a wildcard. A name with a dot is taken as it is: `catalog.shop` is "
    "not `catalog.shop.svc.cluster.local`.",
)
SUBSET_WITHOUT_PODS = Code(
    "IST0173",
    "subset-without-pods",
    Severity.WARNING,
    "subset {subset} of {host} selects no endpoint, so requests to it fail",
    "No endpoint of the service has all labels of the subset. Compare them with the labels of the Pods or of the "
    "endpoints of the ServiceEntry.",
)
UNUSED_SUBSET = Code(
    "MC0601",
    "unused-subset",
    Severity.INFO,
    "no VirtualService sends to subset {subset} of {host}",
    "Every subset makes a cluster for each port of the service and each proxy that sees it. One that no route names "
    "costs memory for nothing.",
)
SHADOWED_POLICY = Code(
    "MC0602",
    "shadowed-traffic-policy",
    Severity.WARNING,
    "the trafficPolicy of DestinationRule {other} for {host} is in force, so this one has no effect",
    "Rules of one namespace for one host are merged: of their policies only the oldest rule's counts. Join the two.",
)
DUPLICATE_SUBSET = Code(
    "MC0603",
    "duplicate-subset",
    Severity.WARNING,
    "subset {subset} of {host} is already defined by DestinationRule {other}, so this one has no effect",
    "Rules of one namespace for one host are merged: of subsets with one name only the oldest rule's counts.",
)
UNKNOWN_PORT = Code(
    "MC0605",
    "port-settings-unknown-port",
    Severity.WARNING,
    "{host} has no port {port}, so these settings have no effect",
    "`portLevelSettings` name ports by the number of the service, not by that of its workloads.",
)
CREDENTIAL_OF_SIDECARS = Code(
    "MC0606",
    "credential-of-sidecars",
    Severity.INFO,
    "only gateways use credentialName of a rule without workloadSelector: sidecars send in plain text",
    "Only gateways may read any Secret. Add a `workloadSelector`, use a `configmap://` reference, or name files.",
)
