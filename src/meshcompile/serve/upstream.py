"""Resources for the upstream build of Envoy: without the extensions that only Istio's build has."""

from __future__ import annotations

from typing import TypeVar

from msgspec.structs import replace

from meshcompile.codes.output import ISTIO_ONLY
from meshcompile.documents import NOWHERE
from meshcompile.emit.resources import Resources
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.cluster import Filter as ClusterFilter
from meshcompile.envoy.config.listener import Filter, FilterChain
from meshcompile.envoy.config.route import Route, RouteConfiguration, VirtualHost, WeightedClusterClusterWeight
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager, HttpFilter
from meshcompile.envoy.message import Message, Packed, replaced
from meshcompile.output.bootstrap.upstream import for_upstream, omission
from meshcompile.output.walk import rewritten

M = TypeVar("M", bound=Message)
F = TypeVar("F", Filter, HttpFilter, ClusterFilter)


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
        changed, _ = for_upstream(rewritten(message, _without_istios), "", NOWHERE)
        upstream = known["upstream"] = changed
    return upstream


def _without_istios(message: Message) -> Message:
    match message:
        case FilterChain(filters=filters):
            return replaced(message, filters=_known(filters))
        case Cluster(filters=filters):
            return replaced(message, filters=_known(filters)) if filters else message
        case HttpConnectionManager(http_filters=filters):
            return replaced(message, http_filters=_known(filters))
        case RouteConfiguration() | VirtualHost() | Route() | WeightedClusterClusterWeight():
            settings = message.typed_per_filter_config
            kept = {name: config for name, config in settings.items() if not _is_istios(config)}
            return message if len(kept) == len(settings) else replaced(message, typed_per_filter_config=kept)
        case _:
            return message


def _known(filters: tuple[F, ...]) -> tuple[F, ...]:
    return tuple(each for each in filters if not _is_istios(each.typed_config))


def _is_istios(config: Packed | None) -> bool:
    """Whether only Istio's build has the filter. One without a configuration discovers it, and stays."""
    omitted = None if config is None else omission(config)
    return omitted is not None and omitted.code is ISTIO_ONLY
