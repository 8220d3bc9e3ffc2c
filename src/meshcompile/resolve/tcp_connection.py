"""How a proxy handles connections as bytes, decided, for all three traffic classes.

Follows istiod's `ListenerBuilder.buildCompleteNetworkFilters` and its callers.
"""

from dataclasses import dataclass

from meshcompile.durations import Duration
from meshcompile.ports import Protocol
from meshcompile.resolve.authorization import NO_AUTHORIZATION, Authorization, authorization
from meshcompile.resolve.extensions import ListenerExtensions, listener_extensions
from meshcompile.resolve.facts import ProxyFacts, idle_timeout
from meshcompile.resolve.telemetry import Telemetry, telemetry
from meshcompile.resolve.traffic import TrafficClass
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.source import Origin


@dataclass(frozen=True, slots=True)
class TcpTraits:
    """What all TCP connections of one traffic class of a proxy have in common. Connections are not traced."""

    traffic_class: TrafficClass
    telemetry: Telemetry
    extensions: ListenerExtensions
    idle_timeout: Duration | None
    mongo_filter: bool
    redis_filter: bool
    mysql_filter: bool
    authorization: Authorization = NO_AUTHORIZATION


@dataclass(frozen=True, slots=True)
class WeightedCluster:
    """A share of the connections."""

    cluster: str
    weight: int


@dataclass(frozen=True, slots=True)
class Tunnel:
    """CONNECT (or POST) to an HTTP proxy, which connects to `host:port`."""

    host: str
    port: int
    post: bool


@dataclass(frozen=True, slots=True)
class TcpConnection:
    """One TCP proxy, to one cluster or to shares of several.

    `metadata_exchange`: the peers tell each other who they are first. `protocol` chooses a database filter.
    """

    traits: TcpTraits
    stat_prefix: str
    clusters: tuple[WeightedCluster, ...]
    protocol: Protocol
    port: int
    idle_timeout: Duration | None = None
    max_duration: Duration | None = None
    hash_source_ip: bool = False
    tunnel: Tunnel | None = None
    metadata_exchange: bool = False
    weighted: bool = False
    dynamic_host: str = ""
    origins: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True)
class Catchall:
    """What happens to connections that nothing else takes: passed on as they came, sent to a proxy, or refused."""

    traits: TcpTraits
    cluster: str
    idle_timeout: Duration | None = None
    metadata_exchange: bool = False
    access_logs: bool = True


def tcp_traits(snapshot: Snapshot, facts: ProxyFacts, traffic_class: TrafficClass) -> TcpTraits:
    """The traits of a traffic class of a proxy. Policies guard what comes in, not what goes out."""
    is_outbound = traffic_class is TrafficClass.SIDECAR_OUTBOUND
    behaviour = snapshot.behaviour
    return TcpTraits(
        traffic_class=traffic_class,
        telemetry=telemetry(snapshot, facts.proxy, traffic_class),
        extensions=listener_extensions(snapshot, facts.proxy, traffic_class),
        idle_timeout=idle_timeout(facts.proxy),
        mongo_filter=behaviour.mongo_filter,
        redis_filter=behaviour.redis_filter,
        mysql_filter=behaviour.mysql_filter,
        authorization=NO_AUTHORIZATION if is_outbound else authorization(snapshot, facts.proxy),
    )
