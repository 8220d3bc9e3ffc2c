"""The patches of one proxy while it is compiled: which are for what, what they changed, and why they did not."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from meshcompile.codes.envoy_filters import PATCH_OF_OTHER_TYPE, PATCH_WITHOUT_EFFECT
from meshcompile.diagnostics import Diagnostic
from meshcompile.envoy.message import Message
from meshcompile.models.networking.envoy_filter import ApplyTo, Operation, PatchContext
from meshcompile.patch.lists import Edit
from meshcompile.patch.merge import TypeMismatch
from meshcompile.patch.reasons import reason, suggestion
from meshcompile.patch.report import Change, PatchReport
from meshcompile.patch.values import Value, value_of
from meshcompile.resolve.envoy_filters import Condition, EnvoyFilters, Patch
from meshcompile.resolve.facts import ProxyFacts
from meshcompile.snapshot.snapshot import Snapshot

M = TypeVar("M", bound=Message)


class GaveUp(Exception):
    """A patch on which istiod stops patching a listener, and those after it, half-way."""


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """A patch that is for the proxy, with its value: None only for a removal."""

    patch: Patch
    value: Value[Any] | None

    @property
    def operation(self) -> Operation:
        return self.patch.operation

    @property
    def message(self) -> Any:
        """The value as a message of the kind that the patch is for."""
        return self.value and self.value.message

    def into(self, message: M) -> M:
        """A message with the value merged into it."""
        return message if self.value is None else self.value.into(message)


Check = tuple[Condition, bool, Collection[object]]
"""A condition, whether it is met, and what was found where it looks."""
Checks = Callable[[Patch], Iterable[Check]]
"""The conditions of a patch on some object, evaluated one after the other."""


# Where patches add what they add without a context.
_CONTEXTS_OF_ADDITIONS = frozenset({PatchContext.SIDECAR_OUTBOUND, PatchContext.GATEWAY})
_RANKS = {condition: rank for rank, condition in enumerate(Condition)}


@dataclass(slots=True)
class Miss:
    """The condition that stopped a patch, and all that was found where it looks."""

    condition: Condition
    found: set[object] = field(default_factory=set)


@dataclass(eq=False)
class Patcher:
    """Applies patches for one proxy, and keeps account of it."""

    facts: ProxyFacts
    filters: EnvoyFilters
    snapshot: Snapshot
    _changes: dict[Patch, list[Change]] = field(default_factory=dict)
    _ready: dict[tuple[ApplyTo, PatchContext | None], tuple[Ready, ...]] = field(default_factory=dict)
    _missed: dict[Patch, Miss] = field(default_factory=dict)
    _broken: dict[Patch, tuple[str, str]] = field(default_factory=dict)

    def patches(self, apply_to: ApplyTo, context: PatchContext | None = None) -> tuple[Ready, ...]:
        """The patches of a kind of object that are for a context, or for any if None."""
        key = (apply_to, context)
        if key not in self._ready:
            found = self.filters.by_object.get(apply_to, ())
            self._ready[key] = tuple(each for patch in found if (each := self._prepared(patch, context)) is not None)
        return self._ready[key]

    def matching(self, apply_to: ApplyTo, context: PatchContext, *conditions: Checks) -> Iterator[Ready]:
        """Those of them whose conditions are met at the time when they are reached."""
        return self.meeting(self.patches(apply_to, context), *conditions)

    def meeting(self, patches: Iterable[Ready], *conditions: Checks) -> Iterator[Ready]:
        """The patches whose conditions are met at the time when they are reached."""
        for each in patches:
            if all(self.meets(each.patch, checks(each.patch)) for checks in conditions):
                yield each

    def additions(self, apply_to: ApplyTo, context: PatchContext) -> Iterator[Ready]:
        """Those of them that add something to a proxy; without a context, they add it once."""
        for each in self.patches(apply_to, context):
            is_for_all = each.patch.match.context is PatchContext.ANY
            if each.operation is Operation.ADD and (not is_for_all or context in _CONTEXTS_OF_ADDITIONS):
                yield each

    def _prepared(self, patch: Patch, context: PatchContext | None) -> Ready | None:
        wanted = patch.match.context
        if context and not self.meets(patch, [(Condition.CONTEXT, wanted in (PatchContext.ANY, context), ())]):
            return None
        value = self._value(patch)
        needs_value = patch.operation is not Operation.REMOVE
        is_known = bool(value) or not needs_value
        return Ready(patch, value) if self.meets(patch, [(Condition.VALUE, is_known, ())]) else None

    def _value(self, patch: Patch) -> Value[Message] | None:
        return value_of(self.snapshot, patch.key)

    def meets(self, patch: Patch, checks: Iterable[Check]) -> bool:
        """Whether every condition is met; the first that is not is remembered, and what was found instead."""
        for condition, is_met, found in checks:
            if not is_met:
                self.missed(patch, condition, found)
                return False
        return True

    def missed(self, patch: Patch, condition: Condition, found: Iterable[object] = ()) -> None:
        """Remember that a patch found nothing that meets a condition, unless it got further elsewhere."""
        known = self._missed.get(patch)
        if known is None or _RANKS[known.condition] < _RANKS[condition]:
            known = self._missed[patch] = Miss(condition)
        if known.condition is condition:
            known.found.update(found)

    def changed(self, patch: Patch, place: str, before: Message | None, after: Message | None) -> None:
        """Note a change."""
        self._changes.setdefault(patch, []).append(Change(place, before, after))

    def edited(self, patch: Patch, place: str, edits: Iterable[Edit[Any]]) -> None:
        """Note changes of a list."""
        for each in edits:
            self.changed(patch, f"{place}[{each.index}]", each.before, each.after)

    def broke(self, patch: Patch, what: str, error: TypeMismatch) -> None:
        """Note that istiod fails on a patch."""
        self._broken.setdefault(patch, (str(error), what))

    def reports(self) -> tuple[PatchReport, ...]:
        """What became of each patch, in the order in which they are applied."""
        return tuple(map(self._report, self.filters.all))

    def _report(self, patch: Patch) -> PatchReport:
        changes = tuple(self._changes.get(patch, ()))
        return PatchReport(patch, changes, "" if changes else reason(patch, self._miss(patch).condition))

    def _miss(self, patch: Patch) -> Miss:
        return Miss(patch.refused) if patch.refused else self._missed.get(patch, Miss(Condition.OBJECT))

    def findings(self) -> Iterator[Diagnostic]:
        """Which patches changed nothing, and on which istiod fails; one for another release is the mesh's to report."""
        for patch in self.filters.all:
            if patch in self._broken:
                problem, what = self._broken[patch]
                yield PATCH_OF_OTHER_TYPE(patch.value_origin, problem=problem, what=what)
            elif patch not in self._changes and patch.refused is not Condition.PROXY_VERSION:
                yield self._without_effect(patch, self._miss(patch))

    def _without_effect(self, patch: Patch, miss: Miss) -> Diagnostic:
        return PATCH_WITHOUT_EFFECT(
            patch.origin.at(*miss.condition.value.split(".")),
            proxy=self.facts.proxy.id,
            reason=reason(patch, miss.condition),
            suggestion=suggestion(patch, miss.condition, miss.found),
        )
