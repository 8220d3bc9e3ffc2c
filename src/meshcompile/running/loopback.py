"""A mesh on loopback addresses: where its proxies and applications listen, and what that changes in a bootstrap.

Nothing redirects connections, as iptables does in a Pod. So the inbound listener of a sidecar is bound to the ports of
the application at the address of the Pod, and its outbound listener reads where a connection was to go from a header of
the PROXY protocol. All other parts stay as istiod sends them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from meshcompile.envoy.config.bootstrap import BootstrapStaticResources
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import Address, HeaderValue, HeaderValueOption, SocketAddress
from meshcompile.envoy.config.listener import (
    AdditionalAddress,
    FilterChain,
    FilterChainMatch,
    Listener,
    ListenerFilter,
)
from meshcompile.envoy.config.route import RouteConfiguration
from meshcompile.envoy.extensions.filters.listener.proxy_protocol import ProxyProtocol
from meshcompile.envoy.message import Message, replaced
from meshcompile.output.bootstrap import Bootstrap
from meshcompile.output.bootstrap.agent import single_endpoint
from meshcompile.output.walk import rewritten
from meshcompile.running.echo import PATH_HEADER

PER_NETWORK = 250
OF_APPLICATIONS = 100
"""What the third number of an application's address has in addition to that of its proxy."""
PRIVILEGED, ABOVE_PRIVILEGED = 1024, 8000
OUTBOUND, INBOUND = "virtualOutbound", "virtualInbound"
OUTBOUND_PORT, INBOUND_PORT = 15001, 15006
READS_DESTINATION = ListenerFilter(name="envoy.filters.listener.proxy_protocol", typed_config=ProxyProtocol())


@dataclass(frozen=True, slots=True)
class LoopbackPlace:
    """Where a Pod is on this machine: the address of its proxy, and that of its application."""

    proxy: str
    application: str

    @classmethod
    def of(cls, network: int, index: int) -> LoopbackPlace:
        """The place of a Pod in 127.NETWORK.0.0/16, by a number from 0."""
        third, last = 1 + index // PER_NETWORK, 1 + index % PER_NETWORK
        return cls(f"127.{network}.{third}.{last}", f"127.{network}.{third + OF_APPLICATIONS}.{last}")


def local_port(port: int) -> int:
    """The port that stands for another one: only root may bind those below 1024."""
    return port if port >= PRIVILEGED else port + ABOVE_PRIVILEGED


def inbound_ports(listeners: Iterable[Listener]) -> frozenset[int]:
    """The ports of the application that a sidecar accepts connections for."""
    return frozenset(
        match.destination_port
        for listener in listeners
        if listener.name == INBOUND
        for chain in listener.filter_chains
        if (match := chain.filter_chain_match) is not None and match.destination_port not in (None, INBOUND_PORT, 15008)
        if match.destination_port is not None
    )


def endpoint_map(
    places: Mapping[str, LoopbackPlace], with_proxy: frozenset[str], ports: Iterable[tuple[str, int]]
) -> dict[str, str]:
    """Where the endpoints of Pods are, by `address:port`: at their proxies, or at their applications without one."""
    return {
        f"{address}:{port}": f"{place.proxy if address in with_proxy else place.application}:{local_port(port)}"
        for address, port in ports
        if (place := places.get(address)) is not None
    }


def on_loopback(static: Bootstrap, name: str, place: LoopbackPlace) -> Bootstrap:
    """The bootstrap of a proxy for this machine. Requests get the name of the proxy in a header."""
    resources = static.content.static_resources or BootstrapStaticResources()
    ports = inbound_ports(resources.listeners)
    listeners = tuple(_named(_listener(listener, place, ports), name) for listener in resources.listeners)
    clusters = tuple(_cluster(cluster, place) for cluster in resources.clusters)
    content = replaced(
        static.content, static_resources=BootstrapStaticResources(listeners=listeners, clusters=clusters)
    )
    return Bootstrap(content, static.diagnostics, static.secrets)


def _listener(listener: Listener, place: LoopbackPlace, ports: Iterable[int]) -> Listener:
    match listener.name:
        case "virtualOutbound":
            filters = (READS_DESTINATION, *listener.listener_filters)
            return replaced(listener, address=_address(place.proxy, OUTBOUND_PORT), listener_filters=filters)
        case "virtualInbound":
            more = tuple(AdditionalAddress(address=_address(place.proxy, local_port(port))) for port in sorted(ports))
            return replaced(
                listener,
                address=_address(place.proxy, INBOUND_PORT),
                additional_addresses=more,
                filter_chains=tuple(map(_at_local_port, listener.filter_chains)),
            )
        case _ if listener.bind_to_port is False or listener.address is None:
            return listener
        case _:
            socket = listener.address.socket_address
            if socket is None:
                return listener
            port = local_port(socket.port_value or 0)
            return replaced(listener, address=_address(place.proxy, port), additional_addresses=())


def _at_local_port(chain: FilterChain) -> FilterChain:
    match chain.filter_chain_match:
        case FilterChainMatch(destination_port=int(port)) as match if port < PRIVILEGED:
            return replaced(chain, filter_chain_match=replaced(match, destination_port=local_port(port)))
        case _:
            return chain


def _cluster(cluster: Cluster, place: LoopbackPlace) -> Cluster:
    """The cluster. Those of the application lead to where it listens instead of to where a connection was to go."""
    kind, _, rest = cluster.name.partition("|")
    port = rest.partition("|")[0]
    if kind != "inbound" or not port.isdecimal() or cluster.type not in ("ORIGINAL_DST", "STATIC"):
        return cluster
    assignment = single_endpoint(cluster.name, _address(place.application, local_port(int(port))))
    return replaced(
        cluster, type="STATIC", lb_policy="ROUND_ROBIN", load_assignment=assignment, original_dst_lb_config=None
    )


def _named(listener: Listener, name: str) -> Listener:
    """The listener, whose connection managers add the name of the proxy to a header of requests."""
    header = HeaderValueOption(header=HeaderValue(key=PATH_HEADER, value=name.replace("%", "%%")))

    def change(message: Message) -> Message:
        match message:
            case RouteConfiguration():
                return replaced(message, request_headers_to_add=(*message.request_headers_to_add, header))
            case _:
                return message

    return rewritten(listener, change)


def _address(address: str, port: int) -> Address:
    return Address(socket_address=SocketAddress(address=address, port_value=port))
