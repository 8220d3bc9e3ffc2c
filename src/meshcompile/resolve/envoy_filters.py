"""The EnvoyFilter patches of one proxy. Follows istiod's `PushContext.EnvoyFilters`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

import msgspec

from meshcompile.documents import Origin
from meshcompile.models.networking.envoy_filter import (
    LONGEST_EXPRESSION,
    ApplyTo,
    EnvoyConfigObjectMatch,
    EnvoyConfigObjectPatch,
    EnvoyFilter,
    Operation,
    ProxyMatch,
)
from meshcompile.proxy import Proxy
from meshcompile.resolve.security.policy_attachment import attaches
from meshcompile.snapshot.envoy_filters import EnvoyFilterIndex, has_version

EVERYTHING = EnvoyConfigObjectMatch.model_construct()

# An insertion has a position only in these lists. Elsewhere it appends.
_ORDERED = frozenset({ApplyTo.HTTP_FILTER, ApplyTo.NETWORK_FILTER, ApplyTo.HTTP_ROUTE, ApplyTo.LISTENER_FILTER})
_INSERTIONS = frozenset({Operation.INSERT_BEFORE, Operation.INSERT_AFTER, Operation.INSERT_FIRST})


class Condition(StrEnum):
    """A condition of a patch, in order of evaluation. The value is the path of the field that sets it."""

    PROXY_VERSION = "match.proxy.proxyVersion"
    PROXY_METADATA = "match.proxy.metadata"
    CONTEXT = "match.context"

    CLUSTER_NAME = "match.cluster.name"
    CLUSTER_SUBSET = "match.cluster.subset"
    CLUSTER_SERVICE = "match.cluster.service"
    CLUSTER_PORT = "match.cluster.portNumber"

    LISTENER_NAME = "match.listener.name"
    LISTENER_PORT = "match.listener.portNumber"
    CHAIN_NAME = "match.listener.filterChain.name"
    CHAIN_SNI = "match.listener.filterChain.sni"
    CHAIN_TRANSPORT = "match.listener.filterChain.transportProtocol"
    CHAIN_PROTOCOLS = "match.listener.filterChain.applicationProtocols"
    CHAIN_PORT = "match.listener.filterChain.destinationPort"
    FILTER = "match.listener.filterChain.filter.name"
    SUB_FILTER = "match.listener.filterChain.filter.subFilter.name"
    LISTENER_FILTER = "match.listener.listenerFilter"

    ROUTES_NAME = "match.routeConfiguration.name"
    ROUTES_PORT_NAME = "match.routeConfiguration.portName"
    ROUTES_GATEWAY = "match.routeConfiguration.gateway"
    ROUTES_PORT = "match.routeConfiguration.portNumber"
    VIRTUAL_HOST_NAME = "match.routeConfiguration.vhost.name"
    VIRTUAL_HOST_DOMAIN = "match.routeConfiguration.vhost.domainName"
    ROUTE_NAME = "match.routeConfiguration.vhost.route.name"
    ROUTE_ACTION = "match.routeConfiguration.vhost.route.action"

    OBJECT = "applyTo"
    OPERATION = "patch.operation"
    VALUE = "patch.value"
    UNNAMED = "patch.value.name"
    WITHOUT_FILTERS = "patch.value.filters"
    DISCOVERY = "patch.value.typed_config"
    TRANSPORT_SOCKET = "patch.value.transport_socket"


@dataclass(frozen=True, slots=True)
class Patch:
    """One patch of one EnvoyFilter. `index` is its position in `configPatches`."""

    envoy_filter: EnvoyFilter = field(hash=False)
    index: int
    config_patch: EnvoyConfigObjectPatch = field(hash=False)
    operation: Operation
    refused: Condition | None = None

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def apply_to(self) -> ApplyTo:
        return self.config_patch.apply_to

    @property
    def match(self) -> EnvoyConfigObjectMatch:
        """The conditions of the patch. A patch without conditions matches everything."""
        return self.config_patch.match or EVERYTHING

    @property
    def value(self) -> Mapping[str, object] | None:
        """The Envoy configuration, as written; None for a removal."""
        return None if self.config_patch.patch is None else self.config_patch.patch.value

    @property
    def origin(self) -> Origin:
        return self.config_patch.origin

    @property
    def value_origin(self) -> Origin:
        """The origin of the value."""
        patch = self.config_patch.patch
        return self.origin if patch is None else patch.at("value")

    @property
    def key(self) -> tuple[str, str, int]:
        """Identifies the patch in the mesh."""
        return (self.envoy_filter.namespace, self.envoy_filter.name, self.index)

    def __str__(self) -> str:
        return f"{self.envoy_filter.namespace}/{self.envoy_filter.name} configPatches[{self.index}]"


class EnvoyFilters(msgspec.Struct, frozen=True, dict=True):
    """The patches of the EnvoyFilters that select a proxy, in the order in which they apply.

    Patches whose proxy conditions fail are included, so that reports can name them.
    """

    all: tuple[Patch, ...] = ()

    @cached_property
    def by_object(self) -> Mapping[ApplyTo, tuple[Patch, ...]]:
        """The patches that can have an effect, by the kind of Envoy object that they change."""
        groups: dict[ApplyTo, list[Patch]] = {}
        for patch in self.all:
            if patch.refused is None:
                groups.setdefault(patch.apply_to, []).append(patch)
        return {apply_to: tuple(group) for apply_to, group in groups.items()}


NO_ENVOY_FILTERS = EnvoyFilters()


def envoy_filters(index: EnvoyFilterIndex, proxy: Proxy) -> EnvoyFilters:
    """The patches of a proxy."""
    found = tuple(selecting(index, proxy))
    if not found:
        return NO_ENVOY_FILTERS
    only_short = index.only_short_versions
    return EnvoyFilters(tuple(patch for each in found for patch in patches_of(each, proxy, only_short=only_short)))


def selecting(index: EnvoyFilterIndex, proxy: Proxy) -> Iterator[EnvoyFilter]:
    """The EnvoyFilters that select a proxy, in the order in which they apply."""
    for envoy_filter in index.concerning(proxy.namespace):
        if attaches(envoy_filter.spec, envoy_filter.namespace, proxy, index.root_namespace):
            yield envoy_filter


def patches_of(envoy_filter: EnvoyFilter, proxy: Proxy, *, only_short: bool = False) -> Iterator[Patch]:
    """The patches of an EnvoyFilter. With `only_short`, a long expression for versions matches no proxy."""
    for index, config_patch in enumerate(envoy_filter.spec.config_patches):
        if config_patch.patch is not None:
            match = config_patch.match or EVERYTHING
            refused = None if match.proxy is None else _refusal(match.proxy, proxy, only_short=only_short)
            yield Patch(envoy_filter, index, config_patch, _operation(config_patch), refused)


def _operation(config_patch: EnvoyConfigObjectPatch) -> Operation:
    operation = Operation.INVALID if config_patch.patch is None else config_patch.patch.operation
    is_addition = operation in _INSERTIONS and config_patch.apply_to not in _ORDERED
    return Operation.ADD if is_addition else operation


def _refusal(match: ProxyMatch, proxy: Proxy, *, only_short: bool) -> Condition | None:
    """The first proxy condition that fails; None when the patch applies. Some releases try only short versions."""
    too_long = only_short and len(match.proxy_version) > LONGEST_EXPRESSION
    if match.proxy_version and (too_long or not has_version(match.proxy_version, proxy.node_metadata.istio_version)):
        return Condition.PROXY_VERSION
    if any(proxy.metadata.get(key) != value for key, value in match.metadata.items()):
        return Condition.PROXY_METADATA
    return None
