"""Codes of proxies and of what is assumed where a mesh is described without its Pods: MC12xx."""

from meshcompile.diagnostics import Code, Severity

ASSUMED_PODS = Code(
    "MC1201",
    "assumed-pods",
    Severity.INFO,
    "assumed {pods} of {kind} `{name}`, {proxy}, at {addresses}",
    "There is no Pod of this workload in the input, so one is assumed from its template, with an address out of "
    "198.18.0.0/16. A StatefulSet gets one for each replica, since they have names of their own. Put the Pods of the "
    "cluster into the input to compile for their real addresses.",
)
ASSUMED_ENDPOINTS = Code(
    "MC1202",
    "assumed-endpoints",
    Severity.INFO,
    "assumed the endpoints of Service `{name}`: {pods}",
    "There is no EndpointSlice of this Service in the input, so it is assumed from the Pods that the Service selects.",
)
ASSUMED_CLUSTER_IP = Code(
    "MC1203",
    "assumed-cluster-ip",
    Severity.INFO,
    "assumed the address {address} for Service `{name}`",
    "The Service has no `clusterIP`, which the cluster would give it. It gets one out of 198.19.0.0/16, which the "
    "names of TCP listeners and the domains of routes show. State `clusterIP` to get the names that the cluster has.",
)
ASSUMED_INJECTION = Code(
    "MC1204",
    "assumed-injection",
    Severity.INFO,
    "namespace `{namespace}` is not in the input: its workloads are assumed to have sidecars",
    "Whether Pods get a sidecar depends on labels of their Namespace. Put the Namespace into the input, with the label "
    "`istio-injection: enabled` or without it.",
)
NO_ADDRESS_LEFT = Code(
    "MC1205",
    "no-address-left",
    Severity.WARNING,
    "no address is left to assume for {kind} `{name}`",
    "The ranges for assumed addresses hold 65,534 Pods and as many Services.",
)
UNSUPPORTED_WAYPOINT = Code(
    "MC1206",
    "unsupported-waypoint",
    Severity.WARNING,
    "{proxy} is a waypoint, and waypoints are not supported: this is not what istiod would send",
    "The listeners, clusters and routes that a waypoint gets are not compiled. Sidecars and gateways are.",
)
UNSUPPORTED_TUNNEL = Code(
    "MC1207",
    "unsupported-tunnel",
    Severity.WARNING,
    "{proxy} takes part in an ambient mesh (ENABLE_HBONE), and tunnels are not supported: what leads through them is "
    "missing",
    "In an ambient mesh, istiod gives such a proxy listeners and clusters for HBONE, which are not compiled.",
)
UNREADABLE_METADATA = Code(
    "MC1211",
    "unreadable-metadata",
    Severity.WARNING,
    "{proxy}: node metadata `{key}` must be {expected}: it is left out",
    "istiod refuses a proxy whose node metadata have a value of the wrong type. meshcompile compiles for the proxy as "
    "if it did not state the key. docs/reference/metadata.md has the keys and their types.",
)
NOT_USED = Code(
    "MC1208",
    "not-used",
    Severity.INFO,
    "nothing that {proxy} is sent comes from this {kind}: {reason}",
    "The object is fine, and this proxy has nothing of it: it is for other proxies, or it only decides about other "
    "objects. It is said by `mesh.used_by(config)` alone.",
)
ASSUMED_RUNNING = Code(
    "MC1209",
    "assumed-running",
    Severity.INFO,
    "assumed that Pod `{name}` runs, {proxy}, at {address}",
    "The Pod has no status, so it was written by hand and not read from a cluster. It is taken to run, as it is after "
    "injection, with an address out of 198.18.0.0/16.",
)
NO_TEMPLATE = Code(
    "MC1210",
    "no-template",
    Severity.WARNING,
    "no Pods are assumed of {kind} `{name}`: Deployment `{deployment}`, whose template it uses, is not in the input",
    "An Argo Rollout with a `workloadRef` runs the Pods of the Deployment that it names. Add that Deployment to the "
    "input.",
)
