"""The outbound listeners of a sidecar: a table merges the claims on one address and port into one listener.

Follows istiod's `ListenerBuilder.buildSidecarOutboundListener` and `mergeTCPFilterChains`.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum, auto
from functools import cached_property

from msgspec import Struct

from meshcompile.codes.listeners import LISTENER_CONFLICT, PROTOCOL_CONFLICT
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.proxy import InterceptionMode
from meshcompile.queries import Key, query
from meshcompile.resolve.endpoints.addresses import Addressing
from meshcompile.resolve.facts import ProxyFacts
from meshcompile.resolve.findings import by_place
from meshcompile.resolve.inbound.binding import BindLimits, bind_limits
from meshcompile.resolve.listeners.tcp_connection import TcpTraits
from meshcompile.resolve.listeners.traffic import Traffic
from meshcompile.resolve.outbound.egress_chains import Chain, DynamicTraits, EgressChains, HttpRoutes, dynamic_traits
from meshcompile.resolve.outbound.egress_claims import (
    LISTENER_PROTOCOLS,
    EgressClient,
    ListenerClaim,
    ListenerProtocol,
    claims,
)
from meshcompile.resolve.outbound.l4_routes import L4Client
from meshcompile.resolve.routes.route_key import route_key
from meshcompile.resolve.scope.sidecar import ScopeKey, l4_scope
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.ports import Protocol

Report = Callable[[Diagnostic], None]
SocketKey = tuple[str, int]
ChainsOf = Callable[[ListenerClaim], tuple[Chain, ...]]


class Action(Enum):
    """What a new claim does to a listener that earlier claims have built."""

    IGNORE = auto()  # the listener serves the claim already: routes separate the HTTP of all services
    MERGE = auto()  # add the chains whose match is not taken
    SNIFF = auto()  # merge, and detect the protocol from now on
    REPLACE = auto()  # discard the listener and start with the new claim


_HTTP, _TCP, _AUTO = ListenerProtocol.HTTP, ListenerProtocol.TCP, ListenerProtocol.AUTO
# (protocol of the listener so far, protocol of the new claim) -> action
ACTIONS: Mapping[tuple[ListenerProtocol, ListenerProtocol], Action] = {
    (_HTTP, _HTTP): Action.IGNORE,
    (_HTTP, _TCP): Action.SNIFF,  # the HTTP listener is bound to an address of its own
    (_HTTP, _AUTO): Action.REPLACE,  # the sniffing listener also accepts HTTP, with the routes of its own service
    (_TCP, _HTTP): Action.SNIFF,
    (_TCP, _TCP): Action.MERGE,
    (_TCP, _AUTO): Action.SNIFF,
    (_AUTO, _HTTP): Action.IGNORE,
    (_AUTO, _TCP): Action.MERGE,
    (_AUTO, _AUTO): Action.IGNORE,
}
# In these protocols the server speaks first, so Envoy cannot detect anything while it waits for the client.
SERVER_FIRST = frozenset({Protocol.MONGO, Protocol.MYSQL})


class OutboundListener(Struct, frozen=True, dict=True):
    """One outbound listener after merging. `claims` are those that it serves; the first one created it."""

    claims: tuple[ListenerClaim, ...]
    chains: tuple[Chain, ...]

    @property
    def first(self) -> ListenerClaim:
        return self.claims[0]

    @property
    def name(self) -> str:
        return f"{self.first.binds[0]}_{self.first.port.number}"

    @property
    def is_shared(self) -> bool:
        """True for a listener without HTTP.

        HTTP connection managers name the proxy's own service in traces, so listeners with HTTP are shared less.
        """
        return not any(isinstance(chain.connection, HttpRoutes) for chain in self.chains)

    @cached_property
    def origins(self) -> tuple[Origin, ...]:
        """The origins of all claims, without duplicates."""
        return tuple(dict.fromkeys(origin for claim in self.claims for origin in claim.origins))


class Egress(Struct, frozen=True):
    """The outbound listeners that equal sidecars of a scope share, by address and port.

    `of_endpoints` has all claims on the listeners of an endpoint, by the address of the endpoint.
    """

    listeners: Mapping[SocketKey, OutboundListener]
    of_endpoints: Mapping[str, Mapping[SocketKey, tuple[ListenerClaim, ...]]]
    findings: tuple[Diagnostic, ...]


class EgressKey(Key, frozen=True):
    """What the outbound listeners of a sidecar depend on, apart from its own address.

    `pairs` are the labels that some rule reads. `domain` is the DNS domain of the sidecar, or "" if no service has an
    alias. `dynamic` has the policies and extensions for connections to dynamic wildcard services, by namespace.
    """

    scope: ScopeKey
    addressing: Addressing
    pairs: tuple[tuple[str, str], ...]
    domain: str
    limits: BindLimits
    captured: bool
    tcp: TcpTraits
    dynamic: tuple[tuple[str, DynamicTraits], ...]


def egress_key(snapshot: Snapshot, facts: ProxyFacts, tcp: TcpTraits) -> EgressKey:
    """The egress key of a sidecar."""
    proxy = facts.proxy
    client = route_key(snapshot, proxy, facts.config)
    return EgressKey(
        scope=facts.scope.key,
        addressing=client.addressing,
        pairs=client.pairs,
        domain=client.domain if _has_aliases(snapshot, facts.scope.key) else "",
        limits=bind_limits(proxy, snapshot),
        captured=proxy.interception_mode is not InterceptionMode.NONE,
        tcp=tcp,
        dynamic=tuple(dynamic_traits(snapshot, facts).items()),
    )


@query
def _has_aliases(snapshot: Snapshot, key: ScopeKey) -> bool:
    """Whether some service of a scope has an alias."""
    return any(service.aliases for service in l4_scope(snapshot, key).services)


@query
def egress(snapshot: Snapshot, key: EgressKey) -> Egress:
    """The outbound listeners for an egress key."""
    client = EgressClient(key.addressing, key.limits, key.captured)
    chains, findings = egress_chains(snapshot, key), list[Diagnostic]()
    groups: dict[SocketKey, list[ListenerClaim]] = {}
    for claim_or_finding in claims(l4_scope(snapshot, key.scope), client, snapshot.endpoints):
        if isinstance(claim_or_finding, ListenerClaim):
            groups.setdefault(claim_or_finding.key, []).append(claim_or_finding)
        else:
            findings.append(claim_or_finding)
    of_endpoints: dict[str, dict[SocketKey, tuple[ListenerClaim, ...]]] = {}
    for socket, group in groups.items():
        if any(claim.of_endpoint for claim in group):
            of_endpoints.setdefault(socket[0], {})[socket] = tuple(group)
    listeners = {socket: merged_listener(group, chains.of, findings.append) for socket, group in groups.items()}
    return Egress(listeners, of_endpoints, by_place(findings))


def egress_chains(snapshot: Snapshot, key: EgressKey) -> EgressChains:
    """The builder of the filter chains."""
    client = L4Client(l4_scope(snapshot, key.scope), dict(key.pairs), snapshot.mesh.outbound_cluster_stat_name)
    return EgressChains(client, key.addressing, key.domain, key.tcp, dict(key.dynamic))


def without_itself(snapshot: Snapshot, key: EgressKey, address: str) -> Mapping[SocketKey, OutboundListener | None]:
    """The listeners on the sidecar's own address, without the claims of endpoints; None for a removed listener.

    An application that calls its own address bypasses those claims.
    """
    own = egress(snapshot, key).of_endpoints.get(address, {})
    if not own:
        return {}
    chains = egress_chains(snapshot, key)
    others = {socket: [claim for claim in group if not claim.of_endpoint] for socket, group in own.items()}
    return {
        socket: merged_listener(group, chains.of, lambda _: None) if group else None for socket, group in others.items()
    }


def merged_listener(group: Iterable[ListenerClaim], chains_of: ChainsOf, report: Report) -> OutboundListener:
    """The listener that merges a non-empty group of claims on one address and port."""
    first, *rest = group
    merge = ListenerMerge(first, chains_of, report)
    for claim in rest:
        merge.add(claim)
    return OutboundListener(tuple(merge.claims), tuple(merge.chains))


class ListenerMerge:
    """A listener while it is merged: what it handles so far, and the chains that match its connections.

    `protocol` becomes AUTO once the listener detects the protocol.
    """

    def __init__(self, first: ListenerClaim, chains_of: ChainsOf, report: Report) -> None:
        self._chains_of, self._report = chains_of, report
        self._start(first)

    def _start(self, claim: ListenerClaim) -> None:
        chains = self._chains_of(claim)
        self.claims = [claim]
        # Chains of one claim are not compared with each other, even if Envoy cannot distinguish them.
        self.chains = list(chains)
        self._taken = {chain.match.identity for chain in chains}
        # A chain for the rest follows chains for HTTP alone. With it, the listener detects the protocol.
        sniffs = claim.protocol is ListenerProtocol.HTTP and any(
            chain.match.traffic is Traffic.PLAIN_HTTP for chain in chains
        )
        self.protocol = Protocol.AUTO if sniffs else claim.port.protocol

    def add(self, claim: ListenerClaim) -> None:
        """Merge a later claim, as the table says."""
        if claim.egress_bind.catchall and claim.egress_bind.rank > self.claims[0].egress_bind.rank:
            return None  # an explicit egress listener of the Sidecar takes precedence
        if claim.port.protocol is Protocol.HTTP_PROXY:
            return self._start(claim)
        action = ACTIONS[LISTENER_PROTOCOLS[self.protocol], claim.protocol]
        if action is not Action.IGNORE and self._is_server_first_conflict(claim):
            return self._report(_protocol_conflict(self.claims[0], claim))
        if action is Action.REPLACE:
            return self._start(claim)
        self.claims.append(claim)
        if action is not Action.IGNORE:
            self._merge(claim)
        if action is Action.SNIFF:
            self.protocol = Protocol.AUTO
        return None

    def _merge(self, claim: ListenerClaim) -> None:
        """Add the chains of the claim, except those whose match is taken."""
        for chain in self._chains_of(claim):
            if chain.match.identity in self._taken:
                self._report(_listener_conflict(self.claims[0], claim))
            else:
                self._taken.add(chain.match.identity)
                self.chains.append(chain)

    def _is_server_first_conflict(self, claim: ListenerClaim) -> bool:
        protocols = {self.protocol, claim.port.protocol}
        return len(protocols) > 1 and not protocols.isdisjoint(SERVER_FIRST)


def _listener_conflict(winner: ListenerClaim, claim: ListenerClaim) -> Diagnostic:
    return LISTENER_CONFLICT(
        claim.origins[0],
        host=claim.service.hostname,
        bind=claim.binds[0],
        port=claim.port.number,
        winner=winner.service.hostname,
    )


def _protocol_conflict(winner: ListenerClaim, claim: ListenerClaim) -> Diagnostic:
    return PROTOCOL_CONFLICT(
        claim.origins[0],
        host=claim.service.hostname,
        bind=claim.binds[0],
        port=claim.port.number,
        protocol=claim.port.protocol,
        winner=winner.service.hostname,
        existing=winner.port.protocol,
    )
