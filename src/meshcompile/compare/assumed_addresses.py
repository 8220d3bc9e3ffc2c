"""Addresses that are assumed because the files have none, in a comparison with what runs.

In a cluster, Kubernetes assigns the addresses of Services and Pods. An assumed address of a Service becomes the one
that the proxy has for the same Service. Assumed Pods say nothing about those that run, so their endpoints are not
compared.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network

from msgspec import Struct, structs

from meshcompile.compare.pairs import by_name
from meshcompile.emit.resources import Resources
from meshcompile.envoy.config.core import Address, CidrRange, SocketAddress
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment
from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.config.route import RouteConfiguration, VirtualHost
from meshcompile.envoy.message import Message, encode, replaced
from meshcompile.output.walk import messages, rewritten
from meshcompile.snapshot.addresses import POD_RANGE, SERVICE_RANGE

_CLUSTER = re.compile(rb'"(outbound\|[^"]+)"')


class KnownAddresses(Struct, frozen=True):
    """Both sides of a comparison, without addresses that are assumed.

    `assumed` are the names of the clusters whose endpoints are left out, since the files have no Pods for them.
    """

    running: Resources
    wanted: Resources
    assumed: tuple[str, ...]


def with_known_addresses(running: Resources, wanted: Resources) -> KnownAddresses:
    """What runs, and what the files say at the addresses that run."""
    assumed = frozenset(each.cluster_name for each in wanted.endpoints if _is_of_assumed_pods(each))
    moved = _moved(wanted, dict(_addresses(running, wanted)))
    return KnownAddresses(_without(running, assumed), _without(moved, assumed), tuple(sorted(assumed)))


def _without(resources: Resources, clusters: frozenset[str]) -> Resources:
    kept = tuple(each for each in resources.endpoints if each.cluster_name not in clusters)
    return structs.replace(resources, endpoints=kept)


def _is_of_assumed_pods(assignment: ClusterLoadAssignment) -> bool:
    """Whether an endpoint is an assumed Pod."""
    return any(isinstance(each, SocketAddress) and _is_in(POD_RANGE, each.address) for each in messages(assignment))


def _addresses(running: Resources, wanted: Resources) -> Iterator[tuple[str, str]]:
    """The assumed addresses of Services, each with the one that runs."""
    there = dict(_listeners_by_use(running.listeners))
    for use, address in _listeners_by_use(wanted.listeners):
        if use in there and _is_in(SERVICE_RANGE, address):
            yield address, there[use]
    tables = by_name(running.routes)
    for table in wanted.routes:
        match tables.get(table.name):
            case RouteConfiguration(virtual_hosts=hosts):
                yield from _addresses_in_hosts(by_name(hosts), table.virtual_hosts)
            case _:
                pass


def _addresses_in_hosts(running: Mapping[str, Message], wanted: Iterable[VirtualHost]) -> Iterator[tuple[str, str]]:
    for host in wanted:
        there = running.get(host.name)
        assumed = [domain for domain in host.domains if _is_in(SERVICE_RANGE, domain)]
        if assumed and isinstance(there, VirtualHost):
            found = [domain for domain in there.domains if _is_address(domain) and domain not in host.domains]
            yield from zip(assumed, found, strict=False)


def _listeners_by_use(listeners: Iterable[Listener]) -> Iterator[tuple[tuple[int | None, frozenset[bytes]], str]]:
    """The addresses of listeners by their port and the clusters that they lead to."""
    for listener in listeners:
        match listener.address:
            case Address(socket_address=SocketAddress(address=str(address), port_value=port)):
                yield (port, frozenset(_CLUSTER.findall(encode(listener)))), address
            case _:
                pass


def _moved(resources: Resources, addresses: Mapping[str, str]) -> Resources:
    """The resources with other addresses of Services."""
    if not addresses:
        return resources

    def change(message: Message) -> Message:
        match message:
            case SocketAddress(address=str(address)) if address in addresses:
                return replaced(message, address=addresses[address])
            case CidrRange(address_prefix=str(address)) if address in addresses:
                return replaced(message, address_prefix=addresses[address])
            case VirtualHost(domains=domains) if not addresses.keys().isdisjoint(domains):
                return replaced(message, domains=tuple(addresses.get(domain, domain) for domain in domains))
            case Listener(name=str(name)) if name.partition("_")[0] in addresses:
                address, _, port = name.partition("_")
                return replaced(message, name=f"{addresses[address]}_{port}")
            case _:
                return message

    listeners, routes = (rewritten(each, change) for each in (resources.listeners, resources.routes))
    return structs.replace(resources, listeners=listeners, routes=routes)


def _is_in(network: IPv4Network, text: str) -> bool:
    return _is_address(text) and IPv4Address(text) in network


def _is_address(text: str) -> bool:
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True
