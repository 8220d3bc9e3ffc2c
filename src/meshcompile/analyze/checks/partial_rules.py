"""Requests that no rule matches, because every rule for them has a further condition."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from meshcompile.analyze.context import Context
from meshcompile.analyze.neighbours import matches_of
from meshcompile.analyze.uris import may_cover, path_text
from meshcompile.codes.http_rules import REST_NOT_TAKEN
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.models.common import StringMatch
from meshcompile.models.networking.virtual_service import HTTPMatchRequest
from meshcompile.snapshot.virtual_services import MergedVirtualService, Semantics

CLAIM = "@request.auth.claims"
COMPARED = 200
"""The maximum number of matches that are compared with each other."""


def partial_rules(context: Context) -> Iterator[Diagnostic]:
    """A finding for each path that matches only with a header, a query parameter or a method."""
    for virtual_service in context.snapshot.virtual_services.all:
        if virtual_service.semantics is Semantics.ISTIO:
            yield from _of_virtual_service(context, virtual_service)


def _of_virtual_service(context: Context, virtual_service: MergedVirtualService) -> Iterator[Diagnostic]:
    conditional = _conditional(virtual_service)
    if not conditional or len(conditional) > COMPARED:
        return
    sharing = context.neighbours.sharing(virtual_service)
    takers = [None if m is None else m.uri for each in sharing for m in matches_of(each) if _is_open(m)]
    for path, group in conditional.items():
        if not _complement(group) and not any(may_cover(uri, group[0].uri) for uri in takers):
            yield _finding(virtual_service, path, group)


def _conditional(virtual_service: MergedVirtualService) -> Mapping[str, list[HTTPMatchRequest]]:
    """The matches with conditions, by path."""
    by_path: dict[str, list[HTTPMatchRequest]] = defaultdict(list)
    for match in matches_of(virtual_service):
        if match is not None and _has_condition(match):
            by_path[path_text(match.uri)].append(match)
    return by_path


def _is_open(match: HTTPMatchRequest | None) -> bool:
    """True if a match has no condition other than the path."""
    return match is None or not (match.authority or match.scheme or match.without_headers or _has_condition(match))


def _has_condition(match: HTTPMatchRequest) -> bool:
    """True if `_conditions` has any."""
    has_method = match.method is not None and (match.method.exact or "").isupper()
    return has_method or bool(match.query_params) or any(not name.startswith(CLAIM) for name in match.headers)


def _complement(group: Iterable[HTTPMatchRequest]) -> bool:
    """True if one match requires what another excludes, so that together they may match every request."""
    required = {header for match in group for header in match.headers}
    return any(header in required for match in group for header in match.without_headers)


def _conditions(match: HTTPMatchRequest) -> Iterator[tuple[str, Origin]]:
    """The conditions of a match as text, each with its position."""
    for name, value in match.headers.items():
        if not name.startswith(CLAIM):
            yield f"header `{name}{_value(value)}`", _place(match.at("headers", name), value)
    for name, value in match.query_params.items():
        yield f"query parameter `{name}{_value(value)}`", _place(match.at("query_params", name), value)
    if match.method is not None and (match.method.exact or "").isupper():
        yield f"method `{match.method.exact}`", _place(match.at("method"), match.method)


def _value(value: StringMatch) -> str:
    if value.exact is not None:
        return f": {value.exact}"
    return f": {value.prefix}..." if value.prefix is not None else "" if value.regex is None else f": {value.regex}"


def _place(place: Origin, value: StringMatch) -> Origin:
    """The value of a condition, or its name if it only tests for presence."""
    kind = next((kind for kind in ("exact", "prefix", "regex") if getattr(value, kind) is not None), None)
    return place if kind is None else place.at(kind)


def _finding(virtual_service: MergedVirtualService, path: str, group: list[HTTPMatchRequest]) -> Diagnostic:
    conditions = [condition for match in group for condition in _conditions(match)]
    texts = list(dict.fromkeys(text for text, _ in conditions))
    (_, place), *_ = _conditions(group[-1])
    is_cased = any(value.exact and value.exact != value.exact.lower() for m in group for value in m.headers.values())
    return REST_NOT_TAKEN(
        place,
        host=virtual_service.hosts[0],
        path=path,
        conditions=f"{' and '.join(texts)}" if len(group) == 1 else f"any of {', '.join(texts[:4])}",
        suggestion="values are compared with their case; add a rule without the condition for the others"
        if is_cased
        else "add a rule without the condition for the others",
    )
