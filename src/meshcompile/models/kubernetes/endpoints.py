"""Kubernetes Endpoints: the predecessor of EndpointSlice. The object has the name of its Service."""

from typing import Literal

from meshcompile.models.kubernetes.base import Int, KubernetesNode, KubernetesResource
from meshcompile.models.kubernetes.endpoint_slice import ObjectReference


class EndpointAddress(KubernetesNode):
    """An address of a Service."""

    ip: str = ""
    """IP address."""
    hostname: str = ""
    """DNS name of the address in a headless Service."""
    node_name: str | None = None
    """Node that runs the endpoint."""
    target_ref: ObjectReference | None = None
    """Pod behind the address."""


class EndpointsPort(KubernetesNode):
    """A port of a subset."""

    name: str = ""
    """Name of the Service port."""
    port: Int = 0
    """Port number at the addresses."""
    protocol: str = "TCP"
    """Transport protocol: `TCP`, `UDP` or `SCTP`."""
    app_protocol: str | None = None
    """Application protocol, copied from the Service."""


class EndpointSubset(KubernetesNode):
    """Addresses with the same ports."""

    addresses: tuple[EndpointAddress, ...] = ()
    """Addresses that accept traffic."""
    not_ready_addresses: tuple[EndpointAddress, ...] = ()
    """Addresses that do not accept traffic yet."""
    ports: tuple[EndpointsPort, ...] = ()
    """Ports of every address."""


class Endpoints(KubernetesResource):
    """Endpoints of the Service with the same name."""

    api_version: Literal["v1"] = "v1"
    kind: Literal["Endpoints"] = "Endpoints"
    subsets: tuple[EndpointSubset, ...] = ()
    """Addresses, grouped by ports."""
