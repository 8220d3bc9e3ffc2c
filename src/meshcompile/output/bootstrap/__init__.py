"""A static bootstrap: all resources that istiod would send, in one configuration that Envoy can start with.

The configuration around the resources follows Istio's `tools/packaging/common/envoy_bootstrap.json`.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from meshcompile.collector import gc_paused
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import NOWHERE, Origin
from meshcompile.emit.resources import Resources
from meshcompile.envoy.config import bootstrap as envoy
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import (
    Address,
    Locality,
    Node,
    Pipe,
    SocketAddress,
    TypedExtensionConfig,
)
from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.extensions.bootstrap.internal_listener import InternalListener
from meshcompile.envoy.message import Message, encode, replaced, to_builtins
from meshcompile.output.bootstrap.agent import AGENT_SOCKET, HTTP2, single_endpoint
from meshcompile.output.bootstrap.clusters import static_cluster
from meshcompile.output.bootstrap.listeners import StaticListener
from meshcompile.output.bootstrap.options import Credential, Flavour, Options
from meshcompile.proxy import Proxy

__all__ = ["Bootstrap", "Credential", "Flavour", "Options", "node", "static_bootstrap"]

# Istio's runtime settings that the configuration relies on. Users' regular expressions may exceed Envoy's default
# limit, and Envoy strips a fragment from a path instead of rejecting it.
RUNTIME = {
    "envoy.reloadable_features.http_reject_path_with_fragment": False,
    "re2.max_program_size.error_level": 32768,
}
FIRST_FIELDS = ("node", "admin", "layeredRuntime", "bootstrapExtensions")
"""What a bootstrap shows before its resources, which are long."""
INTERNAL_LISTENERS = TypedExtensionConfig(
    name="envoy.bootstrap.internal_listener", typed_config=InternalListener(buffer_size_kb=64)
)


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """The configuration of an Envoy without a control plane. `diagnostics` report what it lacks."""

    content: envoy.Bootstrap = field(repr=False)
    diagnostics: tuple[Diagnostic, ...] = ()

    @gc_paused()
    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, the resources last. The lists of listeners and clusters are there even if they are empty."""
        static = self.content.static_resources or envoy.BootstrapStaticResources()
        surroundings = to_builtins(replaced(self.content, static_resources=None))
        return {
            **{key: surroundings[key] for key in FIRST_FIELDS if key in surroundings},
            "staticResources": {
                "listeners": [to_builtins(listener) for listener in static.listeners],
                "clusters": [to_builtins(cluster) for cluster in static.clusters],
            },
        }

    def to_json(self, indent: int = 2) -> str:
        """JSON text, as `envoy -c` reads it."""
        return json.dumps(self.to_dict(), indent=indent)


def node(proxy: Proxy) -> Node:
    """The bootstrap node of the proxy, in the form that `Proxy.from_node` reads."""
    where = Locality(region=proxy.locality.region, zone=proxy.locality.zone, sub_zone=proxy.locality.subzone)
    return Node(
        id=f"{proxy.type}~{proxy.ip_addresses[0]}~{proxy.id}~{proxy.domain}",
        cluster=f"{proxy.labels.get('app', proxy.name)}.{proxy.namespace}",
        metadata={"NAMESPACE": proxy.namespace, **proxy.metadata},
        locality=None if where == Locality() else where,
    )


def static_bootstrap(node: Node, resources: Resources, options: Options) -> Bootstrap:
    """The bootstrap of a proxy."""
    findings: dict[Diagnostic, None] = {}
    routes = {route.name: route for route in resources.routes}
    discovered = {extension.name: extension for extension in resources.extensions}
    listeners = []
    for listener in resources.listeners:
        static = StaticListener(listener.name, _origin(listener), routes, discovered, options)
        if (static_listener := static.of(listener)) is not None:
            listeners.append(static_listener)
        findings |= dict.fromkeys(static.found)
    clusters: dict[str, Cluster] = {}
    assignments = {assignment.cluster_name: assignment for assignment in resources.endpoints}
    for cluster in resources.clusters:
        copy, lacking = static_cluster(cluster, assignments, options, _origin(cluster))
        findings |= dict.fromkeys(lacking)
        # istiod sends a cluster twice if a Service has a port twice. A bootstrap must not have duplicates.
        clusters.setdefault(cluster.name, copy)
    return Bootstrap(_bootstrap(node, tuple(listeners), tuple(clusters.values()), options), tuple(findings))


def _bootstrap(
    node: Node, listeners: tuple[Listener, ...], clusters: tuple[Cluster, ...], options: Options
) -> envoy.Bootstrap:
    agent = (_agent(),) if options.flavour is Flavour.ISTIO else ()
    admin = SocketAddress(address="127.0.0.1", port_value=options.admin_port)
    layers = (
        envoy.RuntimeLayer(name="istio", static_layer=RUNTIME),
        envoy.RuntimeLayer(name="admin", admin_layer=envoy.RuntimeLayerAdminLayer()),
    )
    return envoy.Bootstrap(
        node=node,
        admin=envoy.Admin(address=Address(socket_address=admin)),
        layered_runtime=envoy.LayeredRuntime(layers=layers),
        bootstrap_extensions=(INTERNAL_LISTENERS,) if _has_internal((*listeners, *clusters)) else (),
        static_resources=envoy.BootstrapStaticResources(listeners=listeners, clusters=(*clusters, *agent)),
    )


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


def _origin(message: Message) -> Origin:
    return next(iter(message.origins), NOWHERE)
