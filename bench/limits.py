"""Limits that `make bench` enforces, and targets that it only shows.

A key names one measured ratio. Its limit fails the bench. Its target is where the ratio should get to; a limit becomes
the target when that is reached on an idle machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bound:
    """The most that a ratio may be, and the most that it should be. None means that there is no such bound."""

    limit: float | None = None
    target: float | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A measured ratio and its bounds."""

    key: str
    measured: float
    bound: Bound

    @property
    def holds(self) -> bool:
        return self.bound.limit is None or self.measured <= self.bound.limit

    @property
    def reaches(self) -> bool:
        return self.bound.target is None or self.measured <= self.bound.target

    def __str__(self) -> str:
        state = "OVER" if not self.holds else "ok" if self.reaches else "open"
        limit = "" if self.bound.limit is None else f", limit {self.bound.limit:g}"
        target = "" if self.bound.target is None else f", target {self.bound.target:g}"
        return f"{state:4} {self.key}: {self.measured:.3g}{limit}{target}"


GROWTH_PER_DOUBLING = 2.4  # linear growth, plus a fifth for noise
GROWTH_TO_5000 = 6.0  # from 1,000 services
BOUNDS: Mapping[str, Bound] = {
    # Steps, in readings of the YAML.
    "100 services: load": Bound(1.6),
    "1,000 services: load": Bound(1.4),
    "5,000 services: load": Bound(1.4),
    "1,000 services: first sidecar": Bound(1.0),
    "1,000 services: snapshot and first sidecar": Bound(1.6, 0.55),
    "1,000 services: second sidecar": Bound(0.03, 0.007),
    "1,000 services: first sidecar of another namespace": Bound(0.04, 0.04),
    "1,000 services: gateway": Bound(1.2, 0.5),
    "1,000 services: compact JSON of the first": Bound(0.5, 0.15),
    "1,000 services: one VirtualService edited": Bound(None, 0.06),
    # How much longer 5,000 services take than 1,000.
    "growth to 5,000: load": Bound(GROWTH_TO_5000),
    "growth to 5,000: snapshot": Bound(GROWTH_TO_5000),
    "growth to 5,000: first sidecar": Bound(GROWTH_TO_5000),
    "growth to 5,000: gateway": Bound(GROWTH_TO_5000),
    # Per service, 20,000 services in 1,000.
    "growth to 20,000: load": Bound(None, 1.1),
    "growth to 20,000: snapshot and first sidecar": Bound(None, 1.1),
    # Peak memory, in sizes of the text.
    "100 services: memory after load": Bound(12),
    "1,000 services: memory after load": Bound(12, 9),
    "5,000 services: memory after load": Bound(12),
    "1,000 services: memory after snapshot": Bound(20, 14),
    "1,000 services: memory after first sidecar": Bound(60, 30),
    # From the text of 5,000 resources to findings, in readings of the YAML.
    "checks: validate": Bound(2.0),
    "checks: validate, 2,000 wrong subsets": Bound(2.0),
    "checks: analyze": Bound(4.0),
    "checks: analyze, 2,000 wrong subsets": Bound(4.0),
    # In loads of both versions.
    "diff: one VirtualService, 200 workloads": Bound(3.0, 2.0),
    "plan: one VirtualService, 200 workloads": Bound(6.0, 4.0),
    # In compiling the table.
    "unreachable: 5,000 routes in one table": Bound(10),
    # In compiling the proxies that the requests meet.
    "requests: explain, cold": Bound(1.3),
    "requests: 1,000 tests, 500 services": Bound(3.0),
    # 2,000 sidecars and 10 gateways of 1,000 services.
    "fleet: compiled": Bound(18, 12),
    "fleet: compiled, with fingerprints": Bound(30),
    "fleet: memory": Bound(90, 60),
    # In starts of Python: the processor time of `python -c pass`.
    "start: --help": Bound(1.6, 1.6),
    "start: version": Bound(6),
    "start: validate": Bound(25, 10),
    "start: validate, five kinds": Bound(32),
    "start: proxies": Bound(36),
    "start: analyze": Bound(42, 14),
    "start: compile": Bound(60, 14),
}


def bound(key: str) -> Bound:
    """The bounds of a ratio."""
    if key.startswith("cases: ") and key.endswith(", doubled"):
        return Bound(GROWTH_PER_DOUBLING)
    return BOUNDS.get(key, Bound())


def checked(ratios: Mapping[str, float]) -> Iterator[Checked]:
    """The ratios that have bounds."""
    for key, measured in ratios.items():
        if (found := bound(key)) != Bound():
            yield Checked(key, measured, found)
