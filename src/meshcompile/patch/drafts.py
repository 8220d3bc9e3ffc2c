"""Listeners and filter chains during patching: split into parts, and reassembled if something changed."""

from collections.abc import Iterator

from msgspec import Struct

from meshcompile.envoy.config.listener import Filter, FilterChain, Listener
from meshcompile.patch.editing import changed


class ChainDraft(Struct, eq=False):
    """A filter chain during patching."""

    message: FilterChain
    filters: list[Filter]
    removed: bool = False

    def result(self) -> FilterChain | None:
        """The patched chain; None if it is removed."""
        filters = tuple(self.filters)
        if self.removed:
            return None
        return self.message if same(filters, self.message.filters) else changed(self.message, filters=filters)


class ListenerDraft:
    """A listener during patching. Changes stay even if istiod aborts the remaining patches."""

    def __init__(self, listener: Listener) -> None:
        self.message = listener
        self.removed = False
        self.open()

    def open(self) -> None:
        """Split the listener into parts. A chain without filters is skipped."""
        self.listener_filters = list(self.message.listener_filters)
        self.chains = [ChainDraft(chain, list(chain.filters)) for chain in self.message.filter_chains if chain.filters]
        default = self.message.default_filter_chain
        self.default = None if default is None else ChainDraft(default, list(default.filters))

    @property
    def all_chains(self) -> Iterator[ChainDraft]:
        """The chains with filters; the default chain comes last."""
        yield from self.chains
        if self.default is not None and self.default.filters:
            yield self.default

    def result(self) -> Listener | None:
        """The patched listener; None if it is removed."""
        if self.removed:
            return None
        parts = {
            "filter_chains": tuple(chain for draft in self.chains if (chain := draft.result()) is not None),
            "default_filter_chain": self.default and self.default.result(),
            "listener_filters": tuple(self.listener_filters),
        }
        different = {name: part for name, part in parts.items() if not same(part, getattr(self.message, name))}
        return changed(self.message, **different) if different else self.message


def same(part: object, old: object) -> bool:
    """Whether a part is the identical object. Equal messages may differ in their origins."""
    if isinstance(part, tuple) and isinstance(old, tuple):
        return len(part) == len(old) and all(new is before for new, before in zip(part, old, strict=True))
    return part is old
