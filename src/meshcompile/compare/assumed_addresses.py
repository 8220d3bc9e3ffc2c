"""Addresses that are assumed because the files have none, in a comparison with what runs.

In a cluster, Kubernetes assigns the addresses of Services and Pods. An assumed address of a Service becomes the one
that the proxy has for the same Service: an IPv4 address, an IPv6 address, or both. Assumed Pods say nothing about those
that run, so their endpoints are not compared.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address

from msgspec import Struct, structs

from meshcompile.compare.pairs import by_name
from meshcompile.emit.resources import Resources
from meshcompile.envoy.config.core import Address, CidrRange, SocketAddress
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment
from meshcompile.envoy.config.listener import AdditionalAddress, Listener
from meshcompile.envoy.config.route import RouteConfiguration, VirtualHost
from meshcompile.envoy.message import Message, encode, replaced
from meshcompile.output.walk import messages, rewritten
from meshcompile.snapshot.addresses import POD_RANGE, SERVICE_RANGE

Moves = Mapping[str, tuple[str, ...]]
"""Assumed addresses, each with those that run for the same Service: the one to listen at comes first."""
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


def _addresses(running: Resources, wanted: Resources) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The assumed addresses of Services, each with those that run."""
    tables = by_name(running.routes)
    for table in wanted.routes:
        match tables.get(table.name):
            case RouteConfiguration(virtual_hosts=hosts):
                yield from _addresses_in_hosts(by_name(hosts), table.virtual_hosts)
            case _:
                pass
    there = dict(_listeners_by_use(running.listeners))
    for use, (address, *_) in _listeners_by_use(wanted.listeners):
        if use in there and _is_in(SERVICE_RANGE, address):
            yield address, there[use]


def _addresses_in_hosts(
    running: Mapping[str, Message], wanted: Iterable[VirtualHost]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for host in wanted:
        there = running.get(host.name)
        assumed = [domain for domain in host.domains if _is_in(SERVICE_RANGE, domain)]
        if assumed and isinstance(there, VirtualHost):
            found = [
                address for domain in there.domains if domain not in host.domains and (address := _address(domain))
            ]
            if len(assumed) == 1 and found:
                yield assumed[0], tuple(found)
            else:
                yield from zip(assumed, ((each,) for each in found), strict=False)


def _listeners_by_use(
    listeners: Iterable[Listener],
) -> Iterator[tuple[tuple[int | None, frozenset[bytes]], tuple[str, ...]]]:
    """The addresses of listeners by their port and the clusters that they lead to."""
    for listener in listeners:
        more = (each.address for each in listener.additional_addresses)
        found = [each.socket_address for each in (listener.address, *more) if each and each.socket_address]
        if found and all(each.address for each in found):
            clusters = frozenset(_CLUSTER.findall(encode(listener)))
            yield (found[0].port_value, clusters), tuple(str(each.address) for each in found)


def _moved(resources: Resources, addresses: Moves) -> Resources:
    """The resources with other addresses of Services."""
    if not addresses:
        return resources

    def change(message: Message) -> Message:
        match message:
            case SocketAddress(address=str(address)) if address in addresses:
                return replaced(message, address=addresses[address][0])
            case CidrRange(address_prefix=str(address)) if address in addresses:
                moved = addresses[address][0]
                return replaced(message, address_prefix=moved, prefix_len=ip_address(moved).max_prefixlen)
            case VirtualHost(domains=domains) if not addresses.keys().isdisjoint(domains):
                return replaced(message, domains=tuple(_moved_domains(domains, addresses)))
            case Listener(name=str(name)) if name.partition("_")[0] in addresses:
                return _moved_listener(message, name, addresses)
            case _:
                return message

    listeners, routes = (rewritten(each, change) for each in (resources.listeners, resources.routes))
    return structs.replace(resources, listeners=listeners, routes=routes)


def _moved_domains(domains: Iterable[str], addresses: Moves) -> Iterator[str]:
    for domain in domains:
        if domain in addresses:
            yield from (f"[{each}]" if ":" in each else each for each in addresses[domain])
        else:
            yield domain


def _moved_listener(listener: Listener, name: str, addresses: Moves) -> Listener:
    """A listener with the name of its address, and with the second address of a Service with two."""
    assumed, _, port = name.partition("_")
    first, *more = addresses[assumed]
    socket = listener.address.socket_address if listener.address else None
    further = tuple(
        AdditionalAddress(address=Address(socket_address=replaced(socket, address=each))) for each in more if socket
    )
    return replaced(listener, name=f"{first}_{port}", additional_addresses=further or listener.additional_addresses)


def _is_in(network: IPv4Network, text: str) -> bool:
    found = _parsed(text)
    return isinstance(found, IPv4Address) and found in network


def _address(domain: str) -> str:
    """The address that a domain is; "" for a name. IPv6 addresses are in brackets there."""
    text = domain[1:-1] if domain.startswith("[") and domain.endswith("]") else domain
    return text if _parsed(text) else ""


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
