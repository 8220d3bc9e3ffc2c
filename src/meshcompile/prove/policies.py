"""The authorization policies of two versions of a workload, or of two workloads, compared as sets of requests."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from meshcompile.config import Config
from meshcompile.documents import Origin
from meshcompile.envoy.config.listener import FilterChain, Listener
from meshcompile.envoy.message import source_map
from meshcompile.proxy import ProxyType
from meshcompile.simulate.rbac import RbacVerdict, verdict
from meshcompile.spaces import Cube, OptionalText, Request, Space, Undecided, matching
from meshcompile.symbolic.concrete import ConcreteRequest
from meshcompile.symbolic.gates import Gate, gates, without_tokens
from meshcompile.symbolic.metadata import LIST, TEXT
from meshcompile.symbolic.rows import USUAL, taken_for_granted
from meshcompile.values.spiffe import PREFIX

INBOUND = "virtualInbound"


class Relation(StrEnum):
    """How the requests that the second policies admit relate to those that the first admit."""

    EQUIVALENT = "equivalent"
    WIDER = "wider"
    NARROWER = "narrower"
    INCOMPARABLE = "incomparable"
    UNKNOWN = "unknown"


class PolicyWitness(Struct, frozen=True):
    """A request that one side admits and the other refuses.

    `admitted_by` and `refused_by` are the names that istiod gives to the rules, "" for none. The places are those of
    these rules.
    """

    request: ConcreteRequest
    http: bool
    admitted_by: str
    refused_by: str
    places: tuple[Origin, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "request": self.request.to_dict(http=self.http),
            "admitted_by": self.admitted_by or None,
            "refused_by": self.refused_by or None,
            "lines": [f"{place.file}:{place.line}" for place in self.places],
        }


class PolicyComparison(Struct, frozen=True):
    """The relation of the second policies to the first, which is proved unless it is unknown.

    `gained` is a request that only the second admit, `lost` one that only the first admit. `reason` says why the
    relation is unknown.
    """

    relation: Relation
    gained: PolicyWitness | None = None
    lost: PolicyWitness | None = None
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "relation": str(self.relation),
            "gained": None if self.gained is None else self.gained.to_dict(),
            "lost": None if self.lost is None else self.lost.to_dict(),
            "reason": self.reason or None,
        }


def compare_policies(before: Config, after: Config) -> PolicyComparison:
    """The authorization of a workload after a change, compared with that before it; or of two workloads.

    Requests and connections at all ports count. Requests are assumed to have a valid token or none.
    """
    gained = lost = None
    try:
        for one, other in _pairs(gates_of(before), gates_of(after)):
            lost = lost or _only(one, other)
            gained = gained or _only(other, one)
    except Undecided as undecided:
        return PolicyComparison(Relation.UNKNOWN, gained, lost, str(undecided))
    return PolicyComparison(_relation(gained, lost), gained, lost)


def compare_gates(before: Gate, after: Gate) -> PolicyComparison:
    """The authorization of a filter chain after a change, compared with that before it."""
    gained = lost = None
    try:
        lost = _only(before, after)
        gained = _only(after, before)
    except Undecided as undecided:
        return PolicyComparison(Relation.UNKNOWN, gained, lost, str(undecided))
    return PolicyComparison(_relation(gained, lost), gained, lost)


def _relation(gained: PolicyWitness | None, lost: PolicyWitness | None) -> Relation:
    match gained, lost:
        case None, None:
            return Relation.EQUIVALENT
        case _, None:
            return Relation.WIDER
        case None, _:
            return Relation.NARROWER
        case _:
            return Relation.INCOMPARABLE


Key = tuple[object, ...]
GatesOfChains = Mapping[Key, Gate]


def gates_of(config: Config) -> GatesOfChains:
    """What the filter chains ask that requests from other workloads meet, by what selects the chain."""
    extensions, tables = {each.name: each for each in config.extensions}, {each.name: each for each in config.routes}
    listeners = [
        each for each in config.listeners if each.name == INBOUND or config.proxy.type is not ProxyType.SIDECAR
    ]
    return {
        (
            listener.name,
            chain.filter_chain_match,
            chain.name if listener.filter_chain_matcher else "",
            found.http,
        ): found
        for listener in listeners
        for chain, found in gates(listener, extensions, tables)
    }


def _selected_name(listener: Listener, chain: FilterChain) -> str:
    """The name of a chain, if a matcher of the listener selects by it."""
    return chain.name if listener.filter_chain_matcher is not None else ""


def _pairs(before: GatesOfChains, after: GatesOfChains) -> Iterator[tuple[Gate, Gate]]:
    """The gates to compare: one pair per kind where all chains of a kind ask the same, else one per chain."""
    found = False
    for http in (True, False):
        was, now = ({gate for gate in side.values() if gate.http == http} for side in (before, after))
        if len(was) == len(now) == 1:
            found = True
            yield was.pop(), now.pop()
        elif was and now:
            found = True
            yield from _by_chain(before, after, http=http)
    if not found:
        raise Undecided("they take no traffic of the same kind")


def _by_chain(before: GatesOfChains, after: GatesOfChains, *, http: bool) -> Iterator[tuple[Gate, Gate]]:
    keys = {key for side in (before, after) for key, gate in side.items() if gate.http == http}
    if any(key not in before or key not in after for key in keys):
        raise Undecided("the policies differ between filter chains, and not every filter chain is on both sides")
    yield from dict.fromkeys((before[key], after[key]) for key in sorted(keys, key=repr))


def _only(one: Gate, other: Gate) -> PolicyWitness | None:
    """A request that the first gate admits, and the second refuses.

    Raises:
        Undecided: There may be one.
    """
    if one == other:
        return None
    if one.authorizers != other.authorizers:
        raise Undecided("an external authorizer decides")
    reason = ""
    for witness in _witnesses(one, other):
        if (needed := taken_for_granted(witness)) is not None:
            reason = reason or f"it depends on {needed}"
        elif (found := _confirmed(witness, one, other)) is not None:
            return found
        else:
            reason = reason or "a witness could not be confirmed"
    if reason:
        raise Undecided(reason)
    return None


def _witnesses(one: Gate, other: Gate) -> Iterator[Request]:
    used = one.dimensions() | other.dimensions()
    admitted = one.admitted(one.requests(used))
    if one.tokens == other.tokens:
        yield from _examples(other.refused(admitted & other.requests(used)))
    elif one.tokens is None:
        yield from _examples(other.refused(without_tokens(admitted) & other.requests(used)))
    elif other.tokens is None:
        yield from _examples(admitted - without_tokens(other.admitted(other.requests(used))))
    elif _asks_for_claims(used):
        raise Undecided("the tokens that they accept differ")
    else:
        yield from _examples(other.refused(admitted & other.requests(used)))


def _asks_for_claims(used: set[str]) -> bool:
    return any(name.startswith((TEXT, LIST)) for name in used)


def _examples(requests: Space) -> Iterator[Request]:
    return (cube.example({**USUAL, "principal": (None, *_identities(cube))}) for cube in requests.cubes)


IDENTITIES = (
    matching(f"{PREFIX}cluster[.]local/ns/[a-z0-9-]+/sa/[a-z0-9-]+"),
    matching(f"{PREFIX}[^/]+/ns/[^/]+/sa/[^/]+"),
)


def _identities(cube: Cube) -> Iterator[str]:
    """Identities of workloads that a case takes, such as clients have them."""
    values = cube.values("principal")
    for wanted in IDENTITIES if isinstance(values, OptionalText) else ():
        assert isinstance(values, OptionalText)
        if (example := (values.texts & wanted).example()) is not None:
            yield example


def _confirmed(witness: Request, one: Gate, other: Gate) -> PolicyWitness | None:
    """The witness, if the evaluation of the rules agrees."""
    request = ConcreteRequest.of(witness)
    admitting, refusing = _first_verdict(one, request), _first_verdict(other, request)
    if not admitting.allowed or refusing.allowed:
        return None
    places = (*_places(one, admitting.policy), *_places(other, refusing.policy))
    return PolicyWitness(request, one.http, admitting.policy, refusing.policy, places)


def _first_verdict(gate: Gate, request: ConcreteRequest) -> RbacVerdict:
    """The verdict of the first rules that refuse a request, else that of the last rules."""
    subject = (request if gate.tokens is not None else request.without_tokens()).subject
    last = RbacVerdict(True)
    for rules in gate.rules:
        found = verdict(rules, subject, "")
        if not found.allowed and rules.action != "LOG":
            return found
        last = found if rules.action == "ALLOW" else last
    return last


def _places(gate: Gate, policy: str) -> tuple[Origin, ...]:
    return next(
        (source_map(rules.policies[policy]).get("", ()) for rules in gate.rules if policy in rules.policies), ()
    )
