"""Codes of DestinationRules, clusters and endpoints: MC06xx, and istioctl's own."""

from meshcompile.diagnostics import Code, Severity

UNKNOWN_HOST = Code(
    "IST0174",
    "destination-rule-unknown-host",
    Severity.WARNING,
    "no service in the mesh has host {host}, so this rule has no effect",
    "The host of a DestinationRule is one of these: the name of a Service, a host of a ServiceEntry, or a wildcard. "
    "Istio looks up a name without a dot in the rule's own namespace. It uses a name with a dot as written: "
    "`catalog.shop` is not `catalog.shop.svc.cluster.local`.",
)
SUBSET_WITHOUT_PODS = Code(
    "IST0173",
    "subset-without-pods",
    Severity.WARNING,
    "subset {subset} of {host} selects no {what}, so {effect}",
    "No endpoint of the service has all labels of the subset. Compare them with the labels of the Pods, or with those "
    "of the ServiceEntry's endpoints.",
)
UNUSED_SUBSET = Code(
    "MC0601",
    "unused-subset",
    Severity.INFO,
    "no VirtualService routes to subset {subset} of {host}",
    "For each subset, every proxy that sees the service gets a cluster per port. A subset that no route uses only "
    "costs memory.",
)
SHADOWED_POLICY = Code(
    "MC0602",
    "shadowed-traffic-policy",
    Severity.WARNING,
    "the trafficPolicy of DestinationRule {other} for {host} takes precedence, so this one has no effect",
    "Istio merges the rules of one namespace for one host and keeps only the oldest rule's policy. Merge the two "
    "rules.",
)
DUPLICATE_SUBSET = Code(
    "MC0603",
    "duplicate-subset",
    Severity.WARNING,
    "subset {subset} of {host} is already defined by DestinationRule {other}, so this one has no effect",
    "Istio merges the rules of one namespace for one host. Of several subsets with the same name, it keeps only the "
    "oldest.",
)
UNKNOWN_PORT = Code(
    "MC0605",
    "port-settings-unknown-port",
    Severity.WARNING,
    "{host} has no port {port}, so these settings have no effect",
    "`portLevelSettings` refer to the service's port number, not to the workload's.",
)
CREDENTIAL_OF_SIDECARS = Code(
    "MC0606",
    "credential-of-sidecars",
    Severity.INFO,
    "without a workloadSelector, only gateways use credentialName: sidecars send plain text",
    "Only gateways may read any Secret. Add a `workloadSelector`, use a `configmap://` reference, or name files.",
)
