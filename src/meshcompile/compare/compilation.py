"""One proxy compiled in several meshes that share answers. What does not change stays the same object.

Most changes leave most of a proxy's resources as they are. A compilation remembers what its parts were computed from,
so the next mesh computes only the parts that can be different.
"""

from msgspec import Struct

from meshcompile.compile import Resources, compiled
from meshcompile.config import Config
from meshcompile.emit.clusters import clusters as cluster_messages
from meshcompile.emit.endpoints import load_assignments as load_assignment_messages
from meshcompile.emit.extensions import extensions as extension_messages
from meshcompile.emit.listeners import listeners as listener_messages
from meshcompile.emit.routes import route_configuration
from meshcompile.mesh import Mesh
from meshcompile.proxy import Proxy
from meshcompile.queries import Answer, Query, query
from meshcompile.resolve.clusters import clusters
from meshcompile.resolve.endpoints.load_assignments import load_assignments
from meshcompile.resolve.envoy_filters import envoy_filters
from meshcompile.resolve.extensions import extensions
from meshcompile.resolve.facts import ProxyFacts, l4_facts
from meshcompile.resolve.listeners.proxy_listeners import listeners
from meshcompile.resolve.resolved import discovered_names, route_names
from meshcompile.resolve.routes import route_table
from meshcompile.resolve.scope.workload import placed
from meshcompile.snapshot.snapshot import Snapshot


class Compilation(Struct, frozen=True, eq=False):
    """The configuration of a proxy, and what it was computed from.

    `whole` is None for a sidecar without patches: its route tables are computed apart from its other resources.
    """

    config: Config
    without_routes: Answer
    whole: Answer | None

    @property
    def proxy(self) -> Proxy:
        return self.config.proxy


class ResourcesWithoutRoutes(Struct, frozen=True):
    """All resources of a sidecar but its route tables, and what these depend on."""

    resources: Resources
    facts: ProxyFacts
    route_names: tuple[str, ...]


def compilation(mesh: Mesh, proxy: Proxy, earlier: Compilation | None = None) -> Compilation:
    """The configuration of a proxy without the findings about it, which take a look at every route.

    `earlier` is its compilation in a mesh that shares answers with this one.
    """
    known = earlier if earlier is not None and earlier.proxy == proxy else None
    snapshot = mesh.snapshot
    without_routes = _answer(_without_routes, snapshot, proxy, None if known is None else known.without_routes)
    if without_routes.value is None:
        whole = _answer(_whole, snapshot, proxy, None if known is None else known.whole)
        return Compilation(Config(proxy, whole.value), without_routes, whole)
    return Compilation(Config(proxy, _with_routes(snapshot, without_routes.value)), without_routes, None)


def _answer(
    question: Query[Snapshot, Proxy, Resources] | Query[Snapshot, Proxy, ResourcesWithoutRoutes | None],
    snapshot: Snapshot,
    proxy: Proxy,
    earlier: Answer | None,
) -> Answer:
    """The earlier answer if it still holds, else a new one."""
    if earlier is None or not earlier.is_valid(snapshot):
        return question.computed(snapshot, proxy)
    return earlier


@query
def _whole(snapshot: Snapshot, proxy: Proxy) -> Resources:
    return compiled(snapshot, proxy).resources


@query
def _without_routes(snapshot: Snapshot, proxy: Proxy) -> ResourcesWithoutRoutes | None:
    """None for a proxy whose resources are not computed in parts."""
    if not proxy.is_sidecar or envoy_filters(snapshot.envoy_filters, (own := placed(snapshot, proxy))).all:
        return None
    facts = l4_facts(snapshot, own)
    resolved = listeners(snapshot, facts)
    resources = Resources(
        listeners=listener_messages(resolved),
        routes=(),
        clusters=cluster_messages(clusters(snapshot, facts)),
        endpoints=load_assignment_messages(load_assignments(snapshot, facts)),
        extensions=extension_messages(extensions(snapshot, facts.proxy, discovered_names(resolved))),
    )
    return ResourcesWithoutRoutes(resources, facts, route_names(resolved))


def _with_routes(snapshot: Snapshot, parts: ResourcesWithoutRoutes) -> Resources:
    tables = (route_table(snapshot, parts.facts, name) for name in parts.route_names)
    own = parts.resources
    return Resources(
        own.listeners, tuple(map(route_configuration, tables)), own.clusters, own.endpoints, own.extensions
    )
