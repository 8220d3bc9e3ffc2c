"""A listener of a sidecar, decided."""

from dataclasses import dataclass

from meshcompile.durations import Duration
from meshcompile.queries import Source
from meshcompile.resolve.filter_chain import FilterChain
from meshcompile.resolve.inspection import NO_INSPECTION, Inspection
from meshcompile.resolve.telemetry import Telemetry
from meshcompile.source import Origin


@dataclass(frozen=True, slots=True)
class Listener(Source):
    """A listener of a sidecar.

    `virtual`: what iptables redirect comes here, to be told apart by its original destination. `bind_to_port`: the
    address is really opened; else the listener only takes connections that a virtual one hands over. `default` takes
    what no other chain takes. `telemetry` reports on connections that no chain takes, where that is done.
    """

    name: str
    binds: tuple[str, ...]
    port: int
    inbound: bool
    chains: tuple[FilterChain, ...]
    default: FilterChain | None = None
    virtual: bool = False
    bind_to_port: bool = False
    transparent: bool = False
    exact_balance: bool = False
    inspection: Inspection = NO_INSPECTION
    detection_timeout: Duration | None = None
    telemetry: Telemetry | None = None
    origins: tuple[Origin, ...] = ()
