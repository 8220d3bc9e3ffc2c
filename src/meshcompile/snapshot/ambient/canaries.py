"""The second waypoint that labels ask for. Follows istiod's `getUseWaypointCanary` and `getCanaryWeight`."""

import re

from msgspec import Struct

from meshcompile.models.kubernetes.namespace import Namespace
from meshcompile.values.labels import NO_LABELS, Labels

USE_CANARY = "istio.io/use-waypoint-canary"
USE_CANARY_NAMESPACE = "istio.io/use-waypoint-canary-namespace"
CANARY_WEIGHT = "istio.io/use-waypoint-canary-weight"
_NUMBER = re.compile("[-+]?[0-9]{1,9}")


class AskedCanary(Struct, frozen=True):
    """A second waypoint by name, and its percentage of the connections. The name is "" if none is asked for, the
    namespace is "" for the service's own, and the weight is None if it is not a whole number from 0 to 100.
    """

    name: str = ""
    namespace: str = ""
    weight: int | None = 0


def canary_asked_for(labels: Labels, annotations: Labels, namespace: Namespace | None) -> AskedCanary:
    """What a service asks for, or its `namespace` if the service has no waypoint of its own."""
    inherited = NO_LABELS if namespace is None else namespace.metadata.labels
    asking = labels if USE_CANARY in labels else inherited
    name = asking.get(USE_CANARY, "")
    if name in ("", "none"):
        return AskedCanary()
    weights = annotations if CANARY_WEIGHT in annotations or namespace is None else namespace.metadata.annotations
    return AskedCanary(name, asking.get(USE_CANARY_NAMESPACE, ""), _weight(weights.get(CANARY_WEIGHT, "0")))


def _weight(written: str) -> int | None:
    weight = int(written) if _NUMBER.fullmatch(written) else -1
    return weight if 0 <= weight <= 100 else None
