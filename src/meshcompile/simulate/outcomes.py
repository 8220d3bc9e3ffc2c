"""What becomes of a connection or a request at one proxy."""

from dataclasses import dataclass
from fractions import Fraction

from msgspec import Struct

from meshcompile.simulate.cluster import ChosenCluster
from meshcompile.simulate.header_map import NO_HEADERS, HeaderMap
from meshcompile.simulate.header_mutation import HeaderOperations
from meshcompile.simulate.route_policies import RoutePolicies
from meshcompile.simulate.route_table import RouteChoice
from meshcompile.simulate.streams import HttpStream, NearMiss


class Step(Struct, frozen=True):
    """One decision. `what` is the concept of Envoy, `name` the name of what was chosen, `pointer` its place.

    The pointer is a JSON pointer into `Config.to_dict()`, as in `Config.source_map()`; "" for what has no place.
    """

    what: str
    name: str
    decision: str
    pointer: str = ""
    near_misses: tuple[NearMiss, ...] = ()


@dataclass(frozen=True, slots=True)
class LocalReply:
    """A response of the proxy itself. `details` is `%RESPONSE_CODE_DETAILS%`.

    A request of gRPC is answered with 200 and a `grpc_status`; `http_status` is the status that others get.
    """

    http_status: int
    details: str
    body: str = ""
    headers: HeaderMap = NO_HEADERS
    grpc_status: int | None = None

    @property
    def status(self) -> int:
        """The status of the response."""
        return self.http_status if self.grpc_status is None else 200


@dataclass(frozen=True, slots=True)
class ClosedConnection:
    """A connection that ends without a response."""

    reason: str


@dataclass(frozen=True, slots=True)
class ForwardedRequest:
    """A request that is sent upstream, as the upstream gets it.

    `response_operations` are applied to the headers of the response, in order; `response_headers` are set before them.
    `computed_headers` are request headers whose values only the running proxy knows.
    """

    headers: HeaderMap
    cluster: ChosenCluster
    policies: RoutePolicies
    response_operations: tuple[HeaderOperations, ...] = ()
    response_headers: tuple[tuple[str, str], ...] = ()
    computed_headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ForwardedBytes:
    """A connection whose bytes are sent upstream."""

    cluster: ChosenCluster


Ending = LocalReply | ClosedConnection | ForwardedRequest | ForwardedBytes


@dataclass(frozen=True, slots=True)
class ProxyOutcome:
    """One of the things that can happen at a proxy.

    `share` is its share among all outcomes with the same conditions. `depends_on` are the conditions that are not
    known here, such as the answer of an external authorizer. `flags` are Envoy's response flags as the access log
    has them. `cluster` is the name that the route gives, also if a filter answers before; "" for none. `delay` is
    the injected delay in seconds. `stream` is the request as it is at the end; None if no filter saw it.
    """

    share: Fraction
    ending: Ending
    steps: tuple[Step, ...] = ()
    depends_on: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    cluster: str = ""
    delay: float = 0
    route: RouteChoice | None = None
    stream: HttpStream | None = None

    @property
    def status(self) -> int | None:
        """The status of the proxy's own response; None if the upstream decides, or if there is no response."""
        return self.ending.status if isinstance(self.ending, LocalReply) else None
