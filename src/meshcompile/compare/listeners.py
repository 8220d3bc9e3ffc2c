"""Probes for what changed in listeners: chains that came, went or changed, and their filters."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain as chained
from itertools import islice

import msgspec

from meshcompile.compare.identity_classes import told_apart
from meshcompile.compare.pairs import ConfigPair
from meshcompile.compare.policies import policy_identities, policy_requests
from meshcompile.compare.probes import PlacedChain, Probe, chains, connection_to, described_chain, tables
from meshcompile.compare.tokens import token_requests
from meshcompile.compare.waypoints import as_client, served_at
from meshcompile.config import Config
from meshcompile.envoy.config.listener import FilterChainMatch
from meshcompile.envoy.config.route import Route
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager
from meshcompile.envoy.message import Message, Packed
from meshcompile.simulate import Capture, ClientHello, DownstreamConnection, HttpRequest, PeerCertificate

ANY_HOST = "any.example"


Identities = Sequence[str]
"""SPIFFE identities of workloads that can be clients."""
MOST_IDENTITIES = 20


def listener_probes(pair: ConfigPair, identities: Identities) -> Iterator[Probe]:
    """Requests that meet the filter chains that are not the same in both configurations."""
    for old, new in changed_chains(pair):
        if old is None or new is None or _comparable(old) != _comparable(new):
            yield from _probes(old, new, (pair.before, pair.after), identities)


def changed_chains(pair: ConfigPair) -> Iterator[tuple[PlacedChain | None, PlacedChain | None]]:
    """The filter chains of both configurations, by what selects them, if a listener changed."""
    if "listeners" not in pair.changed:
        return
    was, now = _by_identity(pair.before), _by_identity(pair.after)
    for key in sorted(was.keys() | now.keys(), key=repr):
        yield was.get(key), now.get(key)


Identity = tuple[str, FilterChainMatch | None, str]


def _by_identity(config: Config) -> Mapping[Identity, PlacedChain]:
    """The filter chains by what selects them: their listener and their match."""
    return {(each.listener.name, each.chain.filter_chain_match, _named(each)): each for each in chains(config)}


def _named(each: PlacedChain) -> str:
    """The name of a chain that a matcher selects by its name; else ""."""
    return each.chain.name if each.listener.filter_chain_matcher is not None else ""


def _comparable(each: PlacedChain) -> tuple[object, ...]:
    """What a chain does, without its routes, which are compared by themselves."""
    filters = tuple(_without_routes(one.typed_config) for one in each.chain.filters)
    listener = msgspec.structs.replace(each.listener, filter_chains=(), default_filter_chain=None, metadata=None)
    return filters, each.chain.transport_socket, listener


def _without_routes(config: Packed | None) -> object:
    if isinstance(config, HttpConnectionManager):
        return msgspec.structs.replace(config, route_config=None)
    return config


def _probes(
    old: PlacedChain | None, new: PlacedChain | None, configs: tuple[Config, Config], identities: Identities
) -> Iterator[Probe]:
    for each, config in zip((old, new), configs, strict=True):
        if each is None:
            continue
        connection = connection_to(config, each)
        words = described_chain(each, connection)
        requests = {repr(one): one for one in _requests(old, new, each, config)}  # most policies are in both managers
        for peer in _connections(old, new, connection, identities):
            for request in requests.values():
                yield Probe(peer, request, words, _blamed(old), _blamed(new))


def _connections(
    old: PlacedChain | None, new: PlacedChain | None, connection: DownstreamConnection, identities: Identities
) -> Iterator[DownstreamConnection]:
    """The connection, for a server with the identities of clients and those that policies name."""
    hello = connection.tls if connection.capture is Capture.INBOUND else None
    if hello is None and not connection.listener:
        yield connection
        return
    both = [one for one in (old, new) if one is not None]
    managers = [one.manager for one in both if one.manager is not None]
    named = sorted({identity for manager in managers for identity in policy_identities(manager)})
    for identity in told_apart((*identities[:MOST_IDENTITIES], *named), [one.chain for one in both]):
        yield as_client(connection, identity) if hello is None else _certified(connection, hello, identity)


def _certified(connection: DownstreamConnection, hello: ClientHello, identity: str) -> DownstreamConnection:
    certificate = PeerCertificate(uris=(identity,))
    return msgspec.structs.replace(connection, tls=msgspec.structs.replace(hello, certificate=certificate))


MOST_HOSTS = 3


def _requests(
    old: PlacedChain | None, new: PlacedChain | None, each: PlacedChain, config: Config
) -> Iterator[HttpRequest | None]:
    if each.manager is None:
        yield None
        return
    hosts = [*islice(known_hosts(config, each), MOST_HOSTS)]
    if not hosts or not (each.listener.name == "virtualInbound" or served_at(each.chain.name)):
        hosts.append(ANY_HOST)
    yield from (HttpRequest(authority=host) for host in hosts)
    managers = [one.manager for one in (old, new) if one is not None and one.manager is not None]
    yield from chained.from_iterable(policy_requests(manager, hosts[0]) for manager in managers)
    yield from chained.from_iterable(token_requests(manager, hosts[0]) for manager in managers)


def known_hosts(config: Config, each: PlacedChain) -> Iterator[str]:
    """Hosts that the routes of a chain know."""
    manager = each.manager
    inside = manager.route_config if manager is not None else None
    yield from filter(None, [served_at(each.chain.name)])
    table = inside or tables(config).get(each.table_name)
    for host in table.virtual_hosts if table is not None else ():
        yield from (domain.replace("*", "any") for domain in host.domains[:1] if domain != "*")
        yield from filter(None, map(served_host, host.routes if each.listener.name == "virtualInbound" else ()))


def served_host(route: Route) -> str:
    """The host that a server's route is for, from its name in traces: `catalog.shop.svc.cluster.local:80/*`."""
    operation = route.decorator.operation if route.decorator is not None else ""
    return operation.rpartition(":")[0]


def _blamed(each: PlacedChain | None) -> tuple[Message, ...]:
    return () if each is None else (each.chain, each.listener)


def removed_listeners(pair: ConfigPair) -> Iterator[str]:
    """The names of the listeners that go away, with their connections."""
    return (name for name, (_, new) in pair.changed.get("listeners", {}).items() if new is None)
