"""The listeners at both ends of a waypoint's HBONE tunnels. Follows istiod's `buildWaypointInbound`."""

from collections.abc import Iterator

from meshcompile.proxy import Proxy
from meshcompile.resolve.facts import ProxyFacts
from meshcompile.resolve.hbone.tunnels import (
    ConnectOriginate,
    InnerConnectOriginate,
    OuterConnectOriginate,
    TunnelListener,
    connect_terminate,
)
from meshcompile.resolve.listeners.http_connection import http_traits
from meshcompile.resolve.listeners.traffic import TrafficClass
from meshcompile.resolve.telemetry import telemetry
from meshcompile.resolve.waypoint.tunnels import opens_double_tunnels
from meshcompile.snapshot.snapshot import Snapshot

SOURCE = "waypoint"
"""What a waypoint calls itself when it opens a tunnel to a gateway of another network."""


def waypoint_tunnels(snapshot: Snapshot, facts: ProxyFacts) -> tuple[TunnelListener, ...]:
    """The listener at which tunnels end, and those that open them."""
    traits = http_traits(snapshot, facts, TrafficClass.SIDECAR_INBOUND)
    return (connect_terminate(snapshot.mesh, facts.proxy, traits), *_originating(snapshot, facts.proxy))


def _originating(snapshot: Snapshot, proxy: Proxy) -> Iterator[TunnelListener]:
    reports = telemetry(snapshot, proxy, TrafficClass.SIDECAR_INBOUND)
    yield ConnectOriginate(reports)
    if opens_double_tunnels(snapshot, proxy):
        hashable = proxy.capabilities.hashable_state
        yield InnerConnectOriginate(reports, proxy.node_metadata.network, hashable)
        yield OuterConnectOriginate(reports, SOURCE)
