"""The authorization of filter chains before and after a change: proofs that it admits the same, and probes if not."""

from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec
from msgspec.structs import replace

from meshcompile.compare.listeners import known_hosts
from meshcompile.compare.probes import PlacedChain, Probe, connection_to, described_chain, tables
from meshcompile.compare.tokens import with_good_token
from meshcompile.compare.waypoints import as_client
from meshcompile.config import Config
from meshcompile.envoy.config.listener import Filter, FilterChain, Listener
from meshcompile.envoy.extensions.filters.http import rbac as http_rbac
from meshcompile.envoy.extensions.filters.http.jwt_authn import JwtAuthentication
from meshcompile.envoy.extensions.filters.network import rbac as network_rbac
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager, HttpFilter
from meshcompile.envoy.message import Packed
from meshcompile.envoy.traversal import filter_chains
from meshcompile.prove.policies import PolicyComparison, PolicyWitness, Relation, compare_gates
from meshcompile.simulate import ClientHello, DownstreamConnection, HttpRequest, PeerCertificate
from meshcompile.symbolic.concrete import ANY_SERVER, ConcreteRequest
from meshcompile.symbolic.gates import Gate, gate


class GateComparisons:
    """Compares the gates of filter chains of two configurations, equal ones once."""

    def __init__(self, before: Config, after: Config) -> None:
        self._configs = before, after
        self._known: dict[tuple[Gate, Gate], PolicyComparison] = {}

    def of(self, old: FilterChain, new: FilterChain) -> PolicyComparison:
        """What a chain admits after the change, compared with what it admitted."""
        both = _gate(old, self._configs[0]), _gate(new, self._configs[1])
        if both not in self._known:
            self._known[both] = compare_gates(*both)
        return self._known[both]

    def relation(self, old: Listener, new: Listener) -> Relation | None:
        """How what two listeners admit relates, if they differ in nothing but rules for requests; None if in more.

        Rules that admit the same can still mean something else if they stand before other filters.
        """
        if _ungated(old) != _ungated(new):
            return None
        chains = zip(filter_chains(old), filter_chains(new), strict=True)
        differing = [(was, now) for was, now in chains if was != now]
        relations = {self.of(was, now).relation for was, now in differing}
        if relations - {Relation.EQUIVALENT}:
            return next(iter(relations - {Relation.EQUIVALENT}))
        return Relation.EQUIVALENT if all(len(_ranks(was) | _ranks(now)) == 1 for was, now in differing) else None

    def _tokens(self, old: FilterChain, new: FilterChain) -> JwtAuthentication | None:
        """The tokens that a chain takes, after the change or else before it."""
        return _gate(new, self._configs[1]).tokens or _gate(old, self._configs[0]).tokens

    def probes(self, old: PlacedChain | None, new: PlacedChain | None) -> Iterator[Probe]:
        """A request that only one side of a chain admits, for each side that admits one."""
        if old is None or new is None or old.chain == new.chain:
            return
        found = self.of(old.chain, new.chain)
        for witness in filter(None, (found.gained, found.lost)):
            connection = _connection(connection_to(self._configs[1], new), witness.request)
            if connection is not None:
                words = described_chain(new, connection)
                blamed = (old.chain, old.listener), (new.chain, new.listener)
                first, *others = self._requests(old, new, witness)
                yield Probe(connection, first, words, *blamed, alternatives=tuple(filter(None, others)))

    def _requests(self, old: PlacedChain, new: PlacedChain, found: PolicyWitness) -> Iterator[HttpRequest | None]:
        """The request of a witness: to a host that the chain knows, and as it is; None for a connection."""
        if not found.http:
            yield None
            return
        request = _request(found.request, self._tokens(old.chain, new.chain))
        if request.authority == ConcreteRequest().authority:
            yield from (replace(request, authority=host) for host in islice(known_hosts(self._configs[1], new), 1))
        yield request


def _request(wanted: ConcreteRequest, tokens: JwtAuthentication | None) -> HttpRequest:
    """The request, with a token where one of its issuer is looked for."""
    claims = wanted.claims
    providers = tokens.providers.values() if tokens is not None and claims is not None else ()
    provider = next((each for each in providers if claims is not None and each.issuer == claims.get("iss")), None)
    if provider is None or claims is None:
        return wanted.request
    return with_good_token(wanted.request, provider, claims)


def _gate(chain: FilterChain, config: Config) -> Gate:
    return gate(chain, {each.name: each for each in config.extensions}, tables(config))


def _connection(usual: DownstreamConnection, wanted: ConcreteRequest) -> DownstreamConnection | None:
    """The connection of a request to a chain; None if the chain cannot get it."""
    if usual.listener:
        named = as_client(usual, wanted.principal or "")
        return msgspec.structs.replace(named, source=wanted.source) if wanted.client == wanted.source else None
    tls = _hello(usual.tls, wanted)
    if (tls is None) != (usual.tls is None) or wanted.client != wanted.source:
        return None
    destination = usual.destination if wanted.destination == ANY_SERVER else wanted.destination
    return msgspec.structs.replace(usual, source=wanted.source, destination=destination, tls=tls)


def _hello(usual: ClientHello | None, wanted: ConcreteRequest) -> ClientHello | None:
    """The handshake of a request. Without one in the request, any client will do."""
    if usual is None or wanted.principal is None:
        return usual if wanted.principal is None else wanted.hello
    certificate = PeerCertificate(uris=(wanted.principal,)) if wanted.principal else None
    return msgspec.structs.replace(usual, sni=wanted.sni or usual.sni, certificate=certificate)


def _ungated(listener: Listener) -> Listener:
    """The listener without its rules for requests."""
    chains = tuple(map(_without_rules, listener.filter_chains))
    default = listener.default_filter_chain
    without = None if default is None else _without_rules(default)
    return msgspec.structs.replace(listener, filter_chains=chains, default_filter_chain=without, metadata=None)


def _without_rules(chain: FilterChain) -> FilterChain:
    filters = tuple(_ungated_filter(each) for each in chain.filters if not _is_rules(each.typed_config))
    return msgspec.structs.replace(chain, filters=filters)


def _ungated_filter(each: Filter) -> Filter:
    manager = each.typed_config
    if not isinstance(manager, HttpConnectionManager):
        return each
    filters = tuple(one for one in manager.http_filters if not _is_rules(one.typed_config))
    return msgspec.structs.replace(each, typed_config=msgspec.structs.replace(manager, http_filters=filters))


def _is_rules(config: Packed | None) -> bool:
    """Whether a filter does nothing but admit or refuse."""
    if not isinstance(config, http_rbac.RBAC | network_rbac.RBAC):
        return False
    return config.matcher is None and config.shadow_matcher is None and config.shadow_rules is None


def _ranks(chain: FilterChain) -> set[tuple[int, int]]:
    """How many filters of other kinds stand before the rules of a chain: network filters, and HTTP filters."""
    managers = [each.typed_config for each in chain.filters if isinstance(each.typed_config, HttpConnectionManager)]
    lists: tuple[Sequence[Filter | HttpFilter], ...] = (chain.filters, *(each.http_filters for each in managers))
    return {place for kind, filters in enumerate(lists) for place in _places(kind, filters)}


def _places(kind: int, filters: Sequence[Filter | HttpFilter]) -> Iterator[tuple[int, int]]:
    others = 0
    for each in filters:
        if _is_rules(each.typed_config):
            yield kind, others
        else:
            others += 1
