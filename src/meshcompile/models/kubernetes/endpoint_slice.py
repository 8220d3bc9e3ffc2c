"""Kubernetes EndpointSlice: the addresses behind one Service."""

from typing import Literal

from meshcompile.models.common import Bool
from meshcompile.models.kubernetes.base import Int, KubernetesNode, KubernetesResource

SERVICE_NAME_LABEL = "kubernetes.io/service-name"
"""The label by which an EndpointSlice names its Service."""


class ObjectReference(KubernetesNode):
    """The object behind an address, a Pod as a rule."""

    kind: str = ""
    """Its kind."""
    name: str = ""
    """Its name."""
    namespace: str = ""
    """Its namespace."""


class EndpointConditions(KubernetesNode):
    """State of an endpoint; None means unknown."""

    ready: Bool | None = None
    """Whether it takes traffic; unknown counts as ready."""
    serving: Bool | None = None
    """Whether it would take traffic, whether or not it is terminating."""
    terminating: Bool | None = None
    """Whether it is being shut down; it is drained if it still serves."""


class Endpoint(KubernetesNode):
    """One endpoint of a Service."""

    addresses: tuple[str, ...] = ()
    """Its addresses, interchangeable."""
    conditions: EndpointConditions = EndpointConditions()
    """Its state."""
    hostname: str | None = None
    """Its own DNS name within a headless Service."""
    node_name: str | None = None
    """The Node that runs it, which gives it a locality."""
    zone: str | None = None
    """The zone it runs in."""
    target_ref: ObjectReference | None = None
    """The Pod behind it, which gives it labels, identity and mTLS."""


class EndpointPort(KubernetesNode):
    """A port that all endpoints of the slice have."""

    name: str | None = None
    """Name of the Service port it belongs to."""
    port: Int | None = None
    """The port at the endpoints."""
    protocol: str = "TCP"
    """Transport: `TCP`, `UDP` or `SCTP`."""
    app_protocol: str | None = None
    """Application protocol, as the Service states it."""


class EndpointSlice(KubernetesResource):
    """Endpoints of the Service that the label `kubernetes.io/service-name` names."""

    api_version: Literal["discovery.k8s.io/v1", "discovery.k8s.io/v1beta1"] = "discovery.k8s.io/v1"
    kind: Literal["EndpointSlice"] = "EndpointSlice"
    address_type: str = "IPv4"
    """`IPv4`, `IPv6` or `FQDN`; slices of names are ignored."""
    endpoints: tuple[Endpoint, ...] = ()
    """The endpoints."""
    ports: tuple[EndpointPort, ...] = ()
    """The ports, each of them at every endpoint."""

    @property
    def service_name(self) -> str:
        """Name of the Service in the slice's namespace; empty where the label is missing."""
        return self.metadata.labels.get(SERVICE_NAME_LABEL, "")
