"""Mesh networks: which endpoints can reach one another, and the gateways between them
(istio/api `mesh/v1alpha1/network.proto`).
"""

from collections.abc import Mapping

from meshcompile.models.base import Node, OneOf
from meshcompile.models.common import UInt32


class NetworkEndpoints(OneOf):
    """Endpoints that belong to a network; one of the two."""

    one_of = (("from_cidr", "from_registry"),)

    from_cidr: str | None = None
    """All whose address is in this range."""
    from_registry: str | None = None
    """All of this cluster."""


class IstioNetworkGateway(OneOf):
    """An entrance of a network; a Service's name or an address."""

    one_of = (("registry_service_name", "address"),)

    registry_service_name: str | None = None
    """Host of the gateway's Service; its external addresses are taken."""
    address: str | None = None
    """Address or DNS name of the gateway."""
    port: UInt32 = 0
    """The port that takes mutual TLS from other networks, 15443 as a rule."""
    locality: str = ""
    """Locality of the gateway; without effect."""


class Network(Node):
    """Endpoints that reach one another directly, and how others reach them."""

    endpoints: tuple[NetworkEndpoints, ...] = ()
    """The endpoints."""
    gateways: tuple[IstioNetworkGateway, ...] = ()
    """The entrances: in other networks they stand in for the endpoints."""


class MeshNetworks(Node):
    """The networks of the mesh."""

    networks: Mapping[str, Network] = {}
    """The networks by name."""
