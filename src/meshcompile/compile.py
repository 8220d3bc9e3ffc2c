"""One proxy compiled: resolve what it sees, emit messages from that, patch them. A pure function, no IO.

Resources are made in the order in which Envoy asks for them: clusters, then the endpoints of the EDS clusters,
listeners, then the routes that the listeners name, and the extensions that their filters discover.
"""

from dataclasses import dataclass

from meshcompile.diagnostics import Diagnostic
from meshcompile.emit.clusters import clusters
from meshcompile.emit.endpoints import load_assignments
from meshcompile.emit.extensions import discovered_names, extensions
from meshcompile.emit.listeners import listeners, route_names
from meshcompile.emit.routes import route_configuration
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import TypedExtensionConfig
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment
from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.config.route import RouteConfiguration
from meshcompile.patch import patches
from meshcompile.patch.report import PatchReport
from meshcompile.proxy import Proxy
from meshcompile.resolve.clusters import clusters as resolve_clusters
from meshcompile.resolve.endpoints import load_assignments as resolve_load_assignments
from meshcompile.resolve.extensions import extensions as resolve_extensions
from meshcompile.resolve.listeners import listeners as resolve_listeners
from meshcompile.resolve.routes import route_configuration as resolve_route_configuration
from meshcompile.resolve.unsupported import unsupported
from meshcompile.resolve.view import View
from meshcompile.resolve.workload import placed
from meshcompile.snapshot.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Resources:
    """The xDS resources of one proxy, each kind sorted by name."""

    listeners: tuple[Listener, ...]
    routes: tuple[RouteConfiguration, ...]
    clusters: tuple[Cluster, ...]
    endpoints: tuple[ClusterLoadAssignment, ...]
    extensions: tuple[TypedExtensionConfig, ...]


@dataclass(frozen=True, slots=True)
class Compiled:
    """What istiod sends to a proxy, what there is to say about it, and what became of each EnvoyFilter patch."""

    resources: Resources
    diagnostics: tuple[Diagnostic, ...]
    patches: tuple[PatchReport, ...] = ()


def compiled(snapshot: Snapshot, proxy: Proxy) -> Compiled:
    """One proxy's configuration."""
    view = View(snapshot, placed(snapshot, proxy))
    patched = patches(view)
    all_clusters = patched.clusters(clusters(resolve_clusters(view)))
    all_listeners = patched.listeners(listeners(resolve_listeners(view)))
    discovered = discovered_names(all_listeners)
    resources = Resources(
        listeners=all_listeners,
        routes=tuple(
            patched.routes(route_configuration(resolve_route_configuration(view, name)))
            for name in route_names(all_listeners)
        ),
        clusters=all_clusters,
        endpoints=patched.endpoints(load_assignments(resolve_load_assignments(view)), all_clusters),
        extensions=patched.extensions(extensions(resolve_extensions(view, discovered)), discovered),
    )
    view.findings.extend(patched.findings())
    view.findings.extend(unsupported(proxy))
    return Compiled(resources, view.findings.sorted(), patched.reports())
