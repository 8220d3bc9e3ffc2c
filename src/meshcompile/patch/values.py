"""The values of patches, read once for all proxies. Follows istiod's `xds.BuildXDSObjectFromStruct`."""

from collections.abc import Mapping
from typing import Generic, TypeVar

from msgspec import Struct, field

from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import TypedExtensionConfig
from meshcompile.envoy.config.listener import Filter, FilterChain, Listener, ListenerFilter
from meshcompile.envoy.config.route import Route, RouteConfiguration, VirtualHost
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.envoy.message import Message, at
from meshcompile.envoy.reading import read
from meshcompile.models.networking.envoy_filter import ApplyTo, EnvoyConfigObjectPatch, Operation
from meshcompile.patch.editing import changed, decoded
from meshcompile.patch.merge import Lists, merged
from meshcompile.queries import query
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.validate.patch_value import MESSAGES

M = TypeVar("M", bound=Message)


OBJECT_TYPES: Mapping[ApplyTo, type[Message]] = {
    ApplyTo.LISTENER: Listener,
    ApplyTo.LISTENER_FILTER: ListenerFilter,
    ApplyTo.FILTER_CHAIN: FilterChain,
    ApplyTo.NETWORK_FILTER: Filter,
    ApplyTo.HTTP_FILTER: HttpFilter,
    ApplyTo.ROUTE_CONFIGURATION: RouteConfiguration,
    ApplyTo.VIRTUAL_HOST: VirtualHost,
    ApplyTo.HTTP_ROUTE: Route,
    ApplyTo.CLUSTER: Cluster,
    ApplyTo.EXTENSION_CONFIG: TypedExtensionConfig,
}
"""The message that a patch changes or adds, by what it applies to."""


class Value(Struct, Generic[M], frozen=True, eq=False):
    """The value of a patch, as a message."""

    patch: EnvoyConfigObjectPatch
    message: M
    # Merge results by the id of the message: proxies share most patched messages. The message is kept as well, so
    # that its id is not reused.
    _done: dict[int, tuple[M, M]] = field(default_factory=dict)

    @property
    def lists(self) -> Lists:
        """What its lists do to those of the message."""
        operation = None if self.patch.patch is None else self.patch.patch.operation
        return Lists.REPLACE if operation is Operation.MERGE_AND_REPLACE_LIST else Lists.APPEND

    def into(self, message: M) -> M:
        """A message with this value merged into it."""
        known = self._done.get(id(message))
        if known is None:
            new = changed(merged(MESSAGES[self.patch.apply_to], message, self.message, self.lists), self.patch.origin)
            known = self._done[id(message)] = (message, new)
        return known[1]


PatchKey = tuple[str, str, int]
"""The namespace and name of an EnvoyFilter, and the index of the patch."""


@query
def value_of(snapshot: Snapshot, key: PatchKey) -> Value[Message] | None:
    """The value of a patch; None for a removal, or if it cannot be read, which validation reports."""
    namespace, name, index = key
    envoy_filter = snapshot.envoy_filters.named(namespace, name)
    return None if envoy_filter is None else patch_value(envoy_filter.spec.config_patches[index])


def patch_value(patch: EnvoyConfigObjectPatch) -> Value[Message] | None:
    """The value of a patch; None for a removal, or if it cannot be read, which validation reports."""
    cls = OBJECT_TYPES.get(patch.apply_to)
    written = None if patch.patch is None else patch.patch.value
    if cls is None or written is None:
        return None
    data = read(MESSAGES[patch.apply_to], written).value
    return None if data is None else Value(patch, at(decoded(cls, data), patch.origin))
