"""Endpoints in other networks, replaced by the gateways of these networks.

Follows istiod's `EndpointBuilder.EndpointsByNetworkFilter`.
"""

from collections.abc import Iterable
from ipaddress import ip_address

from msgspec.structs import replace

from meshcompile.behaviour import Behaviour
from meshcompile.documents import Origin
from meshcompile.resolve.endpoints.locality_groups import MAX_WEIGHT, LbEndpoint, LocalityGroup, changed_weight, uint32
from meshcompile.resolve.scope.clients import ClientKey
from meshcompile.snapshot.networks import NetworkGateway, NetworkGateways
from meshcompile.snapshot.service import ISTIO_TLS_MODE
from meshcompile.values.ip import is_ip
from meshcompile.values.labels import with_topology


def reachable(
    groups: tuple[LocalityGroup, ...], gateways: NetworkGateways, client: ClientKey, behaviour: Behaviour
) -> tuple[LocalityGroup, ...]:
    """The groups as the client reaches them. They stay the same in a mesh with one network.

    Weights are scaled so that gateways can divide them. An endpoint behind a gateway that does not accept mutual TLS is
    left out, because the gateway needs the SNI to find the service.
    """
    if not gateways:
        return groups
    return tuple(_reachable(group, gateways, client, behaviour) for group in groups)


def _reachable(
    group: LocalityGroup, gateways: NetworkGateways, client: ClientKey, behaviour: Behaviour
) -> LocalityGroup:
    direct: list[LbEndpoint] = []
    weights: dict[NetworkGateway, int] = {}
    is_lost = behaviour.unset_network_gateways and not client.network
    origins: dict[NetworkGateway, Origin | None] = {}
    for endpoint in group.endpoints:
        weight = _scaled(endpoint.weight, gateways.scale)
        towards = _usable(gateways.towards(endpoint.network, endpoint.cluster), client)
        always = is_lost and bool(endpoint.network and towards)
        if not always and (client.in_network(endpoint.network) or not towards):
            if endpoint.host:
                direct.append(endpoint if weight == endpoint.weight else replace(endpoint, weight=weight))
            continue
        family = _of_family(towards, client) if behaviour.gateways_of_families else towards
        if endpoint.takes_mutual_tls:
            for gateway in family:
                weights[gateway] = uint32(weights.get(gateway, 0) + weight // len(family))
                origins.setdefault(gateway, endpoint.origin)
    through = (_gateway_endpoint(gateway, weights[gateway], origins[gateway]) for gateway in sorted(weights))
    endpoints = (*direct, *through)
    return LocalityGroup(group.locality, endpoints, changed_weight(endpoints) if endpoints else None, group.priority)


def _scaled(weight: int, factor: int) -> int:
    """The weight times the factor, or the highest weight if the product could overflow."""
    return max(weight, 1) * factor if weight < MAX_WEIGHT // factor else MAX_WEIGHT


def _usable(gateways: Iterable[NetworkGateway], client: ClientKey) -> tuple[NetworkGateway, ...]:
    """The gateways that accept mutual TLS, the only protocol that sidecars can use with them."""
    return tuple(gateway for gateway in gateways if gateway.port or not client.is_sidecar)


def _of_family(gateways: tuple[NetworkGateway, ...], client: ClientKey) -> tuple[NetworkGateway, ...]:
    if client.ipv4 == client.ipv6:
        return gateways
    return tuple(gateway for gateway in gateways if is_ip(gateway.address) and _is_ipv4(gateway.address) == client.ipv4)


def _is_ipv4(address: str) -> bool:
    ip = ip_address(address)
    return ip.version == 4 or ip.ipv4_mapped is not None


def _gateway_endpoint(gateway: NetworkGateway, weight: int, origin: Origin | None) -> LbEndpoint:
    """The endpoint of a gateway. `origin` is that of the first endpoint behind it."""
    return LbEndpoint(
        address=gateway.address,
        port=gateway.port,
        weight=weight or 1,
        telemetry=f";;;;{gateway.cluster}",
        tls_mode=ISTIO_TLS_MODE,
        network=gateway.network,
        cluster=gateway.cluster,
        labels=with_topology({}, gateway.cluster, "", "", gateway.network),
        origin=origin,
    )
