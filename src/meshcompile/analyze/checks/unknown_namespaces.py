"""Namespaces that AuthorizationPolicies name. Follows istioctl's `AuthorizationPoliciesAnalyzer`."""

from collections.abc import Iterator, Set

from meshcompile.analyze.context import Context
from meshcompile.analyze.places import whole
from meshcompile.analyze.suggest import did_you_mean
from meshcompile.codes.references import NOT_FOUND
from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.documents import Origin
from meshcompile.models.security.authorization_policy import AuthorizationPolicy, Source


def unknown_namespaces(context: Context) -> Iterator[Diagnostic]:
    """A finding for each namespace or namespace pattern of a source that matches no namespace of the mesh."""
    for policy in context.written.all(AuthorizationPolicy):
        for source in (each.source for rule in policy.spec.rules for each in rule.from_):
            if source is not None:
                yield from _unknown(context, policy, source)


def _unknown(context: Context, policy: AuthorizationPolicy, source: Source) -> Iterator[Diagnostic]:
    """Findings about patterns without a namespace, and infos about those that match no Namespace of the input."""
    known, defined = context.namespaces, context.written.namespaces.keys()
    for field, names, effect in (
        ("namespaces", source.namespaces, "this part of the rule matches no request"),
        ("not_namespaces", source.not_namespaces, "this part of the rule excludes no request"),
    ):
        for index, pattern in enumerate(names):
            if _has(defined, pattern):
                continue
            place, reported = source.at(field, index), _reported(policy, source, index)
            if _has(known, pattern):
                yield _assumed(place, reported, pattern)
            else:
                yield NOT_FOUND(
                    place,
                    reported=reported,
                    problem=f"namespace `{pattern}` is not found",
                    effect=effect,
                    severity=Severity.WARNING,
                    suggestion=did_you_mean(pattern, known),
                )


def _assumed(place: Origin, reported: Origin, pattern: str) -> Diagnostic:
    problem = f"the input has no Namespace `{pattern}`"
    effect = "meshcompile assumes the namespaces of other objects"
    return NOT_FOUND(place, reported=reported, problem=problem, effect=effect, severity=Severity.INFO)


def _reported(policy: AuthorizationPolicy, source: Source, index: int) -> Origin:
    """The position at which istioctl reports an item of either list: that of the same item in `namespaces`."""
    return source.at("namespaces", index) if index < len(source.namespaces) else whole(policy)


def _has(names: Set[str], pattern: str) -> bool:
    """True if a name matches a pattern with `*` at one end."""
    if pattern.startswith("*"):
        return any(name.endswith(pattern[1:]) for name in names)
    if pattern.endswith("*"):
        return any(name.startswith(pattern[:-1]) for name in names)
    return pattern in names
