"""GatewayClasses, and what the controllers of Istio do with the Gateways of a class.

Follows istiod's `gatewaycommon/classinfo.go` and `gatewayclass_collection.go`, with the default feature flags.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct

from meshcompile.models.gateway_api.gateway import GatewayClass, GatewaySpec


class Controller(StrEnum):
    """A controller of Istio, by its name in a GatewayClass."""

    GATEWAY = "istio.io/gateway-controller"
    WAYPOINT = "istio.io/mesh-controller"
    REMOTE = "istio.io/unmanaged-gateway"
    """Gateways of another cluster, which istiod leaves alone."""


class ClassTraits(Struct, frozen=True):
    """What a controller does: whether it takes ListenerSets, and whether it adds the class to a Deployment's name.

    `address_type` is the type of the addresses that a Gateway's status has without a load balancer; "" for all types.
    `service_type` is the type of the Service that istiod makes for a Gateway; "" if it makes none.
    """

    takes_listener_sets: bool = False
    adds_class_to_name: bool = False
    address_type: str = "Hostname"
    service_type: str = ""


TRAITS: Mapping[Controller, ClassTraits] = {
    Controller.GATEWAY: ClassTraits(takes_listener_sets=True, adds_class_to_name=True, service_type="LoadBalancer"),
    Controller.WAYPOINT: ClassTraits(address_type="", service_type="ClusterIP"),
    Controller.REMOTE: ClassTraits(adds_class_to_name=True),
}

BUILT_IN: Mapping[str, Controller] = {
    "istio": Controller.GATEWAY,
    "istio-remote": Controller.REMOTE,
    "istio-waypoint": Controller.WAYPOINT,
}
"""Classes that need no GatewayClass object."""


def served_controllers(ambient: bool) -> Mapping[str, Controller]:
    """The controllers by name. Waypoints exist only in an ambient mesh."""
    return {known.value: known for known in Controller if ambient or known is not Controller.WAYPOINT}


def controllers(classes: Iterable[GatewayClass], ambient: bool) -> Mapping[str, Controller]:
    """The controller of each class that Istio serves."""
    served = served_controllers(ambient)
    written = {each.name: served[name] for each in classes if (name := each.spec.controller_name) in served}
    built_in = {name: controller for name, controller in BUILT_IN.items() if controller in served.values()}
    return {**built_in, **written}


def is_managed(gateway: GatewaySpec) -> bool:
    """True if istiod deploys the proxies of a Gateway: it names no Service of its own."""
    match gateway.addresses:
        case ():
            return True
        case (address,):
            return address.type == "IPAddress"
        case _:
            return False


def deployment_name(name: str, gateway: GatewaySpec, controller: Controller) -> str:
    """The default name of the Deployment, Service and service account of a managed Gateway."""
    return f"{name}-{gateway.gateway_class_name}" if TRAITS[controller].adds_class_to_name else name
