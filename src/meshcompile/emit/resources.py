"""All resources of one proxy."""

from msgspec import Struct

from meshcompile.emit.clusters import clusters
from meshcompile.emit.endpoints import load_assignments
from meshcompile.emit.extensions import extensions
from meshcompile.emit.listeners import listeners
from meshcompile.emit.routes import route_configuration
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import TypedExtensionConfig
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment
from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.config.route import RouteConfiguration
from meshcompile.resolve.resolved import Resolved


class Resources(Struct, frozen=True):
    """The xDS resources of one proxy, each kind sorted by name."""

    listeners: tuple[Listener, ...]
    routes: tuple[RouteConfiguration, ...]
    clusters: tuple[Cluster, ...]
    endpoints: tuple[ClusterLoadAssignment, ...]
    extensions: tuple[TypedExtensionConfig, ...]


def emit(resolved: Resolved) -> Resources:
    """The messages for everything that was resolved."""
    return Resources(
        listeners=listeners(resolved.listeners),
        routes=tuple(map(route_configuration, resolved.route_tables)),
        clusters=clusters(resolved.clusters),
        endpoints=load_assignments(resolved.load_assignments),
        extensions=extensions(resolved.extensions),
    )
