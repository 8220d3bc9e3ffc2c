"""The conditions about waypoints on Services and ServiceEntries of ambient meshes. Follows istiod's
`ServiceInfo.GetConditions`.
"""

from collections.abc import Iterator, Mapping

from meshcompile.documents import Origin
from meshcompile.models.base import Resource
from meshcompile.models.kubernetes.service import Service
from meshcompile.models.networking.service_entry import ServiceEntry
from meshcompile.snapshot.ambient.attachment import USE_WAYPOINT, RefusedAttachment
from meshcompile.snapshot.ambient.services import INGRESS_USE_WAYPOINT, AmbientService
from meshcompile.snapshot.ambient.waypoints import TrafficType
from meshcompile.snapshot.gateway_api.conditions import StatusCondition
from meshcompile.snapshot.service import Registry
from meshcompile.status.objects import OwnConditions
from meshcompile.values.hosts import is_wildcard
from meshcompile.values.labels import Labels

BOUND, MISSING = "istio.io/WaypointBound", "istio.io/WaypointMissing"
MESSAGES: Mapping[RefusedAttachment, str] = {
    RefusedAttachment.NOT_READY: 'waypoint "{name}" is not ready',
    RefusedAttachment.DENIED: 'we are not permitted to attach to waypoint "{name}" (missing allowedRoutes?)',
    RefusedAttachment.OTHER_NAMESPACE: (
        'cannot bind to waypoint "{name}" in another namespace: cross-namespace waypoint binding is not permitted for '
        "a ServiceEntry with NAMESPACE visibility"
    ),
    RefusedAttachment.TRAFFIC_TYPE: (
        f'attempting to bind to traffic type "{TrafficType.SERVICE}" which the waypoint "{{name}}" does not support'
    ),
}
TRAVERSES = ". Ingress traffic will traverse the waypoint"
PASSES_BY = (
    ". Ingress traffic is not using the waypoint, set the istio.io/ingress-use-waypoint label to true if desired."
)
NO_WILDCARD = "ServiceEntry will not apply until it is bound to a valid waypoint."
NO_STRATEGY = (
    "ServiceEntry has a non-default connect strategy but no waypoint bound. "
    "A waypoint is required for connect strategies to take effect for ambient clients."
)


def waypoint_conditions(
    resource: Service | ServiceEntry, service: AmbientService, namespace: Resource | None
) -> OwnConditions:
    """The conditions of a Service or ServiceEntry; none if it asks for no waypoint and needs none."""
    return OwnConditions((*_bound(resource, service, namespace), *_missing(resource, service)))


def _bound(
    resource: Service | ServiceEntry, service: AmbientService, namespace: Resource | None
) -> Iterator[StatusCondition]:
    attachment, place = service.attachment, _asking(resource, namespace)
    if attachment.waypoint is not None:
        message = f"Successfully attached to waypoint {attachment.waypoint.full_name}"
        ingress = _ingress(service, (resource, namespace))
        yield StatusCondition(BOUND, "True", "WaypointAccepted", f"{message}{ingress}", place)
    elif attachment.refused is not None and attachment.name is not None:
        message = MESSAGES[attachment.refused].format(name="/".join(attachment.name))
        yield StatusCondition(BOUND, "False", attachment.refused, message, place)


def _ingress(service: AmbientService, asking: tuple[Resource | None, ...]) -> str:
    if service.ingress_uses_waypoint:
        return TRAVERSES
    return PASSES_BY if any(INGRESS_USE_WAYPOINT in _labels(each) for each in asking) else ""


def _missing(resource: Service | ServiceEntry, service: AmbientService) -> Iterator[StatusCondition]:
    """What a ServiceEntry needs a waypoint for; the connect strategy comes before the host."""
    if service.attachment.waypoint is not None or service.service.registry is not Registry.EXTERNAL:
        return
    if service.service.dns_connect_race:
        yield StatusCondition(MISSING, "True", "NoWaypointForRacingConnectStrategy", NO_STRATEGY, resource.origin)
    elif is_wildcard(service.service.hostname):
        yield StatusCondition(MISSING, "True", "NoWaypointForWildcardService", NO_WILDCARD, resource.origin)


def _asking(resource: Resource, namespace: Resource | None) -> Origin:
    """The place of the label that asks for a waypoint: the object's, else its namespace's."""
    for each in (resource, namespace):
        if each is not None and USE_WAYPOINT in _labels(each):
            return each.origin.at("metadata", "labels", USE_WAYPOINT)
    return resource.origin


def _labels(resource: Resource | None) -> Labels:
    return {} if resource is None else resource.metadata.labels
