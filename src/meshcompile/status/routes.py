"""The statuses of routes. Follows istiod's `createRouteStatus`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.models.gateway_api.references import ParentReference
from meshcompile.models.kubernetes.namespace import Namespace
from meshcompile.models.kubernetes.service import Service
from meshcompile.models.networking.service_entry import ServiceEntry
from meshcompile.snapshot.gateway_api.classes import Controller
from meshcompile.snapshot.gateway_api.conditions import (
    Invalid,
    StatusCondition,
    condition,
)
from meshcompile.snapshot.gateway_api.parents import Attachment, closest_refusals, parent_text
from meshcompile.snapshot.gateway_api.references import SERVICE
from meshcompile.snapshot.gateway_api.routes import ConvertedRoute
from meshcompile.snapshot.resources import ConfigStore
from meshcompile.status.objects import Reference, ReferenceStatus, RouteStatus
from meshcompile.values.labels import Labels

USE_WAYPOINT = "istio.io/use-waypoint"
NO_LABEL = (
    "istio.io/use-waypoint label missing from parent and parent namespace; in ambient mode, route will not be respected"
)


class WaypointLabels(Struct, frozen=True):
    """The labels that say which waypoint serves a Service, a ServiceEntry or a namespace."""

    services: Mapping[tuple[str, str], Labels]
    entries: Mapping[tuple[str, str], Labels]
    namespaces: Mapping[str, Labels]

    @classmethod
    def of(cls, resources: ConfigStore) -> "WaypointLabels":
        return cls(
            services={(each.namespace, each.name): each.metadata.labels for each in resources.all(Service)},
            entries={(each.namespace, each.name): each.metadata.labels for each in resources.all(ServiceEntry)},
            namespaces={each.name: each.metadata.labels for each in resources.all(Namespace)},
        )

    def message(self, attachment: Attachment) -> str:
        """What istiod says about the waypoints of a parent."""
        if not attachment.in_mesh:
            return "All waypoints resolved"
        if attachment.denied is not None:
            return "parent not found"
        identity = (attachment.key.namespace, attachment.key.name)
        labels = (self.services if attachment.key.kind == SERVICE else self.entries).get(identity, {})
        if _has_waypoint(labels):
            return "All waypoints resolved"
        namespace = self.namespaces.get(attachment.key.namespace)
        return "All waypoints resolved" if namespace is None or _has_waypoint(namespace) else NO_LABEL


def _has_waypoint(labels: Labels) -> bool:
    value = labels.get(USE_WAYPOINT, "")
    return bool(value) and value.lower() != "none"


def route_status(route: ConvertedRoute, waypoints: WaypointLabels | None) -> RouteStatus:
    """The status of a route. `waypoints` are None in meshes without ambient mode."""
    own = route.route
    groups = (
        (ref, [each for each in route.attachments if each.ref is ref])
        for ref in sorted(own.spec.parent_refs, key=lambda ref: parent_text(ref, own.namespace), reverse=True)
    )
    return RouteStatus(tuple(_parent(route, ref, group, waypoints) for ref, group in groups if group))


def _parent(
    route: ConvertedRoute, ref: ParentReference, attachments: Sequence[Attachment], waypoints: WaypointLabels | None
) -> ReferenceStatus:
    first = attachments[0]
    bound = sum(each.denied is None for each in attachments)
    message = "Route was valid" if bound <= 1 else f"Route was valid, bound to {bound} parents"
    unresolved = route.invalid_in_mesh if first.in_mesh else route.invalid
    return ReferenceStatus(
        reference=Reference(ref.group, ref.kind, ref.name, ref.namespace, ref.section_name, ref.port),
        controller=Controller.GATEWAY,
        conditions=(
            condition("Accepted", "Accepted", message, _refusal(attachments), ref.origin),
            condition("ResolvedRefs", "ResolvedRefs", "All references resolved", unresolved, ref.origin),
            *_waypoints(first, waypoints),
        ),
        origin=ref.origin,
    )


def _waypoints(attachment: Attachment, waypoints: WaypointLabels | None) -> Iterator[StatusCondition]:
    if waypoints is not None:
        message = waypoints.message(attachment)
        yield condition("ResolvedWaypoints", "ResolvedWaypoints", message, origin=attachment.ref.origin)


def _refusal(attachments: Iterable[Attachment]) -> Invalid | None:
    """Why none of the listeners that a reference names accepts a route; None if one does."""
    reasons = closest_refusals(attachments)
    if not reasons:
        return None
    return replace(reasons[0], message="; ".join(reason.message for reason in reasons))
