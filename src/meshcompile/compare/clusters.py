"""Probes for what changed in clusters and their endpoints: a request for each cluster that changed."""

from collections.abc import Iterator, Mapping, Sequence

from meshcompile.compare.messages import message_changes
from meshcompile.compare.pairs import ConfigPair
from meshcompile.compare.probes import PlacedChain, Probe, chains, connection_to, described_chain, tables, user_of_table
from meshcompile.compare.routes import described, over_tls
from meshcompile.config import Config
from meshcompile.envoy.config.route import Route, RouteAction, RouteConfiguration, VirtualHost, WeightedCluster
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager
from meshcompile.envoy.extensions.filters.network.tcp_proxy import TcpProxy
from meshcompile.envoy.message import Message
from meshcompile.queries import derived
from meshcompile.simulate import Capture
from meshcompile.spaces import Language, Refuted
from meshcompile.symbolic.host_table import HostTable
from meshcompile.symbolic.paths import visible_paths
from meshcompile.symbolic.requests import http_request


def cluster_probes(pair: ConfigPair) -> Iterator[Probe]:
    """A request to each cluster whose settings or endpoints changed."""
    changed = _changed(pair)
    for config in (pair.before, pair.after) if changed else ():
        yield from _http_probes(config, changed)
        yield from _tcp_probes(config, changed)


Changed = Mapping[str, tuple[tuple[Message, ...], tuple[Message, ...]]]
"""The messages of a cluster that differ, before and after, by its name."""


def _changed(pair: ConfigPair) -> Changed:
    found: dict[str, tuple[tuple[Message, ...], tuple[Message, ...]]] = {}
    for kind in ("clusters", "endpoints"):
        for name, (old, new) in pair.changed.get(kind, {}).items():
            if old is None or new is None or _differs(old, new):
                earlier = found.get(name, ((), ()))
                found[name] = ((*earlier[0], *_given(old)), (*earlier[1], *_given(new)))
    return found


def _differs(old: Message, new: Message) -> bool:
    """Whether anything but metadata differs."""
    return any(not each.pointer.startswith("/metadata") for each in message_changes(old, new))


def _given(message: Message | None) -> tuple[Message, ...]:
    return () if message is None else (message,)


def _http_probes(config: Config, changed: Changed) -> Iterator[Probe]:
    """A request per changed cluster, through the first route that leads to it."""
    left = set(changed)
    for name, table in tables(config).items():
        at = user_of_table(config, name)
        for host in table.virtual_hosts if at is not None else ():
            for index, route in enumerate(host.routes):
                for cluster in sorted(_clusters(route) & left):
                    probe = _probe(config, at, table, host, index, changed[cluster])
                    if probe is not None:
                        left.discard(cluster)
                        yield probe


def _clusters(route: Route) -> frozenset[str]:
    """The clusters that a route leads to."""
    match route.route:
        case RouteAction(weighted_clusters=WeightedCluster(clusters=clusters)):
            return frozenset(each.name for each in clusters)
        case RouteAction(cluster=str(cluster)):
            return frozenset((cluster,))
        case _:
            return frozenset()


def _probe(
    config: Config,
    at: PlacedChain | None,
    table: RouteConfiguration,
    host: VirtualHost,
    index: int,
    blamed: tuple[tuple[Message, ...], tuple[Message, ...]],
) -> Probe | None:
    routes = HostTable(host, table, _paths(at.manager) if at is not None and at.manager is not None else None)
    answer = routes.unreachable(index)
    if at is None or not isinstance(answer, Refuted):
        return None
    authority = next((each for each in host.domains if "*" not in each), _example(host.domains))
    request = http_request(answer.witness, authority)
    connection = connection_to(config, at, authority)
    is_server = connection.capture is Capture.INBOUND
    told = f"requests{over_tls(connection)}{described(answer.witness, routes.table.rows[index].certain)}"
    words = described_chain(at, connection) if is_server else told
    return Probe(connection, request, words, *blamed)


def _example(domains: Sequence[str]) -> str:
    """A host that one of some domains takes, each with a wildcard."""
    return next((each.replace("*", "any") for each in domains if each != "*"), "any.example")


@derived
def _paths(manager: HttpConnectionManager) -> Language:
    return visible_paths(manager)


def _tcp_probes(config: Config, changed: Changed) -> Iterator[Probe]:
    """A connection per changed cluster, through the first chain that forwards bytes to it."""
    left = set(changed)
    for at in chains(config):
        for each in at.chain.filters:
            if isinstance(each.typed_config, TcpProxy) and (name := each.typed_config.cluster or "") in left:
                left.discard(name)
                connection = connection_to(config, at)
                words = described_chain(at, connection)
                yield Probe(connection, None, words, *changed[name])
