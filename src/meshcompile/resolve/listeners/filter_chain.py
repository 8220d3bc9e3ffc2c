"""A filter chain of a listener, for all traffic classes. Follows istiod's `filterChainOpts`."""

from collections.abc import Iterable
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network

from msgspec import Struct

from meshcompile.documents import Origin
from meshcompile.resolve.listeners.http_connection import HttpConnection
from meshcompile.resolve.listeners.tcp_connection import CatchAllConnection, TcpConnection
from meshcompile.resolve.listeners.traffic import Traffic
from meshcompile.resolve.security.downstream_tls import DownstreamTls
from meshcompile.values.ip import Range, cidr_range

ANY_NAME = "*"
# Destination addresses that match every address.
UNSPECIFIED = ("0.0.0.0", "::")


class ChainMatch(Struct, frozen=True, dict=True):
    """The connections that a chain matches. Empty fields do not restrict it, but port 0 matches port 0 alone.

    `server_names` and `destinations` are as written. "*" matches every server name, and a destination is an address or
    a range.
    """

    server_names: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    traffic: Traffic = Traffic.ANY
    destination_port: int | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The server names, sorted; none when one of them is "*"."""
        return () if ANY_NAME in self.server_names else tuple(sorted(self.server_names))

    @cached_property
    def ranges(self) -> tuple[Range, ...]:
        """The destinations as ranges, sorted as written, without invalid ranges and those that match every address."""
        ranges = (cidr_range(text) for text in sorted(self.destinations))
        return tuple(r for r in ranges if r is not None and r.address != UNSPECIFIED[0])

    @property
    def takes_everything(self) -> bool:
        """True when the match has no restrictions, apart from ports."""
        return self.traffic is Traffic.ANY and not (self.names or self.destinations)

    @cached_property
    def identity(self) -> tuple[object, ...]:
        """Identifies the match among the chains of one listener.

        The order of values, "*" and the host bits of ranges do not count.
        """
        return (
            self.traffic,
            frozenset(self.server_names) - {ANY_NAME},
            frozenset(_networks(self.destinations)),
        )


class FilterChain(Struct, frozen=True):
    """A filter chain. `config` is the path of the Istio resource that it comes from, "" without one.

    With `restores_destination`, connections keep the destination that they had in an HBONE tunnel.
    """

    connection: HttpConnection | TcpConnection | CatchAllConnection
    match: ChainMatch | None = None
    name: str = ""
    tls: DownstreamTls | None = None
    config: str = ""
    connect_timeout: bool = False  # limits the TLS handshake to 15 s
    restores_destination: bool = False
    origins: tuple[Origin, ...] = ()


def _networks(destinations: Iterable[str]) -> Iterable[IPv4Network | IPv6Network]:
    for text in destinations:
        cidr = cidr_range(text)
        if cidr is not None and cidr.address != UNSPECIFIED[0]:
            yield ip_network(f"{cidr.address.partition('%')[0]}/{cidr.prefix_length}", strict=False)
