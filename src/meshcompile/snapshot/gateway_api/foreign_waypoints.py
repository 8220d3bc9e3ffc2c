"""Services and ServiceEntries behind waypoints of other controllers, to which routes do not attach.

Follows istiod's `waypointManagedByAnotherController`.
"""

from collections.abc import Iterable, Iterator, Mapping

from meshcompile.models.gateway_api.gateway import GatewayClass, KubernetesGateway
from meshcompile.models.kubernetes.namespace import Namespace
from meshcompile.models.kubernetes.service import Service
from meshcompile.models.networking.service_entry import ServiceEntry
from meshcompile.snapshot.ambient.attachment import USE_WAYPOINT, USE_WAYPOINT_NAMESPACE
from meshcompile.snapshot.gateway_api.classes import Controller
from meshcompile.snapshot.gateway_api.parents import ParentKey
from meshcompile.snapshot.gateway_api.references import SERVICE, SERVICE_ENTRY, GroupKind
from meshcompile.snapshot.resources import ConfigStore
from meshcompile.values.labels import Labels

OWN = (Controller.GATEWAY, Controller.WAYPOINT)


def foreign_parents(resources: ConfigStore) -> frozenset[ParentKey]:
    """The parents whose waypoint is a Gateway of another controller, as its GatewayClass in the input says."""
    foreign = frozenset(_foreign_gateways(resources))
    return frozenset(_behind(resources, foreign)) if foreign else frozenset()


def _foreign_gateways(resources: ConfigStore) -> Iterator[tuple[str, str]]:
    controllers = {each.name: each.spec.controller_name for each in resources.all(GatewayClass)}
    for gateway in resources.all(KubernetesGateway):
        controller = controllers.get(gateway.spec.gateway_class_name)
        if controller is not None and controller not in OWN:
            yield gateway.namespace, gateway.name


def _behind(resources: ConfigStore, foreign: frozenset[tuple[str, str]]) -> Iterator[ParentKey]:
    namespaces = {each.name: each.metadata.labels for each in resources.all(Namespace)}
    kinds: tuple[tuple[Iterable[Service | ServiceEntry], GroupKind], ...] = (
        (resources.all(Service), SERVICE),
        (resources.all(ServiceEntry), SERVICE_ENTRY),
    )
    for parents, kind in kinds:
        for each in parents:
            if _waypoint(each.namespace, each.metadata.labels, namespaces) in foreign:
                yield ParentKey(kind, each.namespace, each.name)


def _waypoint(namespace: str, own: Labels, namespaces: Mapping[str, Labels]) -> tuple[str, str] | None:
    """The namespace and name of the waypoint that the labels of an object or of its namespace ask for."""
    labels = own if USE_WAYPOINT in own else namespaces.get(namespace, {})
    name = labels.get(USE_WAYPOINT, "")
    if name.lower() in ("", "none"):
        return None
    return labels.get(USE_WAYPOINT_NAMESPACE) or namespace, name
