"""TCPRoute, TLSRoute and UDPRoute: where connections go that no one looks into."""

from typing import Annotated, Literal

from meshcompile.models.gateway_api.base import GatewayApiNode, GatewayApiResource
from meshcompile.models.gateway_api.limits import REQUIRED, items
from meshcompile.models.gateway_api.references import BackendRef, GatewayScope, ParentReference
from meshcompile.models.gateway_api.scalars import Hostname, SectionName


class L4RouteRule(GatewayApiNode):
    """Where the connections of a TCPRoute, TLSRoute or UDPRoute go."""

    name: SectionName | None = None
    """Name of the rule."""
    backend_refs: Annotated[tuple[BackendRef, ...], items(16, 1, required=True)] = ()
    """The backends. If all weights are 0, connections fail."""


class TCPRouteSpec(GatewayApiNode):
    """Specification of a TCPRoute."""

    parent_refs: Annotated[tuple[ParentReference, ...], items(32)] = ()
    """What the route attaches to."""
    use_default_gateways: GatewayScope | None = None
    """istiod does not read it."""
    rules: Annotated[tuple[L4RouteRule, ...], items(16, 1, required=True)] = ()
    """The rules; Envoy uses the first."""


class TCPRoute(GatewayApiResource):
    """Where the TCP connections of a listener go, or of a Service inside the mesh."""

    api_version: Literal["gateway.networking.k8s.io/v1alpha2", "gateway.networking.k8s.io/v1"] = (
        "gateway.networking.k8s.io/v1alpha2"
    )
    kind: Literal["TCPRoute"] = "TCPRoute"
    spec: Annotated[TCPRouteSpec, REQUIRED] = TCPRouteSpec.model_construct()
    """Specification."""


class TLSRouteSpec(GatewayApiNode):
    """Specification of a TLSRoute."""

    parent_refs: Annotated[tuple[ParentReference, ...], items(32)] = ()
    """What the route attaches to."""
    use_default_gateways: GatewayScope | None = None
    """istiod does not read it."""
    hostnames: Annotated[tuple[Hostname, ...], items(16)] = ()
    """Server names (SNI) of the connections, compared with the host of the listener. v1 requires one."""
    rules: Annotated[tuple[L4RouteRule, ...], items(16, 1, required=True)] = ()
    """The rules; v1 allows one."""


class TLSRoute(GatewayApiResource):
    """Where TLS connections go, by their server name."""

    api_version: Literal[
        "gateway.networking.k8s.io/v1",
        "gateway.networking.k8s.io/v1alpha3",
        "gateway.networking.k8s.io/v1alpha2",
    ] = "gateway.networking.k8s.io/v1"
    kind: Literal["TLSRoute"] = "TLSRoute"
    spec: Annotated[TLSRouteSpec, REQUIRED] = TLSRouteSpec.model_construct()
    """Specification."""


class UDPRoute(GatewayApiResource):
    """Where UDP packets of a listener go; istiod does not read it."""

    api_version: Literal["gateway.networking.k8s.io/v1alpha2"] = "gateway.networking.k8s.io/v1alpha2"
    kind: Literal["UDPRoute"] = "UDPRoute"
    spec: Annotated[TCPRouteSpec, REQUIRED] = TCPRouteSpec.model_construct()
    """Specification, like that of a TCPRoute."""
