"""Servers whose inbound listeners change in the same way, such as all workloads of a policy: compared once.

Two changes are the same if they are equal after the addresses and the hosts of each workload are replaced by
placeholders. The second workload then gets the changes of the first, with its own names and places.
"""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.compare.effects import Effect, Workloads, effect, workloads_of_both
from meshcompile.compare.listeners import served_host
from meshcompile.compare.pairs import ConfigPair
from meshcompile.compare.probes import Probe
from meshcompile.compare.proxy_diff import BehaviourChange, ProxyDiff, differing_lines
from meshcompile.compare.resources import resource_changes
from meshcompile.config import Config
from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.config.route import RouteConfiguration
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager
from meshcompile.envoy.message import Message, canonical, to_builtins
from meshcompile.envoy.traversal import filter_chains
from meshcompile.simulate import ProxyEvaluator

INBOUND_LISTENER = "virtualInbound"


class InboundChange(Struct, frozen=True, eq=False):
    """The change of a server, and its names: addresses and hosts, in an order that equal changes have in common."""

    pair: ConfigPair
    diff: ProxyDiff
    names: tuple[str, ...]


def inbound_names(pair: ConfigPair) -> tuple[str, ...]:
    """The addresses and the hosts of a server."""
    hosts = (host for config in (pair.before, pair.after) for host in _hosts(config))
    return tuple(dict.fromkeys((*pair.before.proxy.ip_addresses, *hosts)))


def inbound_key(pair: ConfigPair, names: tuple[str, ...]) -> Hashable:
    """A key that is equal for servers whose listeners change in the same way.

    None if anything but the inbound listener changes.
    """
    if pair.changed.keys() != {"listeners"} or pair.changed["listeners"].keys() != {INBOUND_LISTENER}:
        return None
    addresses = {each.proxy.ip_addresses for each in (pair.before, pair.after)}
    if None in pair.changed["listeners"][INBOUND_LISTENER] or len(addresses) > 1:
        return None
    placeholders = {name: f"${number}" for number, name in enumerate(names)}
    return tuple(canonical(_renamed(to_builtins(each), placeholders)) for each in _concerned(pair))


def _concerned(pair: ConfigPair) -> Iterator[Message]:
    """What decides about requests to the workload."""
    yield from (each for each in pair.changed["listeners"][INBOUND_LISTENER] if each is not None)
    yield from (each for each in pair.before.clusters if not each.name.startswith("outbound"))


ONLY_REPORTED = frozenset({"metadata", "tracing", "accessLog"})
"""Fields that say how a workload reports about itself."""


def _renamed(data: Any, names: Mapping[str, str]) -> Any:
    """JSON data with placeholders for names, without what is only reported."""
    match data:
        case dict():
            return {
                key: _operation(value, names) if key == "operation" else _renamed(value, names)
                for key, value in data.items()
                if key not in ONLY_REPORTED
            }
        case list():
            return [_renamed(each, names) for each in data]
        case str():
            return names.get(data, data)
        case _:
            return data


def _operation(text: str, names: Mapping[str, str]) -> str:
    """`catalog.shop.svc.cluster.local:80/*` with a placeholder for the host."""
    host, colon, rest = text.rpartition(":")
    return f"{names.get(host, host)}{colon}{rest}"


def _hosts(config: Config) -> Iterator[str]:
    """The hosts for which a server has routes."""
    for table in _tables(config):
        for virtual_host in table.virtual_hosts:
            yield from filter(None, map(served_host, virtual_host.routes))


def _tables(config: Config) -> Iterator[RouteConfiguration]:
    for listener in config.listeners:
        for chain in filter_chains(listener) if listener.name == INBOUND_LISTENER else ():
            for each in chain.filters:
                if isinstance(each.typed_config, HttpConnectionManager) and each.typed_config.route_config is not None:
                    yield each.typed_config.route_config


def inbound_diff(known: InboundChange, pair: ConfigPair, names: tuple[str, ...]) -> ProxyDiff:
    """What changes for a server whose listener changes as that of a known one."""
    renaming = _Renaming(known, pair, names)
    behaviour = tuple(map(renaming.change, known.diff.behaviour))
    return ProxyDiff(resource_changes(pair), behaviour, known.diff.undecided, known.diff.drained)


def clients_of(diff: ProxyDiff) -> frozenset[str]:
    """The identities of the clients whose requests show a difference."""
    hellos = (change.probe.connection.tls for change in diff.behaviour)
    certificates = (hello.certificate for hello in hellos if hello is not None)
    return frozenset(uri for each in certificates if each is not None for uri in each.uris)


class _Renaming:
    """Changes of one server as those of another."""

    def __init__(self, known: InboundChange, pair: ConfigPair, names: tuple[str, ...]) -> None:
        self.pair = pair
        self.names = dict(zip(known.names, names, strict=True))
        self.messages = _by_place(known.pair), _by_place(pair)
        self.workloads = workloads_of_both(pair.before, pair.after)

    def change(self, change: BehaviourChange) -> BehaviourChange:
        probe = self.probe(change.probe)
        return replace(
            change,
            probe=probe,
            before=_effect(self.pair.before, probe, self.workloads[0]),
            after=_effect(self.pair.after, probe, self.workloads[1]),
            lines_before=differing_lines(probe.was, probe.now),
            lines_after=differing_lines(probe.now, probe.was),
        )

    def probe(self, probe: Probe) -> Probe:
        connection, request = probe.connection, probe.request
        return replace(
            probe,
            connection=replace(connection, destination=self.name(connection.destination)),
            request=None if request is None else replace(request, authority=self.name(request.authority)),
            was=tuple(map(self.message, probe.was)),
            now=tuple(map(self.message, probe.now)),
        )

    def name(self, name: str) -> str:
        return self.names.get(name, name)

    def message(self, message: Message) -> Message:
        """The message at the same place."""
        known, own = self.messages
        return own[next(number for number, each in enumerate(known) if each is message)]


def _effect(config: Config, probe: Probe, workloads: Workloads) -> Effect:
    return effect(ProxyEvaluator(config).outcomes(probe.connection, probe.request), workloads)


def _by_place(pair: ConfigPair) -> tuple[Message, ...]:
    """The inbound listener and its filter chains, before and after."""
    versions = filter(None, pair.changed["listeners"][INBOUND_LISTENER])
    return tuple(part for each in versions if isinstance(each, Listener) for part in (each, *filter_chains(each)))
