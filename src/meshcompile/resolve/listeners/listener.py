"""A listener of a sidecar."""

from meshcompile.documents import Origin
from meshcompile.queries import Source
from meshcompile.resolve.listeners.filter_chain import FilterChain
from meshcompile.resolve.listeners.inspection import NO_INSPECTION, Inspection
from meshcompile.resolve.telemetry import Telemetry
from meshcompile.values.durations import Duration


class Listener(Source, frozen=True):
    """A listener of a sidecar.

    `virtual` means that iptables redirects connections to it, and that it dispatches them by their original
    destination. With `bind_to_port` it binds its address. Without, it only gets the connections that a virtual listener
    hands over. An `internal` listener has no address, and gets the connections of clusters. `default` gets the
    connections that match no chain. `telemetry` reports these connections, if anything does.
    """

    name: str
    binds: tuple[str, ...]
    port: int
    inbound: bool
    chains: tuple[FilterChain, ...]
    default: FilterChain | None = None
    virtual: bool = False
    internal: bool = False
    bind_to_port: bool = False
    transparent: bool = False
    exact_balance: bool = False
    inspection: Inspection = NO_INSPECTION
    detection_timeout: Duration | None = None
    telemetry: Telemetry | None = None
    origins: tuple[Origin, ...] = ()
