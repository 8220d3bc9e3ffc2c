"""Namespaces that AuthorizationPolicies name. Follows istioctl's `AuthorizationPoliciesAnalyzer`."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.suggest import did_you_mean
from meshcompile.codes.references import NOT_FOUND
from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.models.security.authorization_policy import AuthorizationPolicy, Source


def unknown_namespaces(context: Context) -> Iterator[Diagnostic]:
    """A finding for each namespace or namespace pattern of a source that matches no namespace of the mesh."""
    for policy in context.written.all(AuthorizationPolicy):
        for source in (each.source for rule in policy.spec.rules for each in rule.from_):
            if source is not None:
                yield from _unknown(source, context.namespaces)


def _unknown(source: Source, known: frozenset[str]) -> Iterator[Diagnostic]:
    for field, names, effect in (
        ("namespaces", source.namespaces, "this part of the rule matches no request"),
        ("not_namespaces", source.not_namespaces, "this part of the rule excludes no request"),
    ):
        for index, pattern in enumerate(names):
            if not any(_meets(name, pattern) for name in known):
                problem = f"namespace `{pattern}` is not found"
                suggestion = did_you_mean(pattern, known)
                place = source.at(field, index)
                yield NOT_FOUND(place, problem=problem, effect=effect, severity=Severity.WARNING, suggestion=suggestion)


def _meets(name: str, pattern: str) -> bool:
    """True if a name matches a pattern with `*` at one end."""
    if pattern.startswith("*"):
        return name.endswith(pattern[1:])
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
