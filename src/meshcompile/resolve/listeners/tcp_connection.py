"""How a proxy handles TCP connections, for all three traffic classes.

Follows istiod's `ListenerBuilder.buildCompleteNetworkFilters` and its callers.
"""

from dataclasses import dataclass, field

import msgspec

from meshcompile.documents import NOWHERE, Origin
from meshcompile.resolve.dns_caches import lookup_families
from meshcompile.resolve.extensions import ListenerExtensions, listener_extensions
from meshcompile.resolve.facts import ProxyFacts, idle_timeout
from meshcompile.resolve.listeners.traffic import TrafficClass
from meshcompile.resolve.security.authorization import NO_AUTHORIZATION, Authorization, authorization_at
from meshcompile.resolve.telemetry import Telemetry, telemetry
from meshcompile.snapshot.service import Service
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.durations import Duration
from meshcompile.values.ports import Protocol


class TcpTraits(msgspec.Struct, frozen=True):
    """What all TCP connections of one traffic class of a proxy share. TCP connections are not traced."""

    traffic_class: TrafficClass
    telemetry: Telemetry
    extensions: ListenerExtensions
    idle_timeout: Duration | None
    mongo_filter: bool
    redis_filter: bool
    mysql_filter: bool
    authorization: Authorization = NO_AUTHORIZATION
    lookup_families: str = "V4_ONLY"


@dataclass(frozen=True, slots=True)
class WeightedCluster:
    """A cluster and its share of the connections."""

    cluster: str
    weight: int
    origin: Origin = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Tunnel:
    """A tunnel through an HTTP proxy with CONNECT (or POST), to `host:port`."""

    host: str
    port: int
    post: bool
    origin: Origin = field(default=NOWHERE, compare=False, repr=False)


class TcpSettings(msgspec.Struct, frozen=True):
    """Settings of TCP connections; None leaves Envoy's default. `hash_source_ip` keeps a client at one endpoint."""

    idle_timeout: Duration | None = None
    max_duration: Duration | None = None
    hash_source_ip: bool = False
    tunnel: Tunnel | None = None


NO_SETTINGS = TcpSettings()


class TcpConnection(msgspec.Struct, frozen=True):
    """A TCP proxy to one cluster or to weighted clusters.

    `metadata_exchange` means that peers first exchange their metadata. `protocol` selects the filter of a database.
    """

    traits: TcpTraits
    stat_prefix: str
    clusters: tuple[WeightedCluster, ...]
    protocol: Protocol
    port: int
    settings: TcpSettings = NO_SETTINGS
    metadata_exchange: bool = False
    weighted: bool = False
    dynamic_host: str = ""
    origins: tuple[Origin, ...] = ()


class CatchAllConnection(msgspec.Struct, frozen=True):
    """Connections that nothing else matches: forwarded to their original destination, sent to a proxy, or refused."""

    traits: TcpTraits
    cluster: str
    idle_timeout: Duration | None = None
    metadata_exchange: bool = False
    access_logs: bool = True


def tcp_traits(
    snapshot: Snapshot, facts: ProxyFacts, traffic_class: TrafficClass, service: Service | None = None
) -> TcpTraits:
    """The traits of a traffic class of a proxy. Policies apply to inbound traffic only.

    A waypoint has traits for each `service` behind it.
    """
    is_outbound = traffic_class is TrafficClass.SIDECAR_OUTBOUND
    behaviour, proxy = snapshot.behaviour, facts.proxy
    return TcpTraits(
        traffic_class=traffic_class,
        telemetry=telemetry(snapshot, facts.proxy, traffic_class, service),
        extensions=listener_extensions(snapshot, facts.proxy, traffic_class, () if service is None else (service,)),
        idle_timeout=idle_timeout(facts.proxy),
        mongo_filter=behaviour.mongo_filter,
        redis_filter=behaviour.redis_filter,
        mysql_filter=behaviour.mysql_filter,
        authorization=NO_AUTHORIZATION if is_outbound else authorization_at(snapshot, proxy, service),
        lookup_families=lookup_families(behaviour, ipv4=proxy.supports_ipv4, ipv6=proxy.supports_ipv6),
    )
