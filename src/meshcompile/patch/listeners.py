"""Patches of listeners and their parts. Follows istiod's `envoyfilter.ApplyListenerPatches`.

Within a listener, the order is istiod's: the listener, its listener filters, and then each filter chain. Within a
chain, the order is: the chain, its network filters, and the HTTP filters of a connection manager. For filters, all
additions and removals come before the first merge. New chains come last, and new listeners come after all others.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from msgspec import Struct

from meshcompile.envoy.config.core import TransportSocket
from meshcompile.envoy.config.listener import Filter, FilterChain, Listener, ListenerFilter
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager, HttpFilter
from meshcompile.envoy.message import Packed
from meshcompile.models.networking.envoy_filter import ApplyTo, Operation, PatchContext
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
from meshcompile.patch.patcher import ActivePatch, Checks, PatchAborted, Patcher
from meshcompile.resolve.envoy_filters import Condition
from meshcompile.values.names import HTTP_CONNECTION_MANAGER

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
    patched: list[Listener] = []
    for position, listener in enumerate(listeners):
        outcome = patching.outcome(listener)
        patched += () if outcome.listener is None else (outcome.listener,)
        if outcome.aborted:
            return (*patched, *listeners[position + 1 :])
    return (*patched, *patching.added()) if additions else tuple(patched)


class PatchedListener(Struct, frozen=True):
    """A listener after its patches; None when a patch removes it. istiod stops at a patch that aborts."""

    listener: Listener | None
    aborted: bool = False


class ListenerPatching(Struct, frozen=True, eq=False):
    """The patches of one context, applied to one listener after the other."""

    patcher: Patcher
    context: PatchContext

    def patches(self, apply_to: ApplyTo, *conditions: Checks) -> Iterator[ActivePatch]:
        return self.patcher.matching(apply_to, self.context, *conditions)

    def outcome(self, listener: Listener) -> PatchedListener:
        """A listener with all its patches, or with those before the one that makes istiod abort."""
        draft = ListenerDraft(listener)
        try:
            self.patch(draft)
        except PatchAborted:
            return PatchedListener(draft.result(), aborted=True)
        return PatchedListener(draft.result())

    def added(self) -> Iterator[Listener]:
        """New listeners. A listener without a name is dropped."""
        for active in self.patcher.additions(ApplyTo.LISTENER, self.context):
            message: Listener = active.message
            if message.name:
                self.patcher.changed(active.patch, f"listener {message.name}", None, message)
                yield message
            else:
                self.patcher.missed(active.patch, Condition.UNNAMED)

    def patch(self, draft: ListenerDraft) -> None:
        """Patch a listener and all its parts."""
        for active in self.patches(ApplyTo.LISTENER, lambda patch: listener_checks(patch, draft.message)):
            before = draft.message
            place = f"listener {before.name}"
            match active.operation:
                case Operation.REMOVE:
                    draft.removed = True
                    self.patcher.changed(active.patch, place, before, None)
                    return
                case Operation.MERGE | Operation.MERGE_AND_REPLACE_LIST:
                    draft.message = active.into(before)
                    draft.open()
                    self.patcher.changed(active.patch, place, before, draft.message)
                case Operation.REPLACE:
                    self.patcher.missed(active.patch, Condition.OPERATION)
                case _:
                    pass
        self.listener_filters(draft)
        for chain in draft.all_chains:
            self.chain(draft, chain)
        for active in self.patches(ApplyTo.FILTER_CHAIN, lambda patch: listener_checks(patch, draft.message)):
            if active.operation is Operation.ADD:
                self.add_chain(draft, active)

    def add_chain(self, draft: ListenerDraft, active: ActivePatch) -> None:
        """Add a filter chain. A chain without filters is dropped."""
        chain: FilterChain = active.message
        if chain.filters:
            draft.chains.append(ChainDraft(chain, list(chain.filters)))
            self.patcher.changed(active.patch, f"listener {draft.message.name}, filter chain {chain.name}", None, chain)
        else:
            self.patcher.missed(active.patch, Condition.WITHOUT_FILTERS)

    def listener_filters(self, draft: ListenerDraft) -> None:
        """Patch the listener filters of a listener. A merge applies to all of them, regardless of its name."""
        place = f"listener {draft.message.name}, listener_filters"
        for active in self.patches(ApplyTo.LISTENER_FILTER, lambda patch: listener_checks(patch, draft.message)):
            match = active.patch.match.listener
            target = match.listener_filter if match else ""
            if active.operation is not Operation.MERGE:
                self.edit(draft.listener_filters, active, place, Condition.LISTENER_FILTER, target or None)
            elif target:
                self.merge_listener_filters(draft, active, place)
            else:
                self.patcher.missed(active.patch, Condition.OPERATION)

    def merge_listener_filters(self, draft: ListenerDraft, active: ActivePatch, place: str) -> None:
        for index, old in enumerate(draft.listener_filters):
            patch: ListenerFilter = active.message
            if old.typed_config is None or patch.typed_config is None:
                self.patcher.missed(active.patch, Condition.OPERATION)
                continue
            config = self.packed_into(active, old.typed_config, patch.typed_config)
            new = changed(old, active.patch.origin, typed_config=config)
            draft.listener_filters[index] = new
            self.patcher.changed(active.patch, f"{place}[{index}]", old, new)

    def edit(self, items: list[F], active: ActivePatch, place: str, condition: Condition, target: str | None) -> None:
        """Insert filters into a list, or remove them. `target` is the name of the filter that a patch matches."""
        matches = None if target is None else lambda item: item.name == target
        changes = edits(items, active.operation, active.message, matches)
        if changes:
            edit(items, changes)
            self.patcher.edited(active.patch, place, changes)
        else:
            missed = Condition.OPERATION if target is None else condition
            self.patcher.missed(active.patch, missed, [item.name for item in items])

    def chain(self, draft: ListenerDraft, chain: ChainDraft) -> None:
        """Patch a filter chain and all its parts."""
        listener = draft.message
        checks = (
            lambda patch: listener_checks(patch, listener),
            lambda patch: chain_checks(patch, listener, chain.message),
        )
        place = f"listener {listener.name}, filter chain {chain.message.name or '(unnamed)'}"
        for active in self.patches(ApplyTo.FILTER_CHAIN, *checks):
            before = chain.message
            match active.operation:
                case Operation.REMOVE:
                    chain.removed = True
                    self.patcher.changed(active.patch, place, before, None)
                    return
                case Operation.MERGE | Operation.MERGE_AND_REPLACE_LIST:
                    chain.message = self.merged_chain(active, before)
                    chain.filters = list(chain.message.filters)
                    self.patcher.changed(active.patch, place, before, chain.message)
                case Operation.REPLACE:
                    self.patcher.missed(active.patch, Condition.OPERATION)
                case _:
                    pass
        self.network_filters(chain, checks, place)

    def merged_chain(self, active: ActivePatch, chain: FilterChain) -> FilterChain:
        """A chain with a patch merged into it. If both have a transport socket with the same name, only that is
        merged.
        """
        patch: FilterChain = active.message
        old, new = chain.transport_socket, patch.transport_socket
        if old is None or new is None or old.name != new.name:
            merged: FilterChain = active.into(chain)
            return merged
        return changed(chain, active.patch.origin, transport_socket=self.merged_socket(active, old, new))

    def merged_socket(self, active: ActivePatch, old: TransportSocket, new: TransportSocket) -> TransportSocket:
        if old.typed_config is None or new.typed_config is None:
            return old
        return changed(
            old, active.patch.origin, typed_config=self.packed_into(active, old.typed_config, new.typed_config)
        )

    def network_filters(self, chain: ChainDraft, checks: Sequence[Checks], place: str) -> None:
        """Patch the network filters of a chain."""
        for active in self.patches(ApplyTo.NETWORK_FILTER, *checks):
            if active.operation is not Operation.MERGE:
                self.edit(chain.filters, active, f"{place}, filters", Condition.FILTER, filter_name(active.patch))
        for index in range(len(chain.filters)):
            self.network_filter(chain, index, checks, f"{place}, filters[{index}]")

    def network_filter(self, chain: ChainDraft, index: int, checks: Sequence[Checks], place: str) -> None:
        """Patch one network filter: apply merges, then patch its HTTP filters."""
        for active in self.patches(ApplyTo.NETWORK_FILTER, *checks, filter_checks(chain.filters, index)):
            if active.operation is Operation.MERGE:
                chain.filters[index] = self.merged_filter(active, chain.filters[index], place)
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
        for active in self.patches(ApplyTo.HTTP_FILTER, *here):
            if active.operation is not Operation.MERGE:
                self.edit(filters, active, place, Condition.SUB_FILTER, sub_filter_name(active.patch))
        for index in range(len(filters)):
            for active in self.patches(ApplyTo.HTTP_FILTER, *here, sub_filter_checks(filters, index)):
                if active.operation is Operation.MERGE:
                    filters[index] = self.merged_filter(active, filters[index], f"{place}[{index}]")
        return manager if same(tuple(filters), manager.http_filters) else changed(manager, http_filters=tuple(filters))

    def merged_filter(self, active: ActivePatch, old: F, place: str) -> F:
        """A filter with a patch merged into it. Its name is replaced. Its configuration is merged unless it is
        discovered.
        """
        patch: F = active.message
        if old.typed_config is None:
            self.patcher.missed(active.patch, Condition.OPERATION)
            return old
        config = old.typed_config
        if patch.typed_config is not None:
            config = self.packed_into(active, old.typed_config, patch.typed_config)
        new = changed(old, active.patch.origin, name=patch.name or old.name, typed_config=config)
        self.patcher.changed(active.patch, place, old, new)
        return new

    def packed_into(self, active: ActivePatch, packed: Packed, other: Packed) -> Packed:
        """A configuration with one of the same type merged into it. istiod aborts if the types differ."""
        try:
            return merged_packed(packed, other)
        except TypeMismatch as error:
            self.patcher.failed(active.patch, "the listeners of this direction", error)
            raise PatchAborted from error
