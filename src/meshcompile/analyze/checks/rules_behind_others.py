"""Rules of VirtualServices that share a host at a gateway, and that a rule of an older VirtualService shadows."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from meshcompile.analyze.context import Context
from meshcompile.analyze.neighbours import matches_of
from meshcompile.analyze.uris import path_text
from meshcompile.codes.gateway_routes import BEHIND_ANOTHER
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.networking.virtual_service import HTTPMatchRequest
from meshcompile.snapshot.dead_rules import applies_everywhere, takes_every_request
from meshcompile.snapshot.virtual_services import MergedVirtualService

Takers = dict[tuple[str, str], tuple[MergedVirtualService, HTTPMatchRequest]]
"""Matches without further conditions, by kind (`exact` or `prefix`) and path."""


def rules_behind_others(context: Context) -> Iterator[Diagnostic]:
    """A finding for each match that a match of another VirtualService shadows at a gateway."""
    for gateway in context.gateways.values():
        namespace = min(context.namespaces_of(gateway), default=gateway.namespace)
        routed = context.snapshot.virtual_services.for_gateway(namespace, gateway.full_name)
        for host, group in _by_host(routed).items():
            if len(group) > 1:
                yield from _behind(gateway.full_name, host, group)


def _by_host(virtual_services: tuple[MergedVirtualService, ...]) -> Mapping[str, list[MergedVirtualService]]:
    found: dict[str, list[MergedVirtualService]] = defaultdict(list)
    for each in virtual_services:
        for host in each.hosts:
            found[host.lower()].append(each)
    return found


def _behind(gateway: str, host: str, group: list[MergedVirtualService]) -> Iterator[Diagnostic]:
    takers: Takers = {}
    for virtual_service in group:
        own: Takers = {}
        for match in matches_of(virtual_service):
            if match is None or match.uri is None or match.gateways or takes_every_request(match):
                continue
            taker = _taker(takers, match)
            if taker is not None and taker[0] is not virtual_service:
                other = f"{taker[0].namespace}/{taker[0].name}"
                related = (Related("this match comes first", taker[1].origin),)
                yield BEHIND_ANOTHER(
                    match, gateway=gateway, host=host, path=path_text(match.uri), other=other, related=related
                )
            elif _is_open(match):
                own |= dict.fromkeys(_paths(match), (virtual_service, match))
        takers |= {path: taker for path, taker in own.items() if path not in takers}


def _is_open(match: HTTPMatchRequest) -> bool:
    """True if a match has no condition other than the path."""
    conditions = match.headers or match.without_headers or match.query_params
    limited = match.method or match.authority or match.scheme or match.ignore_uri_case
    return applies_everywhere(match) and not conditions and not limited


def _paths(match: HTTPMatchRequest) -> Iterator[tuple[str, str]]:
    if match.uri is not None and match.uri.exact is not None:
        yield "exact", match.uri.exact
    elif match.uri is not None and match.uri.prefix is not None:
        yield "prefix", match.uri.prefix


def _taker(takers: Takers, match: HTTPMatchRequest) -> tuple[MergedVirtualService, HTTPMatchRequest] | None:
    """The earlier match that matches every request of this one."""
    for kind, path in _paths(match):
        covering = (takers.get(("prefix", path[:end])) for end in range(1, len(path) + 1))
        found = next((taker for taker in covering if taker is not None), None)
        return found or (takers.get(("exact", path)) if kind == "exact" else None)
    return None
