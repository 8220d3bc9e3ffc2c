"""Exact hosts and paths that do not match other common spellings."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.neighbours import matches_of
from meshcompile.analyze.uris import may_cover
from meshcompile.codes.http_rules import AUTHORITY_WITHOUT_PORT, EXACT_PATH
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.common import StringMatch
from meshcompile.snapshot.virtual_services import MergedVirtualService, Semantics


def exact_hosts_and_paths(context: Context) -> Iterator[Diagnostic]:
    """A finding for each exact authority without a port, and for each exact path that gets 404 with a slash."""
    for virtual_service in context.snapshot.virtual_services.all:
        if virtual_service.semantics is Semantics.ISTIO:
            yield from _authorities(virtual_service)
            yield from _paths(context, virtual_service)


def _authorities(virtual_service: MergedVirtualService) -> Iterator[Diagnostic]:
    first = {
        match.authority.exact: match
        for match in reversed(tuple(matches_of(virtual_service)))
        if match is not None and match.authority is not None and match.authority.exact
    }
    with_port = {authority.rpartition(":")[0] for authority in first}
    for authority, match in first.items():
        if ":" not in authority and authority not in with_port and match.authority is not None:
            yield AUTHORITY_WITHOUT_PORT(match.authority.at("exact"), authority=authority, port=match.port or 80)


def _paths(context: Context, virtual_service: MergedVirtualService) -> Iterator[Diagnostic]:
    exact = tuple(match for match in matches_of(virtual_service) if match is not None and _has_twin(match.uri))
    if not exact:
        return
    shared = tuple(
        None if match is None else match.uri
        for each in context.neighbours.sharing(virtual_service)
        for match in matches_of(each)
    )
    paths = {uri.exact for uri in shared if uri is not None and uri.exact is not None}
    others = tuple(uri for uri in shared if uri is None or uri.exact is None)
    for match in exact:
        path = "" if match.uri is None else match.uri.exact or ""
        twin = StringMatch(exact=f"{path}/")
        if match.uri is not None and twin.exact not in paths and not any(may_cover(uri, twin) for uri in others):
            yield EXACT_PATH(match.uri.at("exact"), path=path, host=virtual_service.hosts[0])


def _has_twin(uri: StringMatch | None) -> bool:
    """True for an exact path that is not a file and does not end with a slash."""
    path = "" if uri is None else uri.exact or ""
    return path.startswith("/") and not path.endswith("/") and "." not in path.rpartition("/")[2]
