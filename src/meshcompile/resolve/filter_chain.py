"""A filter chain of a listener, decided, for all traffic classes. Follows istiod's `filterChainOpts`."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network

from meshcompile.ip import Range, cidr_range
from meshcompile.resolve.downstream_tls import DownstreamTls
from meshcompile.resolve.http_connection import HttpConnection
from meshcompile.resolve.tcp_connection import Catchall, TcpConnection
from meshcompile.resolve.traffic import Traffic
from meshcompile.source import Origin

ANY_NAME = "*"
# Destination addresses that stand for every address.
UNSPECIFIED = ("0.0.0.0", "::")


@dataclass(frozen=True)
class ChainMatch:
    """What connections a chain takes; what is empty does not restrict.

    `server_names` and `destinations` are as written: "*" among the names stands for every name, and a destination is an
    address or a range.
    """

    server_names: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    traffic: Traffic = Traffic.ANY
    destination_port: int = 0

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The server names, sorted; none when one of them stands for all."""
        return () if ANY_NAME in self.server_names else tuple(sorted(self.server_names))

    @cached_property
    def ranges(self) -> tuple[Range, ...]:
        """The destinations as ranges, sorted as written; those that stand for everything, or are none, left out."""
        found = (cidr_range(text) for text in sorted(self.destinations))
        return tuple(r for r in found if r is not None and r.address != UNSPECIFIED[0])

    @property
    def takes_everything(self) -> bool:
        """True when nothing restricts what the chain takes, ports aside."""
        return self.traffic is Traffic.ANY and not (self.names or self.destinations)

    @cached_property
    def identity(self) -> tuple[object, ...]:
        """What tells two chains of one listener apart; order, "*" and the host bits of ranges do not."""
        return (
            self.traffic,
            frozenset(self.server_names) - {ANY_NAME},
            frozenset(_networks(self.destinations)),
        )


@dataclass(frozen=True, slots=True)
class FilterChain:
    """A filter chain. `config` is the path of the Istio resource that asked for it, "" when none did."""

    connection: HttpConnection | TcpConnection | Catchall
    match: ChainMatch | None = None
    name: str = ""
    tls: DownstreamTls | None = None
    config: str = ""
    connect_timeout: bool = False  # 15 s to finish a TLS handshake
    origins: tuple[Origin, ...] = ()


def _networks(destinations: Iterable[str]) -> Iterable[IPv4Network | IPv6Network]:
    for text in destinations:
        found = cidr_range(text)
        if found is not None and found.address != UNSPECIFIED[0]:
            yield ip_network(f"{found.address.partition('%')[0]}/{found.prefix_length}", strict=False)
