"""All tables of one proxy, each name with its type: `istioctl proxy-config all`.

Follows istioctl's `ConfigWriter.PrintFullSummary`. Endpoints come with their locality.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from meshcompile.emit.resources import Resources
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import Locality
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment
from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.config.route import RouteConfiguration
from meshcompile.output.columns import aligned
from meshcompile.output.live_bootstrap import bootstrap_summary
from meshcompile.output.secrets import SdsSecret, secret_table
from meshcompile.output.tables import (
    CLUSTER_COLUMNS,
    LISTENER_COLUMNS,
    ROUTE_COLUMNS,
    cluster_key,
    cluster_rows,
    endpoint_address,
    health_status,
    listener_rows,
    load_assignments,
    route_rows,
)
from meshcompile.proxy import Proxy
from meshcompile.values.hosts import UNIX_PREFIX


def full_summary(resources: Resources, secrets: Sequence[SdsSecret], proxy: Proxy, now: datetime) -> str:
    """The bootstrap, clusters, listeners, routes, secrets and endpoints, with empty lines between."""
    return "\n".join(
        (
            bootstrap_summary(proxy),
            _clusters(resources.clusters),
            _listeners(resources.listeners),
            _routes(resources.routes),
            secret_table(secrets, now, "secret/"),
            _endpoints(resources.clusters, resources.endpoints),
        )
    )


def _clusters(clusters: Iterable[Cluster]) -> str:
    rows = [_cluster(f"cluster/{name}", row) for name, row in cluster_rows(clusters)]
    return aligned([("NAME", *CLUSTER_COLUMNS), *rows], padding=5)


def _cluster(name: str, row: tuple[str, ...]) -> tuple[str, ...]:
    """A row with its name in front. A cluster without a service also shows its name as the service."""
    return (name, name, *row[1:]) if row[1] == "-" else (name, *row)


def _listeners(listeners: Iterable[Listener]) -> str:
    rows = [(f"listener/{name}", *row) for name, row in listener_rows(listeners)]
    return aligned([("NAME", *LISTENER_COLUMNS), *rows], padding=1)


def _routes(routes: Iterable[RouteConfiguration]) -> str:
    return aligned([ROUTE_COLUMNS, *((f"route/{name}", *row) for name, *row in route_rows(routes))], padding=5)


def _endpoints(clusters: Iterable[Cluster], assignments: Iterable[ClusterLoadAssignment]) -> str:
    known = sorted(load_assignments(clusters, assignments), key=lambda assignment: cluster_key(assignment.cluster_name))
    return aligned(
        [("NAME", "STATUS", "LOCALITY", "CLUSTER"), *(row for assignment in known for row in _rows(assignment))], 5
    )


def _rows(assignment: ClusterLoadAssignment) -> Iterator[tuple[str, ...]]:
    for group in assignment.endpoints:
        where = _place(group.locality or Locality())
        for endpoint in group.lb_endpoints:
            address, port = endpoint_address(endpoint)
            name = f"endpoint/{address}:{port}" if port else f"endpoint/{address.removeprefix(UNIX_PREFIX)}"
            yield name, health_status(endpoint), where, assignment.cluster_name


def _place(locality: Locality) -> str:
    return "/".join(filter(None, (locality.region, locality.zone, locality.sub_zone)))
