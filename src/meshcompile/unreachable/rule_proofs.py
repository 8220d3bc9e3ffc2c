"""Proofs that no request reaches a match of a VirtualService or an HTTPRoute, at any proxy."""

from collections.abc import Mapping, Sequence

from meshcompile.emit.routes.match import route_match
from meshcompile.envoy.config.route import Route, RouteConfiguration, VirtualHost
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager
from meshcompile.models.networking.virtual_service import MESH_GATEWAY
from meshcompile.resolve.routes.virtual_service.matches import route_match as conditions
from meshcompile.snapshot.virtual_services import MergedVirtualService
from meshcompile.spaces import Proved
from meshcompile.symbolic.host_table import HostTable
from meshcompile.symbolic.paths import visible_paths
from meshcompile.unreachable.placed_match import PlacedMatch

ANY_TABLE = RouteConfiguration(ignore_port_in_host_matching=True)
NOT_NORMALIZED = HttpConnectionManager(normalize_path=False)


def proved_unreachable(
    virtual_service: MergedVirtualService, matches: Sequence[PlacedMatch], candidates: Sequence[int]
) -> Mapping[int, tuple[PlacedMatch, ...]]:
    """The candidates that no request reaches, each with those that take its requests."""
    routes = [Route(match=route_match(conditions(each.match, virtual_service.semantics))) for each in matches]
    domains = ("*",) if MESH_GATEWAY in virtual_service.gateways else virtual_service.hosts
    tables: dict[tuple[int, ...], HostTable] = {}
    found = {}
    for index in candidates:
        rows = tuple(n for n in range(len(matches)) if n == index or _applies_with(matches[n], matches[index]))
        host = VirtualHost(domains=domains, routes=tuple(routes[n] for n in rows))
        if rows not in tables:
            tables[rows] = HostTable(host, ANY_TABLE, visible_paths(NOT_NORMALIZED))
        answer = tables[rows].unreachable(rows.index(index))
        if isinstance(answer, Proved):
            found[index] = tuple(matches[rows[n]] for n in answer.by)
    return found


def _applies_with(other: PlacedMatch, placed: PlacedMatch) -> bool:
    """True if the other match applies at every proxy and port where a match applies."""
    wide, narrow = other.match, placed.match
    if wide is None:
        return True
    if narrow is None:
        return not (wide.gateways or wide.port or wide.source_labels or wide.source_namespace)
    return (
        (not wide.gateways or (bool(narrow.gateways) and set(narrow.gateways) <= set(wide.gateways)))
        and wide.port in (0, narrow.port)
        and wide.source_namespace in ("", narrow.source_namespace)
        and wide.source_labels.items() <= narrow.source_labels.items()
    )
