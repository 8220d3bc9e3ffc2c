"""Kubernetes Endpoints: the older form of EndpointSlice, one object per Service and of its name."""

from typing import Literal

from meshcompile.models.kubernetes.base import Int, KubernetesNode, KubernetesResource
from meshcompile.models.kubernetes.endpoint_slice import ObjectReference


class EndpointAddress(KubernetesNode):
    """One address."""

    ip: str = ""
    """The address."""
    hostname: str = ""
    """Its own DNS name within a headless Service."""
    node_name: str | None = None
    """The Node it runs on."""
    target_ref: ObjectReference | None = None
    """The Pod behind it."""


class EndpointsPort(KubernetesNode):
    """One port of a subset."""

    name: str = ""
    """Name of the Service port it belongs to."""
    port: Int = 0
    """The port at the addresses."""
    protocol: str = "TCP"
    """Transport: `TCP`, `UDP` or `SCTP`."""
    app_protocol: str | None = None
    """Application protocol, as the Service states it."""


class EndpointSubset(KubernetesNode):
    """Addresses that share their ports."""

    addresses: tuple[EndpointAddress, ...] = ()
    """Addresses that take traffic."""
    not_ready_addresses: tuple[EndpointAddress, ...] = ()
    """Addresses that do not take traffic yet."""
    ports: tuple[EndpointsPort, ...] = ()
    """The ports, each of them at every address."""


class Endpoints(KubernetesResource):
    """Endpoints of the Service that has the same name."""

    api_version: Literal["v1"] = "v1"
    kind: Literal["Endpoints"] = "Endpoints"
    subsets: tuple[EndpointSubset, ...] = ()
    """The addresses, grouped by their ports."""
