"""Everything that one proxy gets, in terms of Istio and Envoy, before messages are built.

`resolve` decides, `emit` builds Envoy's messages from the result, and EnvoyFilters then patch the messages.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from meshcompile.diagnostics import Diagnostic
from meshcompile.proxy import Proxy
from meshcompile.resolve.clusters import clusters
from meshcompile.resolve.clusters.ir import Clusters
from meshcompile.resolve.endpoints.load_assignments import LoadAssignments, load_assignments
from meshcompile.resolve.envoy_filters import EnvoyFilters, envoy_filters
from meshcompile.resolve.extensions import Extensions, ListenerExtension, extensions
from meshcompile.resolve.facts import ProxyFacts, proxy_facts
from meshcompile.resolve.findings import by_place
from meshcompile.resolve.listeners.filter_chain import FilterChain
from meshcompile.resolve.listeners.http_connection import HttpConnection
from meshcompile.resolve.listeners.proxy_listeners import Listeners, listeners
from meshcompile.resolve.listeners.tcp_connection import TcpConnection
from meshcompile.resolve.proxy_findings import proxy_findings
from meshcompile.resolve.routes import RouteTable, route_table
from meshcompile.resolve.scope.workload import placed, pod_findings
from meshcompile.resolve.skipped_objects import SkippedObjects
from meshcompile.snapshot.snapshot import Snapshot


class Resolved(Struct, frozen=True):
    """Everything that one proxy gets. It is frozen and compared by value.

    `route_tables` are those that the listeners name, sorted. `extensions` are the Wasm modules that their filters
    discover. `patches` are those of the EnvoyFilters that select the proxy. `findings` excludes the findings of the
    route tables. `skipped` are the objects of which the proxy gets nothing.
    """

    facts: ProxyFacts
    listeners: Listeners
    route_tables: tuple[RouteTable, ...]
    clusters: Clusters
    load_assignments: LoadAssignments
    extensions: Extensions
    patches: EnvoyFilters
    findings: tuple[Diagnostic, ...]
    skipped: SkippedObjects

    @property
    def proxy(self) -> Proxy:
        """The proxy, with the labels and the locality of its workload."""
        return self.facts.proxy


def resolve(snapshot: Snapshot, proxy: Proxy) -> Resolved:
    """Everything that a proxy gets."""
    facts = proxy_facts(snapshot, placed(snapshot, proxy))
    proxy_listeners = listeners(snapshot, facts)
    return Resolved(
        facts=facts,
        listeners=proxy_listeners,
        route_tables=tuple(route_table(snapshot, facts, name) for name in route_names(proxy_listeners)),
        clusters=clusters(snapshot, facts),
        load_assignments=load_assignments(snapshot, facts),
        extensions=extensions(snapshot, facts.proxy, discovered_names(proxy_listeners)),
        patches=envoy_filters(snapshot.envoy_filters, facts.proxy),
        findings=by_place(
            facts.gateway.findings,
            proxy_listeners.findings,
            proxy_findings(proxy, ambient=snapshot.ambient),
            pod_findings(snapshot, proxy),
        ),
        skipped=SkippedObjects(snapshot, facts),
    )


class OnDemandResolver(Struct, frozen=True):
    """Resolves the routes and extensions that only patched listeners refer to."""

    snapshot: Snapshot
    facts: ProxyFacts

    def route_table(self, name: str) -> RouteTable:
        """The route table with a name."""
        return route_table(self.snapshot, self.facts, name)

    def extensions(self, names: Iterable[str]) -> Extensions:
        """The extensions among the names that filters discover."""
        return extensions(self.snapshot, self.facts.proxy, names)


def route_names(resolved: Listeners) -> tuple[str, ...]:
    """The names of the route configurations that listeners request, sorted, without duplicates."""
    connections = (chain.connection for chain in resolved.chains)
    http = (connection for connection in connections if isinstance(connection, HttpConnection))
    return tuple(sorted({connection.route_name for connection in http if connection.discovers_routes}))


def discovered_names(resolved: Listeners) -> tuple[str, ...]:
    """The names of the extensions that the filters of listeners discover, sorted, without duplicates.

    Lua scripts are not discovered.
    """
    listed = (extension for chain in resolved.chains for extension in _extensions(chain))
    return tuple(sorted({extension.name for extension in listed if extension.script is None}))


def _extensions(chain: FilterChain) -> Iterator[ListenerExtension]:
    match chain.connection:
        case HttpConnection(traits=traits, port=port, network_extensions=network_too):
            yield from traits.extensions.http.on_port(port)
            yield from traits.extensions.network.on_port(port) if network_too else ()
        case TcpConnection(traits=traits, port=port):
            yield from traits.extensions.network.on_port(port)
        case _:
            return
