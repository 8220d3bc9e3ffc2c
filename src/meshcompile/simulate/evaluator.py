"""One proxy, evaluated for connections and requests."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

from msgspec import structs

from meshcompile.envoy.config.listener import FilterChain, Listener
from meshcompile.simulate.chain_matcher import matched_chain
from meshcompile.simulate.downstream_tls import Handshake, handshake
from meshcompile.simulate.filter_chain_match import ChosenChain, chosen_chain
from meshcompile.simulate.indexes import ProxyIndex, ProxyResources
from meshcompile.simulate.listener_filters import InspectedConnection, inspected
from meshcompile.simulate.network_filters import OpenConnection, through_network_filters
from meshcompile.simulate.outcomes import ClosedConnection, ProxyOutcome, Step
from meshcompile.simulate.requests import DownstreamConnection, HttpRequest, Spoken
from meshcompile.simulate.streams import NearMiss

NOTHING = ClosedConnection("")
AGREED = {"h2": Spoken.HTTP2, "http/1.1": Spoken.HTTP11}


@dataclass(frozen=True)
class ProxyEvaluator:
    """Evaluates the resources of one proxy. It keeps what it prepares, so use one evaluator for many requests."""

    resources: ProxyResources
    _index: ProxyIndex = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", ProxyIndex(self.resources))

    @property
    def index(self) -> ProxyIndex:
        """The resources by name and address."""
        return self._index

    def outcomes(
        self, connection: DownstreamConnection, request: HttpRequest | None = None
    ) -> tuple[ProxyOutcome, ...]:
        """Everything that can happen to a request on a connection, or to the connection if there is no request.

        Outcomes with the same `depends_on` have shares that add up to 1. There is one outcome if nothing depends on
        chance or on the outside.
        """
        return tuple(self._outcomes(connection, request))

    def _outcomes(self, connection: DownstreamConnection, request: HttpRequest | None) -> Iterator[ProxyOutcome]:
        at = self._index.listeners.find(connection)
        start = ProxyOutcome(Fraction(1), NOTHING)
        if at is None:
            nothing = f"nothing listens at {connection.destination}:{connection.port}"
            yield replace(start, ending=ClosedConnection(nothing))
            return
        listener, pointer = self.resources.listeners[at], f"/listeners/{at}"
        text = f"takes connections to {connection.destination}:{connection.port}"
        start = _stepped(start, Step("listener", listener.name, text, pointer))
        found = inspected(listener, connection, request)
        start = replace(start, depends_on=found.depends_on)
        if found.waits and not _goes_on(listener):
            waits = "a listener filter waits for the first bytes of the client"
            yield replace(start, ending=ClosedConnection(waits))
            return
        yield from self._in_chain(listener, pointer, found, request, start)

    def _in_chain(
        self,
        listener: Listener,
        pointer: str,
        found: InspectedConnection,
        request: HttpRequest | None,
        start: ProxyOutcome,
    ) -> Iterator[ProxyOutcome]:
        chosen = _chosen(listener, found, f"{pointer}/filterChains")
        if chosen.depends_on:
            start = replace(start, depends_on=(*start.depends_on, chosen.depends_on))
        if chosen.index is not None:
            chain, place = listener.filter_chains[chosen.index], f"{pointer}/filterChains/{chosen.index}"
        elif listener.default_filter_chain is not None:
            chain, place = listener.default_filter_chain, f"{pointer}/defaultFilterChain"
        else:
            no_chain = Step("filter chain", "", "no filter chain matches", pointer, chosen.near_misses)
            yield replace(_stepped(start, no_chain), ending=ClosedConnection("no filter chain matches"), flags=("NR",))
            return
        start = _stepped(start, _chain_step(chain, place, chosen.near_misses))
        shaken = handshake(chain, found.connection)
        if shaken.problem:
            failed = Step("TLS", chain.name, shaken.problem, f"{place}/transportSocket")
            yield replace(_stepped(start, failed), ending=ClosedConnection(shaken.problem))
            return
        if shaken.depends_on:
            start = replace(start, depends_on=(*start.depends_on, shaken.depends_on))
        opened = OpenConnection(_opened(found.connection, shaken), shaken.peer, _is_readable(found, shaken))
        yield from through_network_filters(chain, place, opened, request, self._index, start)


def _chosen(listener: Listener, found: InspectedConnection, pointer: str) -> ChosenChain:
    """The filter chain: the one that the listener's matcher names, if it has a matcher."""
    if listener.filter_chain_matcher is None:
        return chosen_chain(listener.filter_chains, found, pointer)
    named = matched_chain(listener.filter_chain_matcher, found)
    names = [chain.name for chain in listener.filter_chains]
    return ChosenChain(names.index(named.name) if named.name in names else None, depends_on=named.depends_on)


def _stepped(outcome: ProxyOutcome, step: Step) -> ProxyOutcome:
    return replace(outcome, steps=(*outcome.steps, step))


def _goes_on(listener: Listener) -> bool:
    """Whether the listener stops to wait at some time. A timeout of 0 means that it never does."""
    timeout = listener.listener_filters_timeout or "15s"
    return listener.continue_on_listener_filters_timeout and float(timeout.removesuffix("s")) > 0


def _chain_step(chain: FilterChain, pointer: str, near_misses: tuple[NearMiss, ...]) -> Step:
    return Step("filter chain", chain.name, "takes the connection", pointer, near_misses)


def _is_readable(found: InspectedConnection, shaken: Handshake) -> bool:
    return found.connection.tls is None or shaken.terminated


def _opened(connection: DownstreamConnection, shaken: Handshake) -> DownstreamConnection:
    """The connection as filters see it: the client speaks the version of HTTP that both sides agreed on."""
    agreed = AGREED.get(shaken.alpn)
    if agreed is None or connection.spoken not in (Spoken.HTTP10, Spoken.HTTP11, Spoken.HTTP2):
        return connection
    keeps = agreed is Spoken.HTTP11 and connection.spoken is Spoken.HTTP10
    return connection if keeps else structs.replace(connection, spoken=agreed)
