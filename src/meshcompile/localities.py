"""Localities: region, zone and subzone."""

from typing import NamedTuple


class Locality(NamedTuple):
    """Where a workload runs; empty parts are unknown. `str()` is `region/zone/subzone` without empty tail."""

    region: str = ""
    zone: str = ""
    subzone: str = ""

    def __str__(self) -> str:
        return "/".join(self).rstrip("/")

    def __bool__(self) -> bool:
        return any(self)


NO_LOCALITY = Locality()


def locality(text: str) -> Locality:
    """The locality that `region/zone/subzone` names; missing parts are empty, further parts are ignored."""
    region, zone, subzone = (*text.split("/"), "", "", "")[:3]
    return Locality(region, zone, subzone)
