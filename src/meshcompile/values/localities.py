"""Localities: region, zone and subzone."""

from typing import NamedTuple


class Locality(NamedTuple):
    """The locality of a workload. Empty parts are unknown. `str()` is `region/zone/subzone` without trailing empty
    parts.
    """

    region: str = ""
    zone: str = ""
    subzone: str = ""

    def __str__(self) -> str:
        return "/".join(self).rstrip("/")

    def __bool__(self) -> bool:
        return any(self)


NO_LOCALITY = Locality()


def locality(text: str) -> Locality:
    """The locality of `region/zone/subzone`. Missing parts are empty, and further parts are ignored."""
    region, zone, subzone = (*text.split("/"), "", "", "")[:3]
    return Locality(region, zone, subzone)
