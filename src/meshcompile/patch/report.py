"""The outcome of each patch of a proxy's EnvoyFilters."""

from msgspec import Struct

from meshcompile.documents import Origin
from meshcompile.envoy.message import Message
from meshcompile.resolve.envoy_filters import Patch


class Change(Struct, frozen=True):
    """One change: the object before and after. None means that it did not exist, or no longer exists.

    `place` is a description for readers: `listener virtualInbound, filter chain ..., filters[1], http_filters[0]`.
    """

    place: str
    before: Message | None
    after: Message | None


class PatchReport(Struct, frozen=True):
    """One patch, and its changes in order. Without changes, `reason` says why."""

    patch: Patch
    changes: tuple[Change, ...]
    reason: str = ""

    @property
    def envoy_filter(self) -> str:
        """The EnvoyFilter, as `namespace/name`."""
        return f"{self.patch.envoy_filter.namespace}/{self.patch.envoy_filter.name}"

    @property
    def index(self) -> int:
        """The index of the patch in `configPatches`."""
        return self.patch.index

    @property
    def origin(self) -> Origin:
        """The origin of the patch."""
        return self.patch.origin
