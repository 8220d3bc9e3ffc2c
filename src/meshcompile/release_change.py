"""A difference between a release of Istio and the one before it."""

from collections.abc import Iterator
from dataclasses import dataclass

from meshcompile.behaviour import ADDED_FEATURES, FEATURES, RELEASES

ISTIO = "https://github.com/istio/istio"
PULL = f"{ISTIO}/pull/"


@dataclass(frozen=True, slots=True)
class ReleaseChange:
    """One observable difference between a release of Istio and the one before it."""

    field: str
    """The field of Behaviour with the difference."""
    release: str
    """The first release with the new behaviour."""
    title: str
    effect: str
    link: str
    """The change in Istio's repository."""
    keep: tuple[str, ...] = ()
    """What restores the earlier behaviour, apart from a feature flag. Empty if nothing does."""

    @property
    def anchor(self) -> str:
        """The anchor of the change on the page about releases."""
        return self.field.replace("_", "-")

    @property
    def flag(self) -> str | None:
        """The environment variable of istiod that restores the earlier behaviour."""
        flags = (name for name, field in FEATURES.items() if field == self.field and name in ADDED_FEATURES)
        return next(flags, None)

    @property
    def ways_back(self) -> tuple[str, ...]:
        """What restores the earlier behaviour. The first is the most precise."""
        return (*_flag_ways(self), *self.keep)


def _flag_ways(change: ReleaseChange) -> Iterator[str]:
    if change.flag is not None:
        value = str(getattr(RELEASES[_before(change.release)], change.field)).lower()
        yield f"set `{change.flag}={value}` in the environment of istiod"
        yield f"install with `compatibilityVersion: {_before(change.release)}`"


def _before(release: str) -> str:
    """The release before another."""
    releases = tuple(RELEASES)
    return releases[releases.index(release) - 1]
