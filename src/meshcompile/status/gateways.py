"""The statuses of Gateways and ListenerSets. Follows istiod's `reportGatewayStatus` and its neighbours."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from meshcompile.documents import Origin
from meshcompile.models.gateway_api.gateway import KubernetesGateway
from meshcompile.snapshot.gateway_api.classes import TRAITS, Controller
from meshcompile.snapshot.gateway_api.conditions import (
    UNSUPPORTED_ADDRESS,
    Invalid,
    StatusCondition,
    condition,
)
from meshcompile.snapshot.gateway_api.gateways import ConvertedGateway, ConvertedListenerSet
from meshcompile.snapshot.gateway_api.listeners import ParentListener
from meshcompile.status.attached import AttachedRoutes
from meshcompile.status.objects import GatewayAddress, GatewayStatus, ListenerStatus
from meshcompile.status.serving import InstanceResolver, Ports, Serving
from meshcompile.status.wording import listed
from meshcompile.values.ip import is_ip

ADDRESS_TYPE = "networking.istio.io/address-type"
HOSTNAME, IP_ADDRESS = "Hostname", "IPAddress"
ACCEPTED, PROGRAMMED = "Resource accepted", "Resource programmed"
REMOTE = "This Gateway is remote; Istio will not program it"


def gateway_status(
    of: ConvertedGateway,
    sets: Iterable[ConvertedListenerSet],
    instances: InstanceResolver,
    attached: AttachedRoutes,
) -> GatewayStatus:
    """The status of a Gateway. `sets` are the ListenerSets on it."""
    if of.controller is Controller.REMOTE:
        return _remote(of.gateway)
    with_listeners = [each for each in sets if each.listeners]
    served = (*of.listeners, *(listener for each in with_listeners for listener in each.listeners))
    serving = instances.serving(of.gateway.namespace, of.services.hosts, _ports(of, served))
    return GatewayStatus(
        conditions=_conditions(of.gateway.origin, of, of.invalid, serving),
        listeners=tuple(_listeners(of.listeners, attached.at(of.gateway))),
        addresses=tuple(_addresses(of, serving)),
        attached_listener_sets=len(with_listeners),
    )


def listener_set_status(
    of: ConvertedListenerSet, instances: InstanceResolver, attached: AttachedRoutes
) -> GatewayStatus:
    """The status of a ListenerSet."""
    place, gateway = of.listener_set.origin, of.gateway
    if of.refused is not None:
        return GatewayStatus((condition("Accepted", "", "", of.refused), condition("Programmed", "", "", of.refused)))
    serving = instances.serving(gateway.gateway.namespace, gateway.services.hosts, _ports(gateway, of.listeners))
    invalid = gateway.invalid
    if invalid is not None:
        invalid = replace(invalid, message=f"Parent not accepted: {invalid.message}")
    return GatewayStatus(
        conditions=_conditions(place, gateway, invalid, serving),
        listeners=tuple(_listeners(of.listeners, attached.at(of.listener_set))),
    )


def _remote(gateway: KubernetesGateway) -> GatewayStatus:
    """The status of a Gateway of another cluster, which istiod takes as it is."""
    place = gateway.origin
    return GatewayStatus(
        conditions=(
            condition("Accepted", "Accepted", ACCEPTED, origin=place),
            condition("Programmed", "Programmed", REMOTE, origin=place),
        ),
        addresses=tuple(GatewayAddress(each.type, each.value) for each in gateway.spec.addresses),
    )


def _ports(of: ConvertedGateway, listeners: Iterable[ParentListener]) -> Ports:
    addresses = of.gateway.spec.addresses
    places: dict[int, Origin] = {}
    for each in listeners:
        places.setdefault(each.listener.port, each.listener.at("port"))
    return Ports(places, addresses[0].origin if addresses else of.gateway.origin)


# ---- conditions


def _conditions(
    place: Origin, of: ConvertedGateway, invalid: Invalid | None, serving: Serving
) -> tuple[StatusCondition, ...]:
    assigned = f", assigned to service(s) {listed(serving.internal)}" if serving.internal else ""
    return (
        condition("Accepted", "Accepted", ACCEPTED, invalid, place),
        condition("Programmed", "Programmed", f"{PROGRAMMED}{assigned}", _not_programmed(place, of, serving), place),
    )


def _not_programmed(place: Origin, of: ConvertedGateway, serving: Serving) -> Invalid | None:
    if not of.services.hosts:
        return Invalid(UNSUPPORTED_ADDRESS, "Failed to assign to any requested addresses", place)
    if not serving.warnings:
        return None
    problems = "; ".join(warning.text for warning in serving.warnings)
    message = f"Failed to assign to any requested addresses: {problems}"
    if serving.internal:
        assigned = listed(serving.internal)
        message = f"Assigned to service(s) {assigned}, but failed to assign to all requested addresses: {problems}"
    unusable = next((warning for warning in serving.warnings if not warning.usable), None)
    if unusable is None:
        return Invalid("AddressNotAssigned", message, serving.warnings[0].origin)
    return Invalid("AddressNotUsable", message, unusable.origin)


def _listeners(listeners: Iterable[ParentListener], routes: Mapping[str, int]) -> Iterator[ListenerStatus]:
    """The status of each listener; of several with one name, only the first has one."""
    named: dict[str, ParentListener] = {}
    for each in listeners:
        named.setdefault(each.listener.name, each)
    for name, each in named.items():
        yield ListenerStatus(name, each.kinds, routes.get(name, 0), each.conditions, each.listener.origin)


# ---- addresses


def _addresses(of: ConvertedGateway, serving: Serving) -> Iterator[GatewayAddress]:
    """The external addresses, or the internal ones of the types that the class reports."""
    for value in serving.external or dict.fromkeys(_internal(of, serving)):
        yield GatewayAddress(IP_ADDRESS if is_ip(value) else HOSTNAME, value)


def _internal(of: ConvertedGateway, serving: Serving) -> Iterator[str]:
    address_type = of.gateway.metadata.annotations.get(ADDRESS_TYPE, TRAITS[of.controller].address_type)
    if address_type != HOSTNAME:
        yield from serving.internal_addresses
    if address_type != IP_ADDRESS:
        hosts = (each.rpartition(":")[0] for each in serving.internal)
        yield from (host for host in hosts if host not in serving.pending)
