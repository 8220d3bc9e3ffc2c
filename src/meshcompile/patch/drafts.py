"""Listeners and filter chains while they are patched: taken apart, and put together again where something changed."""

from collections.abc import Iterator
from dataclasses import dataclass

from meshcompile.envoy.config.listener import Filter, FilterChain, Listener
from meshcompile.patch.editing import changed


@dataclass(slots=True, eq=False)
class ChainDraft:
    """A filter chain while it is patched."""

    message: FilterChain
    filters: list[Filter]
    removed: bool = False

    def result(self) -> FilterChain | None:
        """The chain as it is by now, if it is still there."""
        filters = tuple(self.filters)
        if self.removed:
            return None
        return self.message if same(filters, self.message.filters) else changed(self.message, filters=filters)


class ListenerDraft:
    """A listener while it is patched; what is done stays, even when istiod gives up on the rest."""

    def __init__(self, listener: Listener) -> None:
        self.message = listener
        self.removed = False
        self.open()

    def open(self) -> None:
        """Take the listener apart; a chain without filters is none."""
        self.listener_filters = list(self.message.listener_filters)
        self.chains = [ChainDraft(chain, list(chain.filters)) for chain in self.message.filter_chains if chain.filters]
        default = self.message.default_filter_chain
        self.default = None if default is None else ChainDraft(default, list(default.filters))

    @property
    def all_chains(self) -> Iterator[ChainDraft]:
        """The chains with filters, the default one last."""
        yield from self.chains
        if self.default is not None and self.default.filters:
            yield self.default

    def result(self) -> Listener:
        """The listener as it is by now."""
        parts = {
            "filter_chains": tuple(chain for draft in self.chains if (chain := draft.result()) is not None),
            "default_filter_chain": self.default and self.default.result(),
            "listener_filters": tuple(self.listener_filters),
        }
        different = {name: part for name, part in parts.items() if not same(part, getattr(self.message, name))}
        return changed(self.message, **different) if different else self.message


def same(part: object, old: object) -> bool:
    """Whether a part is the very same as before: equal messages may differ in their origins."""
    if isinstance(part, tuple) and isinstance(old, tuple):
        return len(part) == len(old) and all(new is each for new, each in zip(part, old, strict=True))
    return part is old
