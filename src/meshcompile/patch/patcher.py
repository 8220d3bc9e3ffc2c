"""The patches of one proxy during compilation: which ones match, what they change, and why others do not."""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, TypeVar

from msgspec import Struct, field

from meshcompile.codes.envoy_filters import PATCH_OF_OTHER_TYPE, PATCH_WITHOUT_EFFECT
from meshcompile.diagnostics import Diagnostic
from meshcompile.envoy.message import Message
from meshcompile.models.networking.envoy_filter import MERGES, ApplyTo, Operation, PatchContext
from meshcompile.patch.lists import Edit
from meshcompile.patch.merge import TypeMismatch
from meshcompile.patch.reasons import reason, suggestion
from meshcompile.patch.report import Change, PatchReport
from meshcompile.patch.values import Value, value_of
from meshcompile.resolve.envoy_filters import Condition, EnvoyFilters, Patch
from meshcompile.resolve.facts import ProxyFacts
from meshcompile.snapshot.snapshot import Snapshot

M = TypeVar("M", bound=Message)


class PatchAborted(Exception):
    """A patch makes istiod abort the patches of a listener and of all later listeners."""


class ActivePatch(Struct, frozen=True, eq=False):
    """A patch that applies to the proxy, with its value. The value is None only for a removal."""

    patch: Patch
    value: Value[Any] | None

    @property
    def operation(self) -> Operation:
        return self.patch.operation

    @property
    def merges(self) -> bool:
        """Whether the value is merged into objects that match."""
        return self.operation in MERGES

    @property
    def message(self) -> Any:
        """The value, as a message of the type that the patch applies to."""
        return self.value and self.value.message

    def into(self, message: M) -> M:
        """A message with the patch's value merged into it."""
        return message if self.value is None else self.value.into(message)


Check = tuple[Condition, bool, Collection[object]]
"""A condition, whether it is met, and the values that were compared with it."""
Checks = Callable[[Patch], Iterable[Check]]
"""The conditions of a patch on an object, evaluated one after the other."""


# Contexts in which a patch without a context adds its object.
_CONTEXTS_OF_ADDITIONS = frozenset({PatchContext.SIDECAR_OUTBOUND, PatchContext.GATEWAY})
_RANKS = {condition: rank for rank, condition in enumerate(Condition)}


class PatchMiss(Struct):
    """The condition that stopped a patch, and the values that were compared with it."""

    condition: Condition
    found: set[object] = field(default_factory=set)


class Patcher(Struct, eq=False):
    """Applies the patches of one proxy and records the outcome."""

    facts: ProxyFacts
    filters: EnvoyFilters
    snapshot: Snapshot
    _changes: dict[Patch, list[Change]] = field(default_factory=dict)
    _active: dict[tuple[ApplyTo, PatchContext | None], tuple[ActivePatch, ...]] = field(default_factory=dict)
    _missed: dict[Patch, PatchMiss] = field(default_factory=dict)
    _failed: dict[Patch, tuple[str, str]] = field(default_factory=dict)

    def patches(self, apply_to: ApplyTo, context: PatchContext | None = None) -> tuple[ActivePatch, ...]:
        """The patches of a kind of object for a context, or for all contexts if it is None."""
        key = (apply_to, context)
        if key not in self._active:
            candidates = self.filters.by_object.get(apply_to, ())
            self._active[key] = tuple(active for patch in candidates if (active := self._prepared(patch, context)))
        return self._active[key]

    def matching(self, apply_to: ApplyTo, context: PatchContext, *conditions: Checks) -> Iterator[ActivePatch]:
        """The patches whose conditions are met. Conditions are evaluated lazily, after earlier patches have been
        applied.
        """
        return self.meeting(self.patches(apply_to, context), *conditions)

    def meeting(self, patches: Iterable[ActivePatch], *conditions: Checks) -> Iterator[ActivePatch]:
        """The given patches whose conditions are met. Conditions are evaluated lazily."""
        for active in patches:
            if all(self.meets(active.patch, checks(active.patch)) for checks in conditions):
                yield active

    def additions(self, apply_to: ApplyTo, context: PatchContext) -> Iterator[ActivePatch]:
        """The patches that add an object to a proxy. A patch without a context adds it once."""
        for active in self.patches(apply_to, context):
            is_for_all = active.patch.match.context is PatchContext.ANY
            if active.operation is Operation.ADD and (not is_for_all or context in _CONTEXTS_OF_ADDITIONS):
                yield active

    def _prepared(self, patch: Patch, context: PatchContext | None) -> ActivePatch | None:
        patch_context = patch.match.context
        if context and not self.meets(patch, [(Condition.CONTEXT, patch_context in (PatchContext.ANY, context), ())]):
            return None
        value = self._value(patch)
        needs_value = patch.operation is not Operation.REMOVE
        is_known = bool(value) or not needs_value
        return ActivePatch(patch, value) if self.meets(patch, [(Condition.VALUE, is_known, ())]) else None

    def _value(self, patch: Patch) -> Value[Message] | None:
        return value_of(self.snapshot, patch.key)

    def meets(self, patch: Patch, checks: Iterable[Check]) -> bool:
        """Whether every condition is met. Records the first one that is not, with the values that were compared."""
        for condition, is_met, compared in checks:
            if not is_met:
                self.missed(patch, condition, compared)
                return False
        return True

    def missed(self, patch: Patch, condition: Condition, compared: Iterable[object] = ()) -> None:
        """Record that no object met a condition, unless the patch got further on another object."""
        known = self._missed.get(patch)
        if known is None or _RANKS[known.condition] < _RANKS[condition]:
            known = self._missed[patch] = PatchMiss(condition)
        if known.condition is condition:
            known.found.update(compared)

    def changed(self, patch: Patch, place: str, before: Message | None, after: Message | None) -> None:
        """Record a change."""
        self._changes.setdefault(patch, []).append(Change(place, before, after))

    def edited(self, patch: Patch, place: str, edits: Iterable[Edit[Any]]) -> None:
        """Record changes of a list."""
        for edit in edits:
            self.changed(patch, f"{place}[{edit.index}]", edit.before, edit.after)

    def failed(self, patch: Patch, what: str, error: TypeMismatch) -> None:
        """Record that istiod fails on a patch."""
        self._failed.setdefault(patch, (str(error), what))

    def reports(self) -> tuple[PatchReport, ...]:
        """The outcome of each patch, in the order in which they apply."""
        return tuple(map(self._report, self.filters.all))

    def _report(self, patch: Patch) -> PatchReport:
        changes = tuple(self._changes.get(patch, ()))
        return PatchReport(patch, changes, "" if changes else reason(patch, self._miss(patch).condition))

    def _miss(self, patch: Patch) -> PatchMiss:
        return PatchMiss(patch.refused) if patch.refused else self._missed.get(patch, PatchMiss(Condition.OBJECT))

    def findings(self) -> Iterator[Diagnostic]:
        """Findings about patches that changed nothing, and about patches on which istiod fails. Patches for other
        releases are excluded: the mesh's findings report them.
        """
        for patch in self.filters.all:
            if patch in self._failed:
                problem, what = self._failed[patch]
                yield PATCH_OF_OTHER_TYPE(patch.value_origin, problem=problem, what=what)
            elif patch not in self._changes and patch.refused is not Condition.PROXY_VERSION:
                yield self._without_effect(patch, self._miss(patch))

    def _without_effect(self, patch: Patch, miss: PatchMiss) -> Diagnostic:
        return PATCH_WITHOUT_EFFECT(
            patch.origin.at(*miss.condition.value.split(".")),
            proxy=self.facts.proxy.id,
            reason=reason(patch, miss.condition),
            suggestion=suggestion(patch, miss.condition, miss.found),
        )
