"""How the policies of workloads change: proved to be equivalent, wider, narrower or incomparable."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from meshcompile.compare.pairs import ConfigPair
from meshcompile.config import Config
from meshcompile.prove.policies import PolicyComparison, PolicyWitness, Relation, compare_policies, gates_of
from meshcompile.proxy import ProxyType
from meshcompile.symbolic.concrete import ANY_CLIENT

INBOUND_LISTENER = "virtualInbound"


class PolicyChange(Struct, frozen=True):
    """Workloads whose policies change in the same way, and how what they admit relates to what they admitted."""

    proxies: tuple[str, ...]
    comparison: PolicyComparison

    @property
    def differs(self) -> bool:
        """Whether the policies are proved to admit other requests."""
        return self.comparison.relation not in (Relation.EQUIVALENT, Relation.UNKNOWN)

    @property
    def widens(self) -> bool:
        """Whether a request is known that only the new policies admit."""
        return self.comparison.gained is not None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {"proxies": list(self.proxies), **self.comparison.to_dict()}


class PolicyComparisons:
    """Compares the policies of proxies. Only those whose rules differ are compared, and equal ones once."""

    def __init__(self) -> None:
        self._found: dict[Hashable, tuple[dict[str, None], PolicyComparison]] = {}

    def add(self, name: str, pair: ConfigPair) -> None:
        """Compare the policies of both configurations of a workload."""
        if not _can_differ(pair):
            return
        before, after = _rules(pair.before), _rules(pair.after)
        if before == after:
            return
        key = before, after
        if key not in self._found:
            self._found[key] = {}, compare_policies(pair.before, pair.after)
        self._found[key][0][name] = None

    @property
    def changes(self) -> tuple[PolicyChange, ...]:
        """The changes, in the order in which they were found. Rules that differ can still admit the same."""
        return tuple(PolicyChange(tuple(names), found) for names, found in self._found.values())


def _can_differ(pair: ConfigPair) -> bool:
    """Whether a listener or a filter has changed that can have rules for requests from others."""
    listeners = pair.changed.get("listeners", {})
    is_sidecar = pair.before.proxy.type is ProxyType.SIDECAR
    return "extensions" in pair.changed or (INBOUND_LISTENER in listeners if is_sidecar else bool(listeners))


def _rules(config: Config) -> Hashable:
    """What the filter chains of a proxy ask, by kind."""
    return frozenset((each.http, each.rules, each.tokens, each.authorizers) for each in gates_of(config).values())


PROVED: Mapping[Relation, str] = {
    Relation.EQUIVALENT: "admit the same as before (proved)",
    Relation.WIDER: "admit more than before (proved)",
    Relation.NARROWER: "admit less than before (proved)",
    Relation.INCOMPARABLE: "admit other requests than before (proved)",
    Relation.UNKNOWN: "could not be compared",
}


def policy_lines(changes: Iterable[PolicyChange]) -> Iterator[str]:
    """The changes as lines of a report."""
    for each in changes:
        found = each.comparison
        reason = f": {found.reason}" if found.reason else ""
        yield f"  {', '.join(each.proxies)}: the policies {PROVED[found.relation]}{reason}"
        for sign, witness in (("+", found.gained), ("-", found.lost)):
            if witness is not None:
                yield f"    {sign} {_request(witness)}"


def _request(witness: PolicyWitness) -> str:
    """`GET /admin from spiffe://..., port 3000`."""
    asked = witness.request
    who = asked.principal or ("TLS without a certificate" if asked.principal == "" else "plain text")
    headers = "".join(f" -H '{name}: {value}'" for name, value in asked.headers)
    what = f"{asked.method} {asked.path}{headers}" if witness.http else "connection"
    places = ", ".join(dict.fromkeys(f"{place.file}:{place.line}" for place in witness.places))
    at = f" at {asked.source}" if asked.source != ANY_CLIENT else ""
    return f"{what} from {who}{at}, port {asked.port}{places and f'  ({places})'}"


POLICIES: Mapping[str, Any] = {
    "type": "array",
    "description": "Workloads whose policies changed, and how what they admit relates to what they admitted.",
    "items": {
        "type": "object",
        "required": ["proxies", "relation", "gained", "lost", "reason"],
        "properties": {
            "proxies": {"type": "array", "items": {"type": "string"}},
            "relation": {
                "enum": [str(each) for each in Relation],
                "description": "Proved, unless it is `unknown`. `wider`: they admit more after the change.",
            },
            "gained": {"type": ["object", "null"], "description": "A request that only the policies after it admit."},
            "lost": {"type": ["object", "null"], "description": "A request that only the policies before it admit."},
            "reason": {"type": ["string", "null"], "description": "Why the relation is unknown."},
        },
    },
}
