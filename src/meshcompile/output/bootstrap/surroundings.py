"""The configuration around the resources of a proxy: node, admin interface, runtime, health checks and statistics.

Follows Istio's `tools/packaging/common/envoy_bootstrap.json`.
"""

from collections.abc import Iterable, Iterator

from meshcompile.emit.filters.http import router
from meshcompile.envoy.config import bootstrap as envoy
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import Address, Locality, Node, Pipe, SocketAddress, TypedExtensionConfig
from meshcompile.envoy.config.listener import Filter, FilterChain, Listener
from meshcompile.envoy.config.metrics import StatsConfig, StatsMatcher
from meshcompile.envoy.config.route import Route, RouteAction, RouteConfiguration, RouteMatch, VirtualHost
from meshcompile.envoy.extensions.bootstrap.internal_listener import InternalListener
from meshcompile.envoy.extensions.filters.http.router import Router
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager, HttpFilter
from meshcompile.envoy.message import Message, encode
from meshcompile.envoy.type.matcher import ListStringMatcher, StringMatcher
from meshcompile.output.bootstrap.agent import AGENT_SOCKET, HTTP2, single_endpoint
from meshcompile.output.bootstrap.options import Flavour, Options
from meshcompile.proxy import Proxy
from meshcompile.values.names import HTTP_CONNECTION_MANAGER

# Istio's runtime settings that the configuration relies on. Users' regular expressions may exceed Envoy's default
# limit, and Envoy strips a fragment from a path instead of rejecting it.
RUNTIME = {
    "envoy.reloadable_features.http_reject_path_with_fragment": False,
    "re2.max_program_size.error_level": 32768,
}
INTERNAL_LISTENERS = TypedExtensionConfig(
    name="envoy.bootstrap.internal_listener", typed_config=InternalListener(buffer_size_kb=64)
)
ADMIN_CLUSTER = "admin"
READY = ("/healthz/ready", "/ready")
"""The path of Istio's health checks, and that of Envoy's admin interface."""
PROMETHEUS = ("/stats/prometheus", "/stats/prometheus")


def node(proxy: Proxy) -> Node:
    """The bootstrap node of the proxy, in the form that `Proxy.from_node` reads."""
    where = Locality(region=proxy.locality.region, zone=proxy.locality.zone, sub_zone=proxy.locality.subzone)
    return Node(
        id=f"{proxy.type}~{proxy.ip_addresses[0]}~{proxy.id}~{proxy.domain}",
        cluster=proxy.service_cluster or f"{proxy.labels.get('app', proxy.name)}.{proxy.namespace}",
        metadata={"NAMESPACE": proxy.namespace, **proxy.metadata},
        locality=None if where == Locality() else where,
    )


def surrounded(
    node: Node, listeners: tuple[Listener, ...], clusters: tuple[Cluster, ...], options: Options
) -> envoy.Bootstrap:
    """The bootstrap with these resources."""
    layers = (
        envoy.RuntimeLayer(name="istio", static_layer=RUNTIME),
        envoy.RuntimeLayer(name="admin", admin_layer=envoy.RuntimeLayerAdminLayer()),
    )
    return envoy.Bootstrap(
        node=node,
        admin=envoy.Admin(address=_admin_address(options)),
        layered_runtime=envoy.LayeredRuntime(layers=layers),
        stats_config=_stats_config(options),
        bootstrap_extensions=(INTERNAL_LISTENERS,) if _has_internal((*listeners, *clusters)) else (),
        static_resources=envoy.BootstrapStaticResources(
            listeners=(*listeners, *_own_listeners(options)), clusters=(*clusters, *_own_clusters(options))
        ),
    )


def _admin_address(options: Options) -> Address:
    return Address(socket_address=SocketAddress(address=options.admin_address, port_value=options.admin_port))


def _stats_config(options: Options) -> StatsConfig | None:
    """The statistics that Envoy keeps; None for all."""
    if not options.stats_prefixes:
        return None
    patterns = tuple(StringMatcher(prefix=prefix) for prefix in options.stats_prefixes)
    return StatsConfig(stats_matcher=StatsMatcher(inclusion_list=ListStringMatcher(patterns=patterns)))


def _own_listeners(options: Options) -> Iterator[Listener]:
    """Listeners that answer from the admin interface."""
    for name, port, paths in (("readiness", options.readiness_port, READY), ("stats", options.stats_port, PROMETHEUS)):
        if port:
            yield _admin_listener(name, port, *paths)


def _admin_listener(name: str, port: int, path: str, admin_path: str) -> Listener:
    """A listener that answers requests for one path with an answer of the admin interface."""
    action = RouteAction(cluster=ADMIN_CLUSTER, prefix_rewrite=admin_path)
    host = VirtualHost(name=name, domains=("*",), routes=(Route(match=RouteMatch(path=path), route=action),))
    manager = HttpConnectionManager(
        stat_prefix=name,
        route_config=RouteConfiguration(name=name, virtual_hosts=(host,)),
        http_filters=(HttpFilter(name=router.NAME, typed_config=Router()),),
    )
    return Listener(
        name=name,
        address=Address(socket_address=SocketAddress(address="0.0.0.0", port_value=port)),
        filter_chains=(FilterChain(filters=(Filter(name=HTTP_CONNECTION_MANAGER, typed_config=manager),)),),
        ignore_global_conn_limit=True,
    )


def _own_clusters(options: Options) -> Iterator[Cluster]:
    if options.readiness_port or options.stats_port:
        assignment = single_endpoint(ADMIN_CLUSTER, _admin_address(options))
        yield Cluster(name=ADMIN_CLUSTER, type="STATIC", connect_timeout="0.250s", load_assignment=assignment)
    if options.flavour is Flavour.ISTIO:
        yield _agent()


def _agent() -> Cluster:
    """Where Envoy gets the certificates of the workload."""
    return Cluster(
        name="sds-grpc",
        type="STATIC",
        load_assignment=single_endpoint("sds-grpc", Address(pipe=Pipe(path=AGENT_SOCKET))),
        typed_extension_protocol_options=HTTP2,
    )


def _has_internal(resources: Iterable[Message]) -> bool:
    """True if a listener or an endpoint is internal to Envoy."""
    texts = map(encode, resources)  # which takes less time than a walk over the messages
    return any(b'"internalListener"' in text or b'"envoyInternalAddress"' in text for text in texts)
