"""Gateway, GatewayClass and ListenerSet: where traffic enters the mesh, and which proxies serve it."""

from collections.abc import Mapping
from typing import Annotated, Literal

from meshcompile.models.gateway_api.base import GatewayApiNode, GatewayApiResource
from meshcompile.models.gateway_api.limits import REQUIRED, Limits, choice, items
from meshcompile.models.gateway_api.references import (
    GATEWAY_GROUP,
    GatewayScope,
    LocalObjectReference,
    ObjectReference,
    SecretObjectReference,
)
from meshcompile.models.gateway_api.scalars import (
    AddressType,
    ControllerName,
    Group,
    Hostname,
    KindName,
    NamespaceName,
    ObjectName,
    Port,
    Protocol,
    SectionName,
)
from meshcompile.models.kubernetes.base import LabelSelector


class RouteGroupKind(GatewayApiNode):
    """A kind of route."""

    group: Group = GATEWAY_GROUP
    """Its API group."""
    kind: Annotated[KindName, REQUIRED] = ""
    """Its kind."""


class RouteNamespaces(GatewayApiNode):
    """The namespaces that routes may come from."""

    from_: Annotated[str, choice("All", "Selector", "Same")] = "Same"
    """All namespaces, those that `selector` selects, or only the Gateway's own."""
    selector: LabelSelector | None = None
    """Labels of the namespaces, for `Selector`. The label `kubernetes.io/metadata.name` is the namespace's name."""


class AllowedRoutes(GatewayApiNode):
    """Which routes may attach to a listener."""

    namespaces: RouteNamespaces = RouteNamespaces.model_construct()
    """Their namespaces."""
    kinds: Annotated[tuple[RouteGroupKind, ...], items(8)] = ()
    """Their kinds. Default: those that suit the protocol."""


class ListenerTLSConfig(GatewayApiNode):
    """TLS of a listener."""

    mode: Annotated[str, choice("Terminate", "Passthrough")] = "Terminate"
    """Whether the gateway ends TLS, or passes the connection on by its server name."""
    certificate_refs: Annotated[tuple[SecretObjectReference, ...], items(64)] = ()
    """Certificates to serve; istiod takes two at most."""
    options: Annotated[Mapping[str, str], items(16)] = {}
    """Istio's options: `gateway.istio.io/tls-terminate-mode` (`MUTUAL`, `OPTIONAL_MUTUAL`, `ISTIO_SIMPLE`,
    `ISTIO_MUTUAL`) and `gateway.istio.io/tls-cipher-suites`.
    """


class Listener(GatewayApiNode):
    """A port of a Gateway, and one host or all hosts on it."""

    name: Annotated[SectionName, REQUIRED] = ""
    """Name, unique in the Gateway."""
    hostname: Hostname | None = None
    """Host of the requests. Default: every host."""
    port: Annotated[Port, REQUIRED] = 0
    """Port of the gateway's Service."""
    protocol: Annotated[Protocol, REQUIRED] = ""
    """Protocol: `HTTP`, `HTTPS`, `TLS`, `TCP`, or `HBONE` for waypoints and east-west gateways."""
    tls: ListenerTLSConfig | None = None
    """TLS, for `HTTPS` and `TLS`."""
    allowed_routes: AllowedRoutes = AllowedRoutes.model_construct()
    """Which routes may attach."""


class GatewaySpecAddress(GatewayApiNode):
    """An address of a Gateway."""

    type: AddressType = "IPAddress"
    """istiod takes `Hostname`: the host of a Service that is already there."""
    value: Annotated[str, Limits(most=253)] = ""
    """The address; a name without dots is a Service in the Gateway's namespace."""


class LocalParametersReference(LocalObjectReference):
    """A ConfigMap with overrides for the gateway's Deployment and Service."""


class GatewayInfrastructure(GatewayApiNode):
    """Settings of the Deployment and Service that istiod makes for a Gateway."""

    labels: Annotated[Mapping[str, str], items(8)] = {}
    """Labels for them."""
    annotations: Annotated[Mapping[str, str], items(8)] = {}
    """Annotations for them."""
    parameters_ref: LocalParametersReference | None = None
    """Overrides for them."""


class ListenerNamespaces(GatewayApiNode):
    """The namespaces that ListenerSets may come from."""

    from_: Annotated[str, choice("All", "Selector", "Same", "None")] = "None"
    """All namespaces, those that `selector` selects, only the Gateway's own, or none."""
    selector: LabelSelector | None = None
    """Labels of the namespaces, for `Selector`."""


class AllowedListeners(GatewayApiNode):
    """Which ListenerSets may attach to a Gateway."""

    namespaces: ListenerNamespaces = ListenerNamespaces.model_construct()
    """Their namespaces."""


class FrontendTLSValidation(GatewayApiNode):
    """How client certificates are checked."""

    mode: Annotated[str, choice("AllowValidOnly", "AllowInsecureFallback")] = "AllowValidOnly"
    """Whether clients without a valid certificate are refused. Until Istio 1.30, istiod does not read it."""
    ca_certificate_refs: Annotated[tuple[ObjectReference, ...], items(8, 1, required=True)] = ()
    """ConfigMaps or Secrets with the certificates of authorities; istiod takes one."""


class TLSConfig(GatewayApiNode):
    """What the gateway asks of its clients."""

    validation: FrontendTLSValidation | None = None
    """How client certificates are checked. Default: no client certificate."""


class TLSPortConfig(GatewayApiNode):
    """What the gateway asks of its clients on one port."""

    port: Annotated[Port, REQUIRED] = 0
    """The port."""
    tls: Annotated[TLSConfig, REQUIRED] = TLSConfig.model_construct()
    """Settings instead of the default."""


class FrontendTLSConfig(GatewayApiNode):
    """What the gateway asks of its clients, by port."""

    default: Annotated[TLSConfig, REQUIRED] = TLSConfig.model_construct()
    """Settings for all other ports."""
    per_port: Annotated[tuple[TLSPortConfig, ...], items(64)] = ()
    """Settings for single ports."""


class GatewayBackendTLS(GatewayApiNode):
    """What the gateway shows to backends; istiod does not read it."""

    client_certificate_ref: SecretObjectReference | None = None
    """Client certificate for connections to backends."""


class GatewayTLSConfig(GatewayApiNode):
    """TLS of a Gateway with its clients and backends."""

    backend: GatewayBackendTLS | None = None
    """Connections to backends; istiod does not read it."""
    frontend: FrontendTLSConfig | None = None
    """Connections from clients."""


class GatewaySpec(GatewayApiNode):
    """Specification of a Gateway."""

    gateway_class_name: Annotated[ObjectName, REQUIRED] = ""
    """Who serves the Gateway: `istio`, `istio-remote`, `istio-waypoint`, `istio-east-west`, or a GatewayClass."""
    listeners: Annotated[tuple[Listener, ...], items(64, 1, required=True)] = ()
    """Ports and hosts."""
    addresses: Annotated[tuple[GatewaySpecAddress, ...], items(16)] = ()
    """Services of proxies that are already there. Without any, istiod deploys proxies and a Service."""
    infrastructure: GatewayInfrastructure | None = None
    """Settings for the proxies that istiod deploys."""
    allowed_listeners: AllowedListeners | None = None
    """Which ListenerSets may attach. Default: none."""
    default_scope: GatewayScope | None = None
    """istiod does not read it."""
    tls: GatewayTLSConfig | None = None
    """TLS with clients and backends."""


class KubernetesGateway(GatewayApiResource):
    """A Gateway of the Gateway API: where traffic enters the mesh, and which proxies serve it."""

    api_version: Literal["gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1"] = (
        "gateway.networking.k8s.io/v1"
    )
    kind: Literal["Gateway"] = "Gateway"
    spec: Annotated[GatewaySpec, REQUIRED] = GatewaySpec.model_construct()
    """Specification."""


class ListenerSetParent(GatewayApiNode):
    """The Gateway of a ListenerSet."""

    group: Group = GATEWAY_GROUP
    """API group of the parent."""
    kind: KindName = "Gateway"
    """Kind of the parent."""
    namespace: NamespaceName | None = None
    """Namespace of the Gateway. Default: the ListenerSet's."""
    name: Annotated[ObjectName, REQUIRED] = ""
    """Name of the Gateway."""


class ListenerSetSpec(GatewayApiNode):
    """Specification of a ListenerSet."""

    parent_ref: Annotated[ListenerSetParent, REQUIRED] = ListenerSetParent.model_construct()
    """The Gateway that serves the listeners."""
    listeners: Annotated[tuple[Listener, ...], items(64, 1, required=True)] = ()
    """Ports and hosts."""


class ListenerSet(GatewayApiResource):
    """More listeners for a Gateway, possibly from another namespace."""

    api_version: Literal["gateway.networking.k8s.io/v1"] = "gateway.networking.k8s.io/v1"
    kind: Literal["ListenerSet"] = "ListenerSet"
    spec: Annotated[ListenerSetSpec, REQUIRED] = ListenerSetSpec.model_construct()
    """Specification."""


class ParametersReference(GatewayApiNode):
    """Parameters of a GatewayClass, which istiod does not read."""

    group: Annotated[Group, REQUIRED] = ""
    """API group."""
    kind: Annotated[KindName, REQUIRED] = ""
    """Kind."""
    name: Annotated[ObjectName, REQUIRED] = ""
    """Name."""
    namespace: NamespaceName | None = None
    """Namespace; none for objects of the whole cluster."""


class GatewayClassSpec(GatewayApiNode):
    """Specification of a GatewayClass."""

    controller_name: Annotated[ControllerName, REQUIRED] = ""
    """Who serves Gateways of the class; Istio's are `istio.io/gateway-controller`, `istio.io/mesh-controller`,
    `istio.io/eastwest-controller` and `istio.io/unmanaged-gateway`.
    """
    parameters_ref: ParametersReference | None = None
    """istiod does not read it."""
    description: Annotated[str, Limits(most=64)] | None = None
    """A text for people."""


class GatewayClass(GatewayApiResource):
    """A kind of Gateway, named after who serves it."""

    api_version: Literal["gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1"] = (
        "gateway.networking.k8s.io/v1"
    )
    kind: Literal["GatewayClass"] = "GatewayClass"
    spec: Annotated[GatewayClassSpec, REQUIRED] = GatewayClassSpec.model_construct()
    """Specification."""
