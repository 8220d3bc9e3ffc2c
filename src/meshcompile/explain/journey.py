"""A journey: what each proxy on the way did with a request, and how it ends."""

from fractions import Fraction

from msgspec import Struct

from meshcompile.config import Config
from meshcompile.explain.ztunnel import ZtunnelDecision
from meshcompile.proxy import Proxy
from meshcompile.simulate import Capture, DownstreamConnection, HttpRequest, ProxyOutcome

DOUBLE_TLS = "TLS inside of TLS"
"""What a host gets if a sender and its proxy both start TLS."""
ERRORS = 400
"""The lowest status that is an error."""


class Passage(Struct, frozen=True):
    """What one proxy did with the request. `outcome` is what the evaluator says."""

    proxy: Proxy
    config: Config
    connection: DownstreamConnection
    request: HttpRequest | None
    outcome: ProxyOutcome

    @property
    def cluster(self) -> str:
        """The cluster that the route names, whether or not a filter ends the request before; "" if there is none."""
        route = self.outcome.route
        return self.outcome.cluster or (route.cluster if route is not None else "")

    @property
    def direction(self) -> str:
        """`outbound`, `inbound`, `gateway` or `waypoint`."""
        if self.proxy.is_waypoint:
            return "waypoint"
        match self.connection.capture:
            case Capture.OUTBOUND:
                return "outbound"
            case Capture.INBOUND:
                return "inbound"
            case Capture.NONE:
                return "gateway"


class Journey(Struct, frozen=True):
    """A way that a request can take, and how it ends.

    `status` is what the sender gets, None for a closed connection. `decided_by` is the passage that decides; None if no
    proxy does. `flags` are those of the deciding proxy. `answered_by` is who answered. `ztunnels` are the decisions of
    ztunnels, each with the number of passages before it.
    """

    passages: tuple[Passage, ...]
    share: Fraction
    status: int | None = None
    flags: str | None = None
    decided_by: Passage | None = None
    answered_by: str | None = None
    problem: str = ""
    depends_on: tuple[str, ...] = ()
    ztunnels: tuple[tuple[int, ZtunnelDecision], ...] = ()

    @property
    def succeeds(self) -> bool:
        """Whether the sender gets an answer that is no error."""
        return self.status is not None and self.status < ERRORS

    @property
    def cluster(self) -> str | None:
        """The cluster that the outcome is about.

        It is that of the deciding proxy, if it is a client or if it fails to reach its cluster; else that of the client
        in front of it.
        """
        decided = self.decided_by
        if decided is None:
            return None
        at = self.passages.index(decided) if decided in self.passages else 0
        failed = self.flags is not None and "UF" in self.flags
        if decided.direction == "inbound" and not failed:
            return (self.passages[at - 1].cluster or None) if at else None
        return decided.cluster or None
