"""Methods and paths in a spelling that no request has."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.codes.http_rules import METHOD_IN_SMALL_LETTERS, PATH_WITHOUT_SLASH
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.networking.virtual_service import HTTPMatchRequest, VirtualService
from meshcompile.models.security.authorization_policy import AuthorizationPolicy

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"})


def spellings(context: Context) -> Iterator[Diagnostic]:
    """A finding for each lowercase method, and each path without a leading slash."""
    for virtual_service in context.resources.all(VirtualService):
        for rule in virtual_service.spec.http:
            for match in rule.match:
                yield from _of_match(match)
    for policy in context.resources.all(AuthorizationPolicy):
        for operation in (to.operation for rule in policy.spec.rules for to in rule.to):
            if operation is not None:
                for field, methods in (("methods", operation.methods), ("not_methods", operation.not_methods)):
                    for index, method in enumerate(methods):
                        if _is_small(method):
                            place = operation.at(field, index)
                            yield METHOD_IN_SMALL_LETTERS(
                                place, method=method, meant=method.upper(), suggestion=f"write `{method.upper()}`"
                            )


def _of_match(match: HTTPMatchRequest) -> Iterator[Diagnostic]:
    method = "" if match.method is None else match.method.exact or ""
    if match.method is not None and _is_small(method):
        yield METHOD_IN_SMALL_LETTERS(
            match.method.at("exact"), method=method, meant=method.upper(), suggestion=f"write `{method.upper()}`"
        )
    if match.uri is not None:
        for kind in ("exact", "prefix"):
            path = getattr(match.uri, kind)
            if path and not path.startswith("/") and path != "*":
                yield PATH_WITHOUT_SLASH(match.uri.at(kind), path=path, suggestion=f"write `/{path}`")


def _is_small(method: str) -> bool:
    return method not in METHODS and method.upper() in METHODS
