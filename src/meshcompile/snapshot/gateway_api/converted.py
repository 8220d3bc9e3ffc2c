"""What the objects of the Gateway API become. This module is light: few meshes need the conversion and its models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:  # imported when an object of the Gateway API is there
    from meshcompile.behaviour import Behaviour
    from meshcompile.diagnostics import Diagnostic
    from meshcompile.models.networking.destination_rule import DestinationRule
    from meshcompile.models.networking.gateway import Gateway
    from meshcompile.models.networking.virtual_service import VirtualService
    from meshcompile.snapshot.gateway_api.backend_policies import ConvertedPolicy
    from meshcompile.snapshot.gateway_api.gateways import ConvertedGateway, ConvertedListenerSet
    from meshcompile.snapshot.gateway_api.listeners import ParentListener
    from meshcompile.snapshot.gateway_api.routes import ConvertedRoute
    from meshcompile.snapshot.resources import ConfigStore
    from meshcompile.snapshot.services import ServiceIndex

KINDS = (
    *("KubernetesGateway", "ListenerSet", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"),
    *("UDPRoute", "BackendTLSPolicy", "XBackendTrafficPolicy"),
)
"""The models of the objects that are converted."""


class BoundServices(Struct, frozen=True):
    """The Services whose proxies serve a Gateway: hosts, and the namespace in which they count.

    istiod deploys the proxies of a Gateway `is_deployed`.
    """

    hosts: tuple[str, ...]
    namespace: str
    is_deployed: bool = False


class FromGatewayApi(Struct, frozen=True):
    """What the objects of the Gateway API become, with the listeners, routes and policies that they come from.

    `served` are the Gateways of classes that Istio serves. `listeners` are those that take routes. `gateways` are those
    of the listeners that take part. `bound` are the Services of each Gateway, by its `namespace/name`.
    """

    served: tuple[ConvertedGateway, ...] = ()
    listener_sets: tuple[ConvertedListenerSet, ...] = ()
    listeners: tuple[ParentListener, ...] = ()
    routes: tuple[ConvertedRoute, ...] = ()
    policies: tuple[ConvertedPolicy, ...] = ()
    gateways: tuple[Gateway, ...] = ()
    bound: Mapping[str, BoundServices] = {}
    virtual_services: tuple[VirtualService, ...] = ()
    destination_rules: tuple[DestinationRule, ...] = ()
    findings: tuple[Diagnostic, ...] = ()


NOTHING = FromGatewayApi()


def converted(
    store: ConfigStore, services: Callable[[], ServiceIndex], *, ambient: bool, behaviour: Behaviour
) -> FromGatewayApi:
    """The conversion of all objects of the Gateway API."""
    if not any(store.by_kind.get(kind) for kind in KINDS):
        return NOTHING
    from meshcompile.snapshot.gateway_api.build import from_gateway_api  # for a fast start: few meshes need it

    return from_gateway_api(store, services(), ambient=ambient, behaviour=behaviour)
