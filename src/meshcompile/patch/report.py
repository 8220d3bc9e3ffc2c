"""What became of each patch of a proxy's EnvoyFilters."""

from dataclasses import dataclass

from meshcompile.envoy.message import Message
from meshcompile.resolve.envoy_filters import Patch
from meshcompile.source import Origin


@dataclass(frozen=True, slots=True)
class Change:
    """One place that a patch changed, as it was and as it is; None where there was nothing, or is nothing now.

    `place` is for readers: `listener virtualInbound, filter chain ..., filters[1], http_filters[0]`.
    """

    place: str
    before: Message | None
    after: Message | None


@dataclass(frozen=True, slots=True)
class PatchReport:
    """One patch, the places that it changed in the order of the changes, and, if there are none, why."""

    patch: Patch
    changes: tuple[Change, ...]
    reason: str = ""

    @property
    def envoy_filter(self) -> str:
        """The EnvoyFilter, as `namespace/name`."""
        return f"{self.patch.envoy_filter.namespace}/{self.patch.envoy_filter.name}"

    @property
    def index(self) -> int:
        """The place of the patch in `configPatches`."""
        return self.patch.index

    @property
    def origin(self) -> Origin:
        """Where the patch was written."""
        return self.patch.origin
