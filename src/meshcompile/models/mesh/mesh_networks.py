"""Mesh networks and the gateways between them (istio/api `mesh/v1alpha1/network.proto`)."""

from collections.abc import Mapping

from meshcompile.models.base import Node, OneOf
from meshcompile.models.common import UInt32


class NetworkEndpoints(OneOf):
    """Endpoints that belong to a network. Set one of the two."""

    one_of = (("from_cidr", "from_registry"),)

    from_cidr: str | None = None
    """Endpoints with an IP address in this CIDR range."""
    from_registry: str | None = None
    """All endpoints in this cluster."""


class IstioNetworkGateway(OneOf):
    """A gateway into a network, by service name or by address."""

    one_of = (("registry_service_name", "address"),)

    registry_service_name: str | None = None
    """Hostname of the gateway's service. Its external addresses are used."""
    address: str | None = None
    """IP address or DNS name of the gateway."""
    port: UInt32 = 0
    """Port for mutual TLS traffic from other networks, usually 15443."""
    locality: str = ""
    """Locality of the gateway. It has no effect."""


class Network(Node):
    """Endpoints that reach each other directly, and the gateways for traffic from other networks."""

    endpoints: tuple[NetworkEndpoints, ...] = ()
    """Endpoints in the network."""
    gateways: tuple[IstioNetworkGateway, ...] = ()
    """Gateways of the network. Proxies in other networks send traffic to them instead of the endpoints."""


class MeshNetworks(Node):
    """The networks of the mesh."""

    networks: Mapping[str, Network] = {}
    """Networks by name."""
