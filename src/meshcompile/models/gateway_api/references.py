"""References to other objects, as routes, listeners and policies of the Gateway API write them."""

from typing import Annotated

from meshcompile.models.gateway_api.base import GatewayApiNode
from meshcompile.models.gateway_api.limits import REQUIRED, choice
from meshcompile.models.gateway_api.scalars import (
    Group,
    KindName,
    NamespaceName,
    ObjectName,
    Port,
    SectionName,
    Weight,
)

GATEWAY_GROUP = "gateway.networking.k8s.io"


class ParentReference(GatewayApiNode):
    """What a route attaches to: a Gateway, a ListenerSet, or for traffic inside the mesh a Service or ServiceEntry."""

    group: Group = GATEWAY_GROUP
    """API group of the parent; empty for a Service."""
    kind: KindName = "Gateway"
    """Kind of the parent."""
    namespace: NamespaceName | None = None
    """Namespace of the parent. Default: the route's."""
    name: Annotated[ObjectName, REQUIRED] = ""
    """Name of the parent."""
    section_name: SectionName | None = None
    """Listener of the parent. Default: every listener that allows the route."""
    port: Port | None = None
    """Port of the parent: only listeners on this port, or requests to this port of the Service."""


class BackendObjectReference(GatewayApiNode):
    """The backend of a mirror: a Service, or a host of the mesh."""

    group: Group = ""
    """API group of the backend; empty for a Service, `networking.istio.io` for a `Hostname`."""
    kind: KindName = "Service"
    """Kind of the backend: `Service`, Istio's `Hostname`, or `ServiceImport`."""
    name: Annotated[ObjectName, REQUIRED] = ""
    """Name of the Service, or the host itself."""
    namespace: NamespaceName | None = None
    """Namespace of the backend. Another one than the route's needs a ReferenceGrant there."""
    port: Port | None = None
    """Port of the Service. Required by istiod for every kind."""


class BackendRef(BackendObjectReference):
    """A backend of a route, and its share of the traffic."""

    weight: Weight = 1
    """Share of the traffic, relative to the sum of the rule's weights. 0 sends none."""


class LocalObjectReference(GatewayApiNode):
    """An object in the same namespace."""

    group: Annotated[Group, REQUIRED] = ""
    """Its API group."""
    kind: Annotated[KindName, REQUIRED] = ""
    """Its kind."""
    name: Annotated[ObjectName, REQUIRED] = ""
    """Its name."""


class ObjectReference(LocalObjectReference):
    """An object, possibly in another namespace."""

    namespace: NamespaceName | None = None
    """Its namespace. Default: that of the object with this reference. Another one needs a ReferenceGrant there."""


class SecretObjectReference(GatewayApiNode):
    """A Secret with a certificate and its key."""

    group: Group = ""
    """Its API group."""
    kind: KindName = "Secret"
    """Its kind; istiod takes only `Secret`."""
    name: Annotated[ObjectName, REQUIRED] = ""
    """Its name."""
    namespace: NamespaceName | None = None
    """Its namespace. Another one than the listener's needs a ReferenceGrant there."""


class LocalPolicyTargetReferenceWithSectionName(LocalObjectReference):
    """The Service or ServiceEntry that a policy is about, or one port of it."""

    section_name: SectionName | None = None
    """Name of a port. Default: every port."""


GatewayScope = Annotated[str, choice("All", "None")]
"""Whether something concerns the default Gateways of the cluster. istiod does not read it."""
