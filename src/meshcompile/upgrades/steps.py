"""The stages between two releases: the rows that differ, switched on one after another."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.behaviour import ADDED_FEATURES, FEATURES, RELEASES, Behaviour, features_of, with_features
from meshcompile.changes import CHANGES, ReleaseChange
from meshcompile.errors import InvalidArgument

VERSION = "release"
"""The field of the last row: the version of the proxies."""
CANARY = "https://istio.io/latest/docs/setup/upgrade/canary/"


class UpgradeStage(Struct, frozen=True):
    """A row, and the behaviour with this row and all rows before it."""

    row: ReleaseChange
    behaviour: Behaviour


def stages(before: Behaviour, after: Behaviour) -> tuple[UpgradeStage, ...]:
    """The stages from one release to a later one, in the order of the releases. The last is the version of proxies."""
    return tuple(_stages(before, after))


def _stages(before: Behaviour, after: Behaviour) -> Iterator[UpgradeStage]:
    reached = before
    for row in rows_between(before, after):
        reached = replace(reached, **{row.field: getattr(after, row.field)})
        yield UpgradeStage(row, reached)
    yield UpgradeStage(version_row(after), after)


def rows_between(before: Behaviour, after: Behaviour) -> tuple[ReleaseChange, ...]:
    """The rows of the releases after one and up to another, without those that a later row takes back."""
    releases = tuple(RELEASES)
    passed = releases[releases.index(before.name) + 1 : releases.index(after.name) + 1]
    latest = {row.field: row for row in CHANGES if row.release in passed}
    return tuple(row for row in latest.values() if getattr(before, row.field) != getattr(after, row.field))


def version_row(after: Behaviour) -> ReleaseChange:
    """The row for what depends on the version that proxies report."""
    return ReleaseChange(
        VERSION,
        after.name,
        f"Proxies have the version {after.release}",
        "A proxy that is restarted with the new version gets what only newer proxies understand. Patches of"
        " EnvoyFilters apply if their `proxyVersion` matches the new version.",
        CANARY,
        keep=("keep proxies of the earlier release until the EnvoyFilters are changed",),
    )


def behaviour_after(before: Behaviour, to: str, features: Mapping[str, bool]) -> Behaviour:
    """The behaviour of a later release with the feature flags of the mesh, and with flags that the later release adds.

    Raises InvalidArgument for a release that is unknown or not later, and for a flag that the upgrade does not bring.
    """
    releases = tuple(RELEASES)
    if to not in RELEASES:
        raise InvalidArgument(f"unknown release {to!r}: known are {', '.join(releases)}")
    if releases.index(to) <= releases.index(before.name):
        raise InvalidArgument(f"the mesh is loaded for Istio {before.name}, and {to} is not a later release")
    brought = [name for name in features_of(to) if name not in features_of(before.name)]
    unknown = sorted(features.keys() - set(brought))
    if unknown:
        expected = f"flags that it brings: {', '.join(brought)}" if brought else "no flags that it brings"
        raise InvalidArgument(f"feature flag {unknown[0]}: the upgrade from {before.name} to {to} has {expected}")
    return with_features(replace(RELEASES[to], **_set_flags(before)), features)


def _set_flags(before: Behaviour) -> dict[str, Any]:
    """The fields of feature flags that the mesh does not have at the default of its release."""
    default, own = RELEASES[before.name], {FEATURES[name] for name in features_of(before.name)}
    return {field: getattr(before, field) for field in own if getattr(before, field) != getattr(default, field)}


def compatibility_features(release: str, to: str) -> Mapping[str, bool]:
    """The feature flags that `compatibilityVersion: RELEASE` sets in a later release."""
    releases = tuple(RELEASES)
    later = releases[releases.index(release) + 1 : releases.index(to) + 1]
    added = (name for name, first in ADDED_FEATURES.items() if first in later)
    return {name: getattr(RELEASES[release], FEATURES[name]) for name in added}
