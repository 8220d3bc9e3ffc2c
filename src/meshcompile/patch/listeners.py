"""Patches of listeners and what is in them. Follows istiod's `envoyfilter.ApplyListenerPatches`.

Within a listener the order is that of istiod: the listener itself, its listener filters, then chain by chain the chain,
its network filters, and in a connection manager its HTTP filters. Of filters, all additions and removals come before
the first merge. New chains come last, and new listeners after all others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from meshcompile.envoy.config.core import TransportSocket
from meshcompile.envoy.config.listener import Filter, FilterChain, Listener, ListenerFilter
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager, HttpFilter
from meshcompile.envoy.message import Packed
from meshcompile.models.networking.envoy_filter import ApplyTo, Operation, PatchContext
from meshcompile.names import HTTP_CONNECTION_MANAGER
from meshcompile.patch.drafts import ChainDraft, ListenerDraft, same
from meshcompile.patch.editing import changed
from meshcompile.patch.listener_checks import (
    chain_checks,
    filter_checks,
    filter_name,
    listener_checks,
    sub_filter_checks,
    sub_filter_name,
)
from meshcompile.patch.lists import edit, edits
from meshcompile.patch.merge import TypeMismatch, merged_packed
from meshcompile.patch.patcher import Checks, GaveUp, Patcher, Ready
from meshcompile.resolve.envoy_filters import Condition

LISTENER_OBJECTS = (
    ApplyTo.LISTENER,
    ApplyTo.LISTENER_FILTER,
    ApplyTo.FILTER_CHAIN,
    ApplyTo.NETWORK_FILTER,
    ApplyTo.HTTP_FILTER,
)

F = TypeVar("F", ListenerFilter, Filter, HttpFilter)


def patched_listeners(
    patcher: Patcher, context: PatchContext, listeners: Sequence[Listener], *, additions: bool = True
) -> tuple[Listener, ...]:
    """The listeners of one context with all patches applied."""
    if not any(patcher.patches(apply_to, context) for apply_to in LISTENER_OBJECTS):
        return tuple(listeners)
    patching = ListenerPatching(patcher, context)
    rest = iter(listeners)
    done: list[Listener] = []
    try:
        for listener in rest:
            draft = ListenerDraft(listener)
            try:
                patching.listener(draft)
            finally:
                done += () if draft.removed else (draft.result(),)
    except GaveUp:
        return (*done, *rest)
    return (*done, *patching.added()) if additions else tuple(done)


@dataclass(frozen=True, slots=True, eq=False)
class ListenerPatching:
    """The patches of one context, applied to listener after listener."""

    patcher: Patcher
    context: PatchContext

    def patches(self, apply_to: ApplyTo, *conditions: Checks) -> Iterator[Ready]:
        return self.patcher.matching(apply_to, self.context, *conditions)

    def added(self) -> Iterator[Listener]:
        """New listeners; one without a name does not stay."""
        for each in self.patcher.additions(ApplyTo.LISTENER, self.context):
            message: Listener = each.message
            if message.name:
                self.patcher.changed(each.patch, f"listener {message.name}", None, message)
                yield message
            else:
                self.patcher.missed(each.patch, Condition.UNNAMED)

    def listener(self, draft: ListenerDraft) -> None:
        """A listener and all in it."""
        for each in self.patches(ApplyTo.LISTENER, lambda patch: listener_checks(patch, draft.message)):
            before = draft.message
            place = f"listener {before.name}"
            match each.operation:
                case Operation.REMOVE:
                    draft.removed = True
                    self.patcher.changed(each.patch, place, before, None)
                    return
                case Operation.MERGE:
                    draft.message = each.into(before)
                    draft.open()
                    self.patcher.changed(each.patch, place, before, draft.message)
                case Operation.REPLACE:
                    self.patcher.missed(each.patch, Condition.OPERATION)
                case _:
                    pass
        self.listener_filters(draft)
        for chain in draft.all_chains:
            self.chain(draft, chain)
        for each in self.patches(ApplyTo.FILTER_CHAIN, lambda patch: listener_checks(patch, draft.message)):
            if each.operation is Operation.ADD:
                self.add_chain(draft, each)

    def add_chain(self, draft: ListenerDraft, each: Ready) -> None:
        """A new filter chain; one without filters does not stay."""
        chain: FilterChain = each.message
        if chain.filters:
            draft.chains.append(ChainDraft(chain, list(chain.filters)))
            self.patcher.changed(each.patch, f"listener {draft.message.name}, filter chain {chain.name}", None, chain)
        else:
            self.patcher.missed(each.patch, Condition.WITHOUT_FILTERS)

    def listener_filters(self, draft: ListenerDraft) -> None:
        """The listener filters of a listener. A merge goes into all of them, whichever it names."""
        place = f"listener {draft.message.name}, listener_filters"
        for each in self.patches(ApplyTo.LISTENER_FILTER, lambda patch: listener_checks(patch, draft.message)):
            match = each.patch.match.listener
            wanted = match.listener_filter if match else ""
            if each.operation is not Operation.MERGE:
                self.edit(draft.listener_filters, each, place, Condition.LISTENER_FILTER, wanted or None)
            elif wanted:
                self.merge_listener_filters(draft, each, place)
            else:
                self.patcher.missed(each.patch, Condition.OPERATION)

    def merge_listener_filters(self, draft: ListenerDraft, each: Ready, place: str) -> None:
        for index, old in enumerate(draft.listener_filters):
            patch: ListenerFilter = each.message
            if old.typed_config is None or patch.typed_config is None:
                self.patcher.missed(each.patch, Condition.OPERATION)
                continue
            config = self.packed_into(each, old.typed_config, patch.typed_config)
            new = changed(old, each.patch.origin, typed_config=config)
            draft.listener_filters[index] = new
            self.patcher.changed(each.patch, f"{place}[{index}]", old, new)

    def edit(self, items: list[F], each: Ready, place: str, condition: Condition, wanted: str | None) -> None:
        """Put filters into a list, or take them out; `wanted` is the name of the filter that a patch refers to."""
        matches = None if wanted is None else lambda item: item.name == wanted
        made = edits(items, each.operation, each.message, matches)
        if made:
            edit(items, made)
            self.patcher.edited(each.patch, place, made)
        else:
            missed = Condition.OPERATION if wanted is None else condition
            self.patcher.missed(each.patch, missed, [item.name for item in items])

    def chain(self, draft: ListenerDraft, chain: ChainDraft) -> None:
        """A filter chain and all in it."""
        listener = draft.message
        checks = (
            lambda patch: listener_checks(patch, listener),
            lambda patch: chain_checks(patch, listener, chain.message),
        )
        place = f"listener {listener.name}, filter chain {chain.message.name or '(unnamed)'}"
        for each in self.patches(ApplyTo.FILTER_CHAIN, *checks):
            before = chain.message
            match each.operation:
                case Operation.REMOVE:
                    chain.removed = True
                    self.patcher.changed(each.patch, place, before, None)
                    return
                case Operation.MERGE:
                    chain.message = self.merged_chain(each, before)
                    chain.filters = list(chain.message.filters)
                    self.patcher.changed(each.patch, place, before, chain.message)
                case Operation.REPLACE:
                    self.patcher.missed(each.patch, Condition.OPERATION)
                case _:
                    pass
        self.network_filters(chain, checks, place)

    def merged_chain(self, each: Ready, chain: FilterChain) -> FilterChain:
        """A chain with a patch merged into it: only into the transport socket, if both have one of the same name."""
        patch: FilterChain = each.message
        old, new = chain.transport_socket, patch.transport_socket
        if old is None or new is None or old.name != new.name:
            merged: FilterChain = each.into(chain)
            return merged
        return changed(chain, each.patch.origin, transport_socket=self.merged_socket(each, old, new))

    def merged_socket(self, each: Ready, old: TransportSocket, new: TransportSocket) -> TransportSocket:
        if old.typed_config is None or new.typed_config is None:
            return old
        return changed(old, each.patch.origin, typed_config=self.packed_into(each, old.typed_config, new.typed_config))

    def network_filters(self, chain: ChainDraft, checks: Sequence[Checks], place: str) -> None:
        """The network filters of a chain."""
        for each in self.patches(ApplyTo.NETWORK_FILTER, *checks):
            if each.operation is not Operation.MERGE:
                self.edit(chain.filters, each, f"{place}, filters", Condition.FILTER, filter_name(each.patch))
        for index in range(len(chain.filters)):
            self.network_filter(chain, index, checks, f"{place}, filters[{index}]")

    def network_filter(self, chain: ChainDraft, index: int, checks: Sequence[Checks], place: str) -> None:
        """One network filter: merges, then the HTTP filters in it."""
        for each in self.patches(ApplyTo.NETWORK_FILTER, *checks, filter_checks(chain.filters, index)):
            if each.operation is Operation.MERGE:
                chain.filters[index] = self.merged_filter(each, chain.filters[index], place)
        network_filter = chain.filters[index]
        manager = network_filter.typed_config
        if network_filter.name == HTTP_CONNECTION_MANAGER and isinstance(manager, HttpConnectionManager):
            patched = self.http_filters(
                manager, (*checks, filter_checks(chain.filters, index)), f"{place}, http_filters"
            )
            if patched is not manager:
                chain.filters[index] = changed(network_filter, typed_config=patched)

    def http_filters(self, manager: HttpConnectionManager, here: Sequence[Checks], place: str) -> HttpConnectionManager:
        """A connection manager with its HTTP filters patched."""
        filters = list(manager.http_filters)
        for each in self.patches(ApplyTo.HTTP_FILTER, *here):
            if each.operation is not Operation.MERGE:
                self.edit(filters, each, place, Condition.SUB_FILTER, sub_filter_name(each.patch))
        for index in range(len(filters)):
            for each in self.patches(ApplyTo.HTTP_FILTER, *here, sub_filter_checks(filters, index)):
                if each.operation is Operation.MERGE:
                    filters[index] = self.merged_filter(each, filters[index], f"{place}[{index}]")
        return manager if same(tuple(filters), manager.http_filters) else changed(manager, http_filters=tuple(filters))

    def merged_filter(self, each: Ready, old: F, place: str) -> F:
        """A filter with a patch merged into it: its name replaced, its configuration merged if it is not discovered."""
        patch: F = each.message
        if old.typed_config is None:
            self.patcher.missed(each.patch, Condition.OPERATION)
            return old
        config = old.typed_config
        if patch.typed_config is not None:
            config = self.packed_into(each, old.typed_config, patch.typed_config)
        new = changed(old, each.patch.origin, name=patch.name or old.name, typed_config=config)
        self.patcher.changed(each.patch, place, old, new)
        return new

    def packed_into(self, each: Ready, packed: Packed, other: Packed) -> Packed:
        """A configuration with one of the same type merged into it; istiod gives up when the types differ."""
        try:
            return merged_packed(packed, other)
        except TypeMismatch as error:
            self.patcher.broke(each.patch, "the listeners of this direction", error)
            raise GaveUp from error
