"""Resources for the upstream build of Envoy: without the extensions that only Istio's build has."""

from __future__ import annotations

from typing import TypeVar

from msgspec.structs import replace

from meshcompile.emit.resources import Resources
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.listener import Filter, FilterChain
from meshcompile.envoy.config.route import Route, RouteConfiguration, VirtualHost, WeightedClusterClusterWeight
from meshcompile.envoy.extensions.clusters.dynamic_forward_proxy import ClusterConfig
from meshcompile.envoy.extensions.filters.common.set_filter_state import FilterStateValue
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager, HttpFilter
from meshcompile.envoy.message import Message, replaced
from meshcompile.output.bootstrap.extensions import ISTIO_ONLY
from meshcompile.output.packed import type_of
from meshcompile.output.walk import rewritten

M = TypeVar("M", bound=Message)
F = TypeVar("F", Filter, HttpFilter)


def upstream_resources(resources: Resources) -> Resources:
    """The resources that upstream Envoy accepts. A message keeps its upstream form, so proxies share it."""
    return replace(
        resources,
        listeners=tuple(map(_kept, resources.listeners)),
        clusters=tuple(map(_kept, resources.clusters)),
        routes=tuple(map(_kept, resources.routes)),
    )


def _kept(message: M) -> M:
    known = message.__dict__
    upstream: M | None = known.get("upstream")
    if upstream is None:
        upstream = known["upstream"] = rewritten(message, _upstream)
    return upstream


def _upstream(message: Message) -> Message:
    match message:
        case FilterChain(filters=filters):
            return replaced(message, filters=_known(filters))
        case HttpConnectionManager(http_filters=filters):
            return replaced(message, http_filters=_known(filters))
        case Cluster():
            return _upstream_cluster(message)
        case FilterStateValue(factory_key="istio.hashable_string"):
            return replaced(message, factory_key="envoy.hashable_string")
        case RouteConfiguration() | VirtualHost() | Route() | WeightedClusterClusterWeight():
            settings = message.typed_per_filter_config
            kept = {name: config for name, config in settings.items() if type_of(config) not in ISTIO_ONLY}
            return message if len(kept) == len(settings) else replaced(message, typed_per_filter_config=kept)
        case _:
            return message


def _known(filters: tuple[F, ...]) -> tuple[F, ...]:
    return tuple(each for each in filters if type_of(each.typed_config) not in ISTIO_ONLY)


def _upstream_cluster(cluster: Cluster) -> Cluster:
    """The cluster. Upstream Envoy takes a dynamic forward proxy without TLS only if it is told to."""
    filters = tuple(each for each in cluster.filters if type_of(each.typed_config) not in ISTIO_ONLY)
    kind = cluster.cluster_type
    if kind is not None and isinstance(kind.typed_config, ClusterConfig) and cluster.transport_socket is None:
        config = replaced(kind.typed_config, allow_insecure_cluster_options=True)
        return replaced(cluster, filters=filters, cluster_type=replaced(kind, typed_config=config))
    return replaced(cluster, filters=filters) if len(filters) < len(cluster.filters) else cluster
