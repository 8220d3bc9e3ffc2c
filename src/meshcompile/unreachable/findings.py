"""What no request reaches, as findings. They are proved from the objects, without compiling proxies."""

from collections.abc import Iterable, Iterator

from meshcompile.codes.http_rules import PATH_WITHOUT_SLASH
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.unreachable.policy_rules import unreachable_policy_rules
from meshcompile.unreachable.rules import unreachable_rules

TAKING_NOTHING = frozenset({PATH_WITHOUT_SLASH.id})
"""Codes of matches that take no request."""


def unreachable_findings(snapshot: Snapshot, said: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """The findings about rules of routes and of policies, without those whose cause another finding states.

    `said` are the other findings. They explain why the conditions of a rule exclude each other.
    """
    rules = tuple(unreachable_rules(snapshot.virtual_services.all))
    contradictory = [each for each in rules if not each.related]
    known = _explained(contradictory, said) if contradictory else frozenset[Origin]()
    yield from (each for each in rules if each.origin not in known)
    yield from unreachable_policy_rules(snapshot)


def _explained(rules: Iterable[Diagnostic], said: Iterable[Diagnostic]) -> frozenset[Origin]:
    """The places of the rules that a finding is within which says why they take nothing."""
    causes = [each.cause or each.origin for each in said if each.code in TAKING_NOTHING]
    return frozenset(rule.origin for rule in rules for cause in causes if _contains(rule.origin, cause))


def _contains(rule: Origin, cause: Origin) -> bool:
    return cause.document is rule.document and cause.path[: len(rule.path)] == rule.path
