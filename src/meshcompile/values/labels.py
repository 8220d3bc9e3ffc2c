"""Labels and selectors.

A selector selects a workload if the workload's labels include all its pairs. An empty selector selects everything. The
meaning of an absent selector differs per kind, and is decided where the selector is read.
"""

from collections.abc import Mapping

Labels = Mapping[str, str]

NO_LABELS: Labels = {}

MANAGED = "gateway.istio.io/managed"
"""The label of what a controller of istiod makes for a Gateway. Its values are the names of the controllers."""
MANAGED_WAYPOINT = "istio.io-mesh-controller"
MANAGED_EAST_WEST = "istio.io-eastwest-controller"


def selects(selector: Labels, labels: Labels) -> bool:
    """True if the labels include every pair of the selector. An empty selector selects everything."""
    return all(labels.get(key) == value for key, value in selector.items())


REGION = "topology.kubernetes.io/region"
ZONE = "topology.kubernetes.io/zone"
SUBZONE = "topology.istio.io/subzone"
CLUSTER = "topology.istio.io/cluster"
NETWORK = "topology.istio.io/network"
HOSTNAME = "kubernetes.io/hostname"
TLS_MODE = "security.istio.io/tlsMode"
TUNNEL = "networking.istio.io/tunnel"
WORKLOAD_NAME = "service.istio.io/workload-name"

# The labels of a workload's canonical service and revision, in order of precedence.
_CANONICAL_NAME = ("service.istio.io/canonical-name", "app.kubernetes.io/name", "app")
_CANONICAL_REVISION = ("service.istio.io/canonical-revision", "app.kubernetes.io/version", "version")


def matches(selector: Labels, labels: Labels) -> bool:
    """True if a selector selects the labels. An empty selector selects nothing, as for services."""
    return bool(selector) and selects(selector, labels)


def canonical_name(labels: Labels, default: str) -> str:
    """The canonical service that the labels name."""
    return next((labels[key] for key in _CANONICAL_NAME if key in labels), default)


def canonical_revision(labels: Labels) -> str:
    """The canonical revision that the labels name; `latest` when none do."""
    return next((labels[key] for key in _CANONICAL_REVISION if key in labels), "latest")


def with_topology(labels: Labels, cluster: str, locality: str, node: str, network: str) -> Labels:
    """The labels, with the topology labels that istiod adds. An existing network label stays.

    `locality` is `region/zone/subzone`. Empty parts are unknown.
    """
    region, zone, subzone = (*locality.split("/"), "", "", "")[:3]
    added = {REGION: region, ZONE: zone, SUBZONE: subzone, CLUSTER: cluster, HOSTNAME: node}
    if not labels.get(NETWORK):
        added[NETWORK] = network
    return {**labels, **{key: value for key, value in added.items() if value}}


def declares_tunnel(labels: Labels) -> bool:
    """True for a workload that says that it accepts HBONE tunnels. Its label lists `http`."""
    return "http" in labels.get(TUNNEL, "").split(",")


def locality_label(labels: Labels) -> str:
    """The locality in the labels, which overrides the node's: `region/zone/subzone`, or with dots as written."""
    return next((labels[key] for key in ("topology.istio.io/locality", "istio-locality") if key in labels), "")


def locality_of(labels: Labels) -> str:
    """The locality in the labels with `/`, which Kubernetes does not allow in a label's value."""
    text = locality_label(labels)
    return text if "/" in text else text.replace(".", "/")


TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
"""Annotation and node metadata values that mean true, as in Go's `strconv.ParseBool`."""
FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
"""Values that mean false."""
