"""Gateways of classes that Istio serves, and the ListenerSets on them. Follows istiod's `gateway_collection.go`."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from meshcompile.models.gateway_api.gateway import KubernetesGateway, ListenerSet
from meshcompile.snapshot.discovery import is_selected
from meshcompile.snapshot.gateway_api.classes import TRAITS, Controller, deployment_name, is_managed
from meshcompile.snapshot.gateway_api.conditions import DEPRECATED_FIELD, NOT_ALLOWED, UNSUPPORTED_ADDRESS, Invalid
from meshcompile.snapshot.gateway_api.conflicts import Conflicts, conflicts
from meshcompile.snapshot.gateway_api.converted import BoundServices
from meshcompile.snapshot.gateway_api.listeners import ListenerBuilder, ListenersOf, Namespaces, ParentListener
from meshcompile.snapshot.gateway_api.references import GATEWAY, GroupKind
from meshcompile.values.hosts import CLUSTER_DOMAIN

NAME_OVERRIDE = "gateway.istio.io/name-override"
SERVICE_TYPE = "networking.istio.io/service-type"


class ConvertedGateway(Struct, frozen=True):
    """A Gateway that a controller of Istio serves, with the Services of its proxies.

    `invalid` says what is wrong with its addresses. A Gateway without any Service, and one of another cluster, has no
    listeners.
    """

    gateway: KubernetesGateway
    controller: Controller
    services: BoundServices
    invalid: Invalid | None = None
    listeners: tuple[ParentListener, ...] = ()


class ConvertedListenerSet(Struct, frozen=True):
    """A ListenerSet on a Gateway that a controller of Istio serves. `refused` says why it cannot attach."""

    listener_set: ListenerSet
    gateway: ConvertedGateway
    refused: Invalid | None = None
    listeners: tuple[ParentListener, ...] = ()


class GatewayBuilder(Struct, frozen=True):
    """Converts Gateways and ListenerSets. `controllers` are those of each class that Istio serves.

    `attached` are all ListenerSets, whose listeners may conflict with those of their Gateway.
    """

    listeners: ListenerBuilder
    controllers: Mapping[str, Controller]
    attached: tuple[ListenerSet, ...] = ()

    def gateways(self, written: Iterable[KubernetesGateway]) -> Iterator[ConvertedGateway]:
        """The Gateways that Istio serves."""
        for gateway in written:
            controller = self.controllers.get(gateway.spec.gateway_class_name)
            if controller is Controller.REMOTE:
                yield ConvertedGateway(gateway, controller, BoundServices((), gateway.namespace))
            elif controller is not None:
                yield self._gateway(gateway, controller)

    def _gateway(self, gateway: KubernetesGateway, controller: Controller) -> ConvertedGateway:
        services, invalid = bound_services(gateway, controller)
        of = ListenersOf(gateway, gateway, controller, services, self._conflicts(gateway, controller))
        listeners = self.listeners.listeners(of) if services.hosts else ()
        return ConvertedGateway(gateway, controller, services, invalid, listeners)

    def listener_sets(
        self, written: Iterable[ListenerSet], gateways: Iterable[ConvertedGateway]
    ) -> Iterator[ConvertedListenerSet]:
        """The ListenerSets on Gateways that Istio serves."""
        known = {(each.gateway.namespace, each.gateway.name): each for each in gateways}
        for listener_set in written:
            parent = listener_set.spec.parent_ref
            gateway = known.get((parent.namespace or listener_set.namespace, parent.name))
            if gateway is not None and GroupKind(parent.group, parent.kind) == GATEWAY:
                yield self._listener_set(listener_set, gateway)

    def _listener_set(self, listener_set: ListenerSet, on: ConvertedGateway) -> ConvertedListenerSet:
        refused = self._refusal(listener_set, on)
        if refused is not None or not on.services.hosts:
            return ConvertedListenerSet(listener_set, on, refused)
        lost = self._conflicts(on.gateway, on.controller)
        of = ListenersOf(listener_set, on.gateway, on.controller, on.services, lost)
        return ConvertedListenerSet(listener_set, on, listeners=self.listeners.listeners(of))

    def _conflicts(self, gateway: KubernetesGateway, controller: Controller) -> Conflicts:
        """The listeners of a Gateway and its ListenerSets that lose to others. Some releases serve them all."""
        if not (self.listeners.behaviour.listener_conflicts and TRAITS[controller].takes_listener_sets):
            return {}
        attached = (
            each
            for each in self.attached
            if (each.spec.parent_ref.namespace or each.namespace, each.spec.parent_ref.name)
            == (gateway.namespace, gateway.name)
            and takes_listeners_from(gateway, each.namespace, self.listeners.namespaces)
        )
        return conflicts(gateway, attached)

    def _refusal(self, listener_set: ListenerSet, on: ConvertedGateway) -> Invalid | None:
        """Why a ListenerSet cannot attach to a Gateway."""
        place, name = listener_set.spec.at("parent_ref"), on.gateway.spec.gateway_class_name
        if not TRAITS[on.controller].takes_listener_sets:
            return Invalid(NOT_ALLOWED, f'The "{name}" GatewayClass does not support ListenerSet', place)
        if not takes_listeners_from(on.gateway, listener_set.namespace, self.listeners.namespaces):
            message = "The parent Gateway does not allow this reference; check the 'spec.allowedRoutes'"
            return Invalid(NOT_ALLOWED, message, place)
        return None


def takes_listeners_from(gateway: KubernetesGateway, namespace: str, namespaces: Namespaces) -> bool:
    """True if a Gateway takes the ListenerSets of a namespace."""
    allowed = gateway.spec.allowed_listeners
    if allowed is None:
        return False
    match allowed.namespaces.from_:
        case "All":
            return True
        case "Same":
            return namespace == gateway.namespace
        case "Selector" if allowed.namespaces.selector is not None:
            labels = namespaces.labels.get(namespace)
            return labels is not None and is_selected(allowed.namespaces.selector, labels)
        case _:
            return False


def bound_services(gateway: KubernetesGateway, controller: Controller) -> tuple[BoundServices, Invalid | None]:
    """The Services whose proxies serve a Gateway: the one that istiod makes, or those of its addresses."""
    if is_managed(gateway.spec):
        default = deployment_name(gateway.name, gateway.spec, controller)
        name = gateway.metadata.annotations.get(NAME_OVERRIDE) or default
        return BoundServices(
            (f"{name}.{gateway.namespace}.svc.{CLUSTER_DOMAIN}",), gateway.namespace, is_deployed=True
        ), None
    hosts = tuple(each.value for each in gateway.spec.addresses if each.type == "Hostname")
    skipped = [each for each in gateway.spec.addresses if each.type != "Hostname"]
    services = BoundServices(tuple(_full_host(host, gateway.namespace) for host in hosts), gateway.namespace)
    if not skipped:
        return services, _deprecation(gateway)
    names = " ".join(each.value for each in skipped)
    return services, Invalid(UNSUPPORTED_ADDRESS, f"only Hostname is supported, ignoring [{names}]", skipped[0].origin)


def _deprecation(gateway: KubernetesGateway) -> Invalid | None:
    if SERVICE_TYPE not in gateway.metadata.annotations:
        return None
    message = f"annotation {SERVICE_TYPE} is deprecated, use Spec.Infrastructure.Routeability"
    return Invalid(DEPRECATED_FIELD, message, gateway.origin.at("metadata", "annotations", SERVICE_TYPE))


def _full_host(host: str, namespace: str) -> str:
    return host if "." in host else f"{host}.{namespace}.svc.{CLUSTER_DOMAIN}"
