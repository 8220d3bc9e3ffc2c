"""The treatment of findings: which codes are selected, their severities, and suppressions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.codes.project import UNUSED_SUPPRESSION
from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.documents import Document, Origin
from meshcompile.findings.comments import Comment
from meshcompile.findings.selection import CodeSelection
from meshcompile.findings.suppressions import Suppression


class SuppressionRule(Struct, frozen=True):
    """A suppression by code and object, and its position."""

    suppression: Suppression
    origin: Origin


class Policy(Struct, frozen=True):
    """The selection, severities that override those of codes, and the suppressions."""

    selection: CodeSelection = CodeSelection()
    severities: Mapping[str, Severity] = {}
    rules: tuple[SuppressionRule, ...] = ()


class Judged(Struct, frozen=True):
    """The remaining findings, the number of suppressed ones, and the suppressions that match nothing."""

    kept: tuple[Diagnostic, ...]
    suppressed: int
    unused: tuple[Diagnostic, ...]


def judged(found: Iterable[Diagnostic], policy: Policy, comments: tuple[Comment, ...]) -> Judged:
    """The findings under a policy, in their order."""
    selected = tuple(_with_severity(each, policy) for each in found if policy.selection.includes(each))
    used: set[Comment | SuppressionRule] = set()
    kept = []
    for each in selected:
        covering = [*_covering(each, policy, comments)]
        used.update(covering)
        if not covering:
            kept.append(each)
    return Judged(tuple(kept), len(selected) - len(kept), tuple(_unused(policy, comments, used)))


def origin_of_option() -> Origin:
    """The origin of values on the command line."""
    return Origin(Document("<command line>", {}))


def _with_severity(found: Diagnostic, policy: Policy) -> Diagnostic:
    severity = policy.severities.get(found.code) or policy.severities.get(found.slug)
    return replace(found, severity=severity) if severity else found


def _covering(found: Diagnostic, policy: Policy, comments: tuple[Comment, ...]) -> Iterator[Comment | SuppressionRule]:
    yield from (rule for rule in policy.rules if rule.suppression.covers(found))
    yield from (comment for comment in comments if comment.covers(found))


def _unused(
    policy: Policy, comments: tuple[Comment, ...], used: set[Comment | SuppressionRule]
) -> Iterator[Diagnostic]:
    """A finding for each suppression that matches nothing, unless its codes are not selected."""
    for rule in policy.rules:
        if rule not in used and _is_wanted(policy, (rule.suppression.code,)):
            yield UNUSED_SUPPRESSION(rule.origin, what=f"`{rule.suppression}`")
    for comment in comments:
        if comment not in used and _is_wanted(policy, comment.codes):
            yield UNUSED_SUPPRESSION(comment.origin, what=str(comment))


def _is_wanted(policy: Policy, codes: tuple[str, ...]) -> bool:
    """True if every code of a suppression is selected, and so are findings about unused suppressions."""
    ids = (*codes, UNUSED_SUPPRESSION.id) if codes or not policy.selection.select else ("", UNUSED_SUPPRESSION.id)
    return all(policy.selection.includes(_example(code)) for code in ids)


def _example(code: str) -> Diagnostic:
    """A finding with a code, which is given by its ID or slug."""
    return Diagnostic(code, code, Severity.INFO, "", origin_of_option())
