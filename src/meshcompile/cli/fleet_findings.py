"""Findings of many configurations without duplicates. Proxies share most of their findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from meshcompile.words import nor_for_others

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Config, Diagnostic
    from meshcompile.documents import Origin

# The path of a patch in an EnvoyFilter.
PATCH_PATH = ("spec", "configPatches", 0)


class FleetFindings:
    """Collects the findings of successive configurations, without keeping the configurations.

    A patch without effect is reported only if it changes nothing for any proxy, and then once.
    """

    def __init__(self) -> None:
        self._at_work: set[tuple[object, ...]] = set()
        self._idle: dict[tuple[object, ...], list[Diagnostic]] = {}
        self._others: dict[Diagnostic, None] = {}

    def add(self, diagnostics: Iterable[Diagnostic], effective: Iterable[Origin]) -> None:
        """Add the findings of one configuration, and the origins of the patches that change it."""
        from meshcompile.codes.envoy_filters import PATCH_WITHOUT_EFFECT

        self._at_work.update((origin.document, origin.path) for origin in effective)
        for found in diagnostics:
            if found.code == PATCH_WITHOUT_EFFECT.id:
                patch = (found.origin.document, found.origin.path[: len(PATCH_PATH)])
                self._idle.setdefault(patch, []).append(found)
            else:
                self._others[found] = None

    @property
    def found(self) -> tuple[Diagnostic, ...]:
        """The findings without duplicates."""
        idle = (same for patch, same in self._idle.items() if patch not in self._at_work)
        return (*self._others, *map(_of_all, idle))


def effective_patches(config: Config) -> tuple[Origin, ...]:
    """The origins of the patches that change a configuration."""
    return tuple(report.origin for report in config.patches if report.changes)


def _of_all(same: Sequence[Diagnostic]) -> Diagnostic:
    """The first of several equal findings, with the number of the others."""
    first, *more = same
    return replace(first, message=nor_for_others(first.message, len(more)))
