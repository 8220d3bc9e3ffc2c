"""Measure meshes of several sizes and print a table; with --check, fail when a limit is passed.

The unit is what `yaml.CSafeLoader` alone needs for the same text, in the same process: ratios hold on any machine.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench import scaling
from bench.meshes import mesh

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / ".benchmarks" / "latest.json"
SIZES = (100, 1000, 5000)

# The most that each may be. `load` and the sidecar are in units of reading the YAML.
LOAD = 2.5
FIRST_SIDECAR = 1.0
SECOND_OF_FIRST = 0.1
GROWTH = 6.0  # from 1,000 to 5,000 services
MEMORY_OF_TEXT = 12.0
GROWTH_PER_DOUBLING = 2.4  # linear, with a fifth for noise


@dataclass(frozen=True, slots=True)
class Measured:
    """The medians of one size. `seconds` by step; memory in bytes."""

    services: int
    seconds: Mapping[str, float]
    peak: float
    text: float
    resources: int

    def ratio(self, step: str) -> float:
        return self.seconds[step] / self.seconds["yaml"]


@dataclass(frozen=True, slots=True)
class Limit:
    """Something that may not be more than so much."""

    name: str
    measured: float
    most: float

    @property
    def kept(self) -> bool:
        return self.measured <= self.most


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when a limit is passed")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured (default: %(default)s)")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="SERVICES")
    options = parser.parse_args()
    measured = [measure(size, options.rounds) for size in options.sizes]
    limits = list(checked({of.services: of for of in measured}))
    limits += [Limit(name, grown, GROWTH_PER_DOUBLING) for name, grown in scaling.growth(options.rounds)]
    print_table(measured)
    print_limits(limits)
    RESULTS.parent.mkdir(exist_ok=True)
    results = {"measured": [asdict(of) for of in measured], "limits": [asdict(limit) for limit in limits]}
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    return 1 if options.check and not all(limit.kept for limit in limits) else 0


def measure(services: int, rounds: int) -> Measured:
    """The medians of several rounds, each in a process of its own; a fleet and memory are measured once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mesh.yaml"
        path.write_text(mesh(services))
        runs = [_child("seconds", path, services) for _ in range(rounds)]
        fleet, memory = (_child(what, path, services) for what in ("fleet", "memory"))
        cold = median(_child("cold", path, services)["cold command"] for _ in range(rounds))
    resources = int(runs[0]["resources"])
    seconds = {step: median(run[step] for run in runs) for step in runs[0] if step != "resources"}
    return Measured(services, {**seconds, **fleet, "cold command": cold}, memory["peak"], memory["text"], resources)


def checked(by_size: Mapping[int, Measured]) -> Iterator[Limit]:
    """The limits that the sizes allow to check."""
    for size, of in by_size.items():
        yield Limit(f"load {size} services, in readings of its YAML", of.ratio("load"), LOAD)
        yield Limit(f"peak memory of {size} services, in sizes of its text", of.peak / of.text, MEMORY_OF_TEXT)
    if thousand := by_size.get(1000):
        first, second = thousand.seconds["first sidecar"], thousand.seconds["second sidecar"]
        yield Limit(
            "first sidecar of 1000 services, in readings of its YAML", thousand.ratio("first sidecar"), FIRST_SIDECAR
        )
        yield Limit("second sidecar of a namespace, of the first", second / first, SECOND_OF_FIRST)
    if len(by_size.keys() & {1000, 5000}) == 2:
        for step in ("load", "snapshot", "first sidecar", "gateway"):
            grown = by_size[5000].seconds[step] / by_size[1000].seconds[step]
            yield Limit(f"{step}: growth from 1000 to 5000 services", grown, GROWTH)


def print_table(measured: list[Measured]) -> None:
    print(f"{'step':<22}" + "".join(f"{of.services:>14} services" for of in measured))
    for step in measured[0].seconds:
        cells = (f"{of.seconds[step]:>14.3f} s {of.ratio(step):>6.2f}" for of in measured)
        print(f"{step:<22}" + "".join(f"{cell:>23}" for cell in cells))
    print(
        f"{'peak memory, MB':<22}" + "".join(f"{of.peak / 1e6:>14.1f}   {of.peak / of.text:>6.2f}" for of in measured)
    )
    print(f"{'resources of the first':<22}" + "".join(f"{of.resources:>14}{'':>9}" for of in measured))


def print_limits(limits: list[Limit]) -> None:
    for limit in limits:
        print(f"{'ok ' if limit.kept else 'OVER'} {limit.name}: {limit.measured:.2f} (at most {limit.most})")


def _child(what: str, path: Path, services: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.child", what, str(path), str(services)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


if __name__ == "__main__":
    sys.exit(main())
