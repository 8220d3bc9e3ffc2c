"""Kubernetes EndpointSlice: endpoints of a Service."""

from typing import Literal

from meshcompile.models.common import Bool
from meshcompile.models.kubernetes.base import Int, KubernetesNode, KubernetesResource

SERVICE_NAME_LABEL = "kubernetes.io/service-name"
"""The label of an EndpointSlice with the name of its Service."""


class ObjectReference(KubernetesNode):
    """The object behind an address, usually a pod."""

    kind: str = ""
    """Kind of the object."""
    name: str = ""
    """Name of the object."""
    namespace: str = ""
    """Namespace of the object."""


class EndpointConditions(KubernetesNode):
    """State of an endpoint. None means unknown."""

    ready: Bool | None = None
    """Whether the endpoint accepts traffic. Unknown counts as ready."""
    serving: Bool | None = None
    """Whether the endpoint can serve traffic, even if it is terminating."""
    terminating: Bool | None = None
    """Whether the endpoint is terminating. If it is still serving, Envoy drains it."""


class Endpoint(KubernetesNode):
    """One endpoint of a Service."""

    addresses: tuple[str, ...] = ()
    """Addresses of the endpoint. They are interchangeable."""
    conditions: EndpointConditions = EndpointConditions.model_construct()
    """State of the endpoint."""
    hostname: str | None = None
    """DNS name of the endpoint in a headless Service."""
    node_name: str | None = None
    """Node that runs the endpoint. It determines the locality."""
    zone: str | None = None
    """Zone of the endpoint."""
    target_ref: ObjectReference | None = None
    """Pod behind the endpoint. It determines labels, identity and mutual TLS."""


class EndpointPort(KubernetesNode):
    """A port of all endpoints in the slice."""

    name: str | None = None
    """Name of the Service port."""
    port: Int | None = None
    """Port number of the endpoints."""
    protocol: str = "TCP"
    """Transport protocol: `TCP`, `UDP` or `SCTP`."""
    app_protocol: str | None = None
    """Application protocol, copied from the Service."""


class EndpointSlice(KubernetesResource):
    """Endpoints of the Service in the label `kubernetes.io/service-name`."""

    api_version: Literal["discovery.k8s.io/v1", "discovery.k8s.io/v1beta1"] = "discovery.k8s.io/v1"
    kind: Literal["EndpointSlice"] = "EndpointSlice"
    address_type: str = "IPv4"
    """`IPv4`, `IPv6` or `FQDN`. FQDN slices are ignored."""
    endpoints: tuple[Endpoint, ...] = ()
    """Endpoints of the Service."""
    ports: tuple[EndpointPort, ...] = ()
    """Ports of every endpoint."""

    @property
    def service_name(self) -> str:
        """Name of the Service in the same namespace. Empty if the label is missing."""
        return self.metadata.labels.get(SERVICE_NAME_LABEL, "")
