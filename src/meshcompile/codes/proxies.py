"""Codes of proxies, and of assumptions about a mesh that is described without its Pods: MC12xx."""

from meshcompile.diagnostics import Code, Severity

ASSUMED_PODS = Code(
    "MC1201",
    "assumed-pods",
    Severity.INFO,
    "assumed {pods} of {kind} `{name}`, {proxy}, at {addresses}",
    "The input has no Pod of this workload, so meshcompile assumes one from its template, with an address from "
    "198.18.0.0/16. For a StatefulSet it assumes one Pod per replica, because each has its own name. To compile with "
    "the real addresses, add the cluster's Pods to the input.",
)
ASSUMED_ENDPOINTS = Code(
    "MC1202",
    "assumed-endpoints",
    Severity.INFO,
    "assumed the endpoints of Service `{name}`: {pods}",
    "The input has no EndpointSlice of this Service, so meshcompile derives one from the Pods that the Service "
    "selects.",
)
ASSUMED_CLUSTER_IP = Code(
    "MC1203",
    "assumed-cluster-ip",
    Severity.INFO,
    "assumed the address {address} for Service `{name}`",
    "The Service has no `clusterIP`, which a cluster would assign. meshcompile assigns one from 198.19.0.0/16. The "
    "address appears in the names of TCP listeners and in the domains of routes. Set `clusterIP` to get the same names "
    "as in the cluster.",
)
ASSUMED_INJECTION = Code(
    "MC1204",
    "assumed-injection",
    Severity.INFO,
    "namespace `{namespace}` is not in the input: assumed that its workloads have sidecars",
    "Labels of the Namespace decide whether its Pods get a sidecar. Add the Namespace to the input, with or without "
    "the label `istio-injection: enabled`.",
)
NO_ADDRESS_LEFT = Code(
    "MC1205",
    "no-address-left",
    Severity.WARNING,
    "no address is left to assign to {kind} `{name}`",
    "The ranges of assumed addresses have room for 65,534 Pods and as many Services.",
)
WAYPOINT_OUTSIDE_OF_AMBIENT = Code(
    "MC1214",
    "waypoint-outside-of-ambient",
    Severity.WARNING,
    "{proxy} is a waypoint, and the mesh is not ambient: nothing is behind it",
    "Objects use waypoints only in an ambient mesh. Compile with `--ambient`, `ambient: true` in meshcompile.yaml, or "
    "`load(ambient=True)` if istiod runs with PILOT_ENABLE_AMBIENT.",
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
    "no configuration of {proxy} comes from this {kind}: {reason}",
    "The object is valid, but it contributes nothing to this proxy. It may apply to other proxies, or only affect "
    "other objects. Only `mesh.used_by(config)` reports this.",
)
ASSUMED_RUNNING = Code(
    "MC1209",
    "assumed-running",
    Severity.INFO,
    "assumed that Pod `{name}` is running, {proxy}, at {address}",
    "The Pod has no status, so it was written by hand and not read from a cluster. meshcompile treats it as running "
    "and injected, with an address from 198.18.0.0/16.",
)
NO_TEMPLATE = Code(
    "MC1210",
    "no-template",
    Severity.WARNING,
    "assumed no Pods for {kind} `{name}`: Deployment `{deployment}`, whose template it uses, is not in the input",
    "An Argo Rollout with a `workloadRef` runs the Pods of the Deployment that it names. Add that Deployment to the "
    "input.",
)
ASSUMED_DEPLOYMENT = Code(
    "MC1212",
    "assumed-gateway-deployment",
    Severity.INFO,
    "assumed {objects}, which istiod makes for this Gateway",
    "istiod deploys the proxies of a Gateway without `spec.addresses`. If the input has no running Pod, it was not "
    "read from a cluster, so meshcompile assumes the Deployment and the Service that are missing. They have the names, "
    "labels, annotations and ports that istiod gives them, with the overlays of `spec.infrastructure.parametersRef`.",
)
DOTTED_POD = Code(
    "MC1213",
    "pod-name-with-dots",
    Severity.WARNING,
    "istiod does not find Pod `{name}` for its proxy, because the name has dots: the proxy serves no Service",
    "A proxy names its Pod as `NAME.NAMESPACE`, and istiod takes all that follows the first dot for the namespace. So "
    "it does not know which Services select the Pod when the proxy connects. A sidecar treats the ports of the Pod as "
    "undeclared. A gateway listens on the ports of its Gateways, and not on the target ports of its Service. Other "
    "proxies do reach the Pod. Use a name without dots for the Pod, or for the workload that creates it.",
)
WAYPOINT_NOT_USED = Code(
    "MC1215",
    "waypoint-not-used",
    Severity.WARNING,
    "{host} does not use waypoint `{waypoint}`: {problem} ({code})",
    "The label `istio.io/use-waypoint` of an object, or of its namespace, asks for a waypoint. istiod ignores it if no "
    "Gateway of this name has an address in its status, if the listener of the Gateway does not allow the namespace, "
    "or if the waypoint is for another type of traffic. istiod reports the same reason in the condition "
    "`istio.io/WaypointBound` of the object.",
)
