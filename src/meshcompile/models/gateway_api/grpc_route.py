"""GRPCRoute: rules for gRPC requests that reach a Gateway, or a Service inside the mesh."""

from typing import Annotated, Literal

from meshcompile.models.gateway_api.base import GatewayApiNode, GatewayApiResource
from meshcompile.models.gateway_api.filters import GRPCRouteFilter
from meshcompile.models.gateway_api.http_route import MatchType
from meshcompile.models.gateway_api.limits import REQUIRED, Limits, items
from meshcompile.models.gateway_api.references import BackendRef, GatewayScope, ParentReference
from meshcompile.models.gateway_api.scalars import HeaderName, Hostname, SectionName
from meshcompile.models.gateway_api.session_persistence import SessionPersistence


class GRPCMethodMatch(GatewayApiNode):
    """A condition on the service and method of a request."""

    type: MatchType = "Exact"
    """How names are compared."""
    service: Annotated[str, Limits(most=1024)] | None = None
    """Full name of the service, with its package. Default: every service."""
    method: Annotated[str, Limits(most=1024)] | None = None
    """Name of the method. Default: every method of the service."""


class GRPCHeaderMatch(GatewayApiNode):
    """A condition on a header."""

    type: MatchType = "Exact"
    """How the value is compared."""
    name: Annotated[HeaderName, REQUIRED] = ""
    """Name of the header, without regard to case."""
    value: Annotated[str, Limits(1, 4096, required=True)] = ""
    """The value, or the regular expression for the whole value."""


class GRPCRouteMatch(GatewayApiNode):
    """Conditions on one request; all of them must hold."""

    method: GRPCMethodMatch | None = None
    """Condition on service and method."""
    headers: Annotated[tuple[GRPCHeaderMatch, ...], items(16)] = ()
    """Conditions on headers."""


class GRPCBackendRef(BackendRef):
    """A backend of a GRPCRoute."""

    filters: Annotated[tuple[GRPCRouteFilter, ...], items(16)] = ()
    """Filters for requests to this backend; istiod supports only changes of headers here."""


class GRPCRouteRule(GatewayApiNode):
    """Requests that match, and what happens to them."""

    name: SectionName | None = None
    """Name of the rule: the name of its route in Envoy."""
    matches: Annotated[tuple[GRPCRouteMatch, ...], items(64)] = ()
    """Alternatives; one of them must hold. Default: every request."""
    filters: Annotated[tuple[GRPCRouteFilter, ...], items(16)] = ()
    """Filters for requests of this rule."""
    backend_refs: Annotated[tuple[GRPCBackendRef, ...], items(16)] = ()
    """Where requests go. Without any, or if all weights are 0, istiod answers 500."""
    session_persistence: SessionPersistence | None = None
    """istiod does not support it."""


class GRPCRouteSpec(GatewayApiNode):
    """Specification of a GRPCRoute."""

    parent_refs: Annotated[tuple[ParentReference, ...], items(32)] = ()
    """What the route attaches to."""
    use_default_gateways: GatewayScope | None = None
    """istiod does not read it."""
    hostnames: Annotated[tuple[Hostname, ...], items(16)] = ()
    """Hosts of the requests, compared with those of the listener. Default: every host of the listener."""
    rules: Annotated[tuple[GRPCRouteRule, ...], items(16)] = ()
    """The rules; the most specific match wins."""


class GRPCRoute(GatewayApiResource):
    """Rules for gRPC requests that reach a Gateway, or a Service inside the mesh."""

    api_version: Literal["gateway.networking.k8s.io/v1"] = "gateway.networking.k8s.io/v1"
    kind: Literal["GRPCRoute"] = "GRPCRoute"
    spec: GRPCRouteSpec = GRPCRouteSpec.model_construct()
    """Specification."""
