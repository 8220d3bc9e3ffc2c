"""Which waypoint a service or workload uses, or why it uses none.

Follows `fetchWaypointForService`, `fetchWaypointForWorkload` and `computeWaypoint` of istiod's `ambient/waypoints.go`.
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.models.kubernetes.namespace import Namespace
from meshcompile.models.mesh.service_entry_visibility import EntryVisibility, ServiceEntryVisibility
from meshcompile.snapshot.ambient.canaries import canary_asked_for
from meshcompile.snapshot.ambient.waypoints import GATEWAY_NAME, TrafficType, Waypoint
from meshcompile.snapshot.entry_visibility import entry_visibility
from meshcompile.values.labels import MANAGED, MANAGED_EAST_WEST, MANAGED_WAYPOINT, NO_LABELS, Labels

USE_WAYPOINT = "istio.io/use-waypoint"
USE_WAYPOINT_NAMESPACE = "istio.io/use-waypoint-namespace"


class RefusedAttachment(StrEnum):
    """Why an object does not use the waypoint that its labels name: the reason that istiod reports."""

    NOT_READY = "WaypointIsNotReady"
    """The Gateway does not exist, or has no address."""
    DENIED = "AttachmentDenied"
    """The listener of the waypoint does not allow the namespace."""
    TRAFFIC_TYPE = "UnsupportedTrafficType"
    """The waypoint does not handle this type of traffic."""
    OTHER_NAMESPACE = "CrossNamespaceWaypointForbidden"
    """Only its own namespace sees the ServiceEntry, and the waypoint is in another one."""


class WaypointAttachment(Struct, frozen=True, eq=False):
    """The waypoint that an object uses.

    `name` is the `(namespace, name)` that its labels or those of its namespace ask for; None if they ask for none.
    `serves` is the waypoint that a workload is an instance of. `canary` is a second waypoint, which gets
    `canary_weight` percent of the connections to a service.
    """

    waypoint: Waypoint | None = None
    name: tuple[str, str] | None = None
    refused: RefusedAttachment | None = None
    serves: Waypoint | None = None
    canary: Waypoint | None = None
    canary_weight: int = 0

    @property
    def all(self) -> tuple[Waypoint, ...]:
        """Every waypoint that the object uses."""
        return tuple(each for each in (self.waypoint, self.canary) if each is not None)


UNATTACHED = WaypointAttachment()


class WaypointAttachments(Struct, frozen=True, eq=False):
    """The waypoints of the mesh, and the namespaces that may ask for one.

    `visibility` says who sees ServiceEntries. Without `with_canaries`, no service has a second waypoint.
    """

    waypoints: Mapping[tuple[str, str], Waypoint]
    namespaces: Mapping[str, Namespace]
    visibility: ServiceEntryVisibility | None = None
    with_canaries: bool = False

    def of_service(self, labels: Labels, namespace: str) -> WaypointAttachment:
        """The waypoint of a service. Services of waypoints and east-west gateways have none."""
        if is_managed_by_istio(labels):
            return UNATTACHED
        return _handling(self._named(labels, namespace), TrafficType.SERVICE)

    def of_entry(self, labels: Labels, namespace: str) -> WaypointAttachment:
        """The waypoint of a ServiceEntry. One that only its namespace sees has none in another namespace."""
        found = self.of_service(labels, namespace)
        is_far = found.waypoint is not None and found.waypoint.namespace != namespace
        if is_far and self.visibility_in(namespace) is EntryVisibility.NAMESPACE:
            return WaypointAttachment(name=found.name, refused=RefusedAttachment.OTHER_NAMESPACE)
        return found

    def visibility_in(self, namespace: str) -> EntryVisibility:
        """Who sees the ServiceEntries of a namespace."""
        return entry_visibility(self.visibility, self.namespace_labels(namespace))

    def with_canary(
        self, found: WaypointAttachment, labels: Labels, annotations: Labels, namespace: str
    ) -> WaypointAttachment:
        """The waypoint of a service, with a second one if the labels name a valid one."""
        if found.waypoint is None or not self.with_canaries:
            return found
        asking = canary_asked_for(
            labels, annotations, None if USE_WAYPOINT in labels else self.namespaces.get(namespace)
        )
        key = (asking.namespace or namespace, asking.name)
        second = self.waypoints.get(key)
        if second is None or key == found.name or asking.weight is None or not second.handles(TrafficType.SERVICE):
            return found
        if not second.allowed.includes(namespace, self.namespace_labels(namespace), second.namespace):
            return found
        return replace(found, canary=second, canary_weight=asking.weight)

    def of_workload(self, labels: Labels, namespace: str) -> WaypointAttachment:
        """The waypoint of a workload. Workloads of waypoints have none.

        The label of a namespace is for the traffic that the waypoint handles, so it is not refused.
        """
        served = self.instance(labels, namespace)
        if served is not None:
            return WaypointAttachment(serves=served)
        found = _handling(self._named(labels, namespace), TrafficType.WORKLOAD)
        is_for_services = found.refused is RefusedAttachment.TRAFFIC_TYPE and USE_WAYPOINT not in labels
        return UNATTACHED if is_for_services else found

    def instance(self, labels: Labels, namespace: str) -> Waypoint | None:
        """The waypoint that a workload serves."""
        name = labels.get(GATEWAY_NAME)
        return self.waypoints.get((namespace, name)) if name else None

    def namespace_labels(self, namespace: str) -> Labels:
        """The labels of a namespace; none if it does not exist."""
        known = self.namespaces.get(namespace)
        return NO_LABELS if known is None else known.metadata.labels

    def _named(self, labels: Labels, namespace: str) -> WaypointAttachment:
        """The waypoint that labels ask for: those of the object, else those of its namespace."""
        of_namespace = self.namespace_labels(namespace)
        asking = labels if USE_WAYPOINT in labels else of_namespace
        name = asking.get(USE_WAYPOINT)
        if name is None or name == "none":
            return UNATTACHED
        key = (asking.get(USE_WAYPOINT_NAMESPACE, namespace), name)
        waypoint = self.waypoints.get(key)
        if waypoint is None:
            return WaypointAttachment(name=key, refused=RefusedAttachment.NOT_READY)
        if not waypoint.allowed.includes(namespace, of_namespace, waypoint.namespace):
            return WaypointAttachment(name=key, refused=RefusedAttachment.DENIED)
        return WaypointAttachment(waypoint, key)


def is_managed_by_istio(labels: Labels) -> bool:
    """True for a waypoint or an east-west gateway that istiod deploys."""
    return labels.get(MANAGED) in (MANAGED_WAYPOINT, MANAGED_EAST_WEST)


def _handling(found: WaypointAttachment, traffic: TrafficType) -> WaypointAttachment:
    """The waypoint if it handles the traffic."""
    if found.waypoint is None or found.waypoint.handles(traffic):
        return found
    return WaypointAttachment(name=found.name, refused=RefusedAttachment.TRAFFIC_TYPE)
