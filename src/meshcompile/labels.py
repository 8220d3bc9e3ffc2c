"""Labels and selectors.

A selector selects a workload when every one of its pairs is among the workload's labels; an empty selector selects
everything. What *absent* means differs per kind and is decided where the selector is read.
"""

from collections.abc import Mapping

Labels = Mapping[str, str]

NO_LABELS: Labels = {}


def selects(selector: Labels, labels: Labels) -> bool:
    """True when every pair of the selector is among the labels (an empty selector selects everything)."""
    return all(labels.get(key) == value for key, value in selector.items())


REGION = "topology.kubernetes.io/region"
ZONE = "topology.kubernetes.io/zone"
SUBZONE = "topology.istio.io/subzone"
CLUSTER = "topology.istio.io/cluster"
NETWORK = "topology.istio.io/network"
HOSTNAME = "kubernetes.io/hostname"
TLS_MODE = "security.istio.io/tlsMode"
WORKLOAD_NAME = "service.istio.io/workload-name"

# Where a workload's canonical service and revision may be written, the first that is there counts.
_CANONICAL_NAME = ("service.istio.io/canonical-name", "app.kubernetes.io/name", "app")
_CANONICAL_REVISION = ("service.istio.io/canonical-revision", "app.kubernetes.io/version", "version")


def matches(selector: Labels, labels: Labels) -> bool:
    """True when a selector selects the labels, an empty one selecting nothing: how services select workloads."""
    return bool(selector) and selects(selector, labels)


def canonical_name(labels: Labels, default: str) -> str:
    """The canonical service that the labels name."""
    return next((labels[key] for key in _CANONICAL_NAME if key in labels), default)


def canonical_revision(labels: Labels) -> str:
    """The canonical revision that the labels name; `latest` when none do."""
    return next((labels[key] for key in _CANONICAL_REVISION if key in labels), "latest")


def with_topology(labels: Labels, cluster: str, locality: str, node: str, network: str) -> Labels:
    """The labels with those that istiod adds for where a workload runs; its own network label stays.

    `locality` is `region/zone/subzone`, empty parts being unknown.
    """
    region, zone, subzone = (*locality.split("/"), "", "", "")[:3]
    added = {REGION: region, ZONE: zone, SUBZONE: subzone, CLUSTER: cluster, HOSTNAME: node}
    if not labels.get(NETWORK):
        added[NETWORK] = network
    return {**labels, **{key: value for key, value in added.items() if value}}


def locality_label(labels: Labels) -> str:
    """The locality that the labels give, overriding the node's: `region/zone/subzone` or, as written, with dots."""
    return next((labels[key] for key in ("topology.istio.io/locality", "istio-locality") if key in labels), "")


def locality_of(labels: Labels) -> str:
    """The same with `/`: Kubernetes allows none in a label's value."""
    text = locality_label(labels)
    return text if "/" in text else text.replace(".", "/")


TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
"""What stands for true in an annotation and in node metadata, as Go's `strconv.ParseBool` has it."""
FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
"""What stands for false."""
