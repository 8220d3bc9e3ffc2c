"""ReferenceGrant: allows references from other namespaces."""

from typing import Annotated, Literal

from meshcompile.models.gateway_api.base import GatewayApiNode, GatewayApiResource
from meshcompile.models.gateway_api.limits import REQUIRED, items
from meshcompile.models.gateway_api.scalars import Group, KindName, NamespaceName, ObjectName


class ReferenceGrantFrom(GatewayApiNode):
    """Objects that may refer to this namespace."""

    group: Annotated[Group, REQUIRED] = ""
    """Their API group."""
    kind: Annotated[KindName, REQUIRED] = ""
    """Their kind: a route, a Gateway or a ListenerSet."""
    namespace: Annotated[NamespaceName, REQUIRED] = ""
    """Their namespace."""


class ReferenceGrantTo(GatewayApiNode):
    """Objects of this namespace that may be referred to."""

    group: Annotated[Group, REQUIRED] = ""
    """Their API group; empty for Kubernetes' core."""
    kind: Annotated[KindName, REQUIRED] = ""
    """Their kind: a Service, Secret or ConfigMap."""
    name: ObjectName | None = None
    """Name of one object. Default: all of the kind."""


class ReferenceGrantSpec(GatewayApiNode):
    """Specification of a ReferenceGrant."""

    from_: Annotated[tuple[ReferenceGrantFrom, ...], items(16, 1, required=True)] = ()
    """Who may refer."""
    to: Annotated[tuple[ReferenceGrantTo, ...], items(16, 1, required=True)] = ()
    """To what."""


class ReferenceGrant(GatewayApiResource):
    """Allows objects of other namespaces to refer to objects of this one."""

    api_version: Literal["gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1"] = (
        "gateway.networking.k8s.io/v1"
    )
    kind: Literal["ReferenceGrant"] = "ReferenceGrant"
    spec: Annotated[ReferenceGrantSpec, REQUIRED] = ReferenceGrantSpec.model_construct()
    """Specification."""
