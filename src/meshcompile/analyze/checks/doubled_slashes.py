"""Rewrites that result in a path with two slashes."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.codes.http_rules import DOUBLED_SLASH
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.networking.virtual_service import HTTPRoute, VirtualService


def doubled_slashes(context: Context) -> Iterator[Diagnostic]:
    """A finding for each rewrite that ends with a slash although the matched prefix does not."""
    for virtual_service in context.resources.all(VirtualService):
        taken: set[str] = set()  # prefixes of earlier matches
        for rule in virtual_service.spec.http:
            yield from _of_rule(rule, taken)
            taken |= {match.uri.prefix for match in rule.match if match.uri is not None and match.uri.prefix}


def _of_rule(rule: HTTPRoute, taken: set[str]) -> Iterator[Diagnostic]:
    if rule.rewrite is None or not rule.rewrite.uri.endswith("/"):
        return
    earlier = set(taken)
    for match in rule.match:
        prefix = "" if match.uri is None else match.uri.prefix or ""
        if prefix.startswith("/") and not prefix.endswith("/") and f"{prefix}/" not in earlier:
            rewritten = f"{rule.rewrite.uri}/a"
            suggestion = f"match `{prefix}/` and `{prefix}` apart"
            yield DOUBLED_SLASH(rule.rewrite.at("uri"), prefix=prefix, rewritten=rewritten, suggestion=suggestion)
            return
        earlier.add(prefix)
