"""Measure meshes of several sizes and print tables. With --check, fail if a limit is exceeded.

The unit is the time that `yaml.CSafeLoader` alone needs for the same text in the same process, so the ratios hold on
any machine.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench import scaling
from bench.meshes import mesh
from bench.scaling import Grown

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / ".benchmarks" / "latest.json"
SIZES = (100, 1000, 5000)

# The limits. `load` and the sidecar are in units of reading the YAML.
LOAD = 2.5
FIRST_SIDECAR = 1.0
SECOND_OF_FIRST = 0.1
GROWTH = 6.0  # from 1,000 to 5,000 services
MEMORY_OF_TEXT = 12.0
GROWTH_PER_DOUBLING = 2.4  # linear growth, plus a fifth for noise
# In starts of Python: the processor time of `python -c pass`.
STARTS = {
    "--help": 1.6,
    "version": 6.0,
    "validate": 25.0,
    "validate, five kinds": 32.0,
    "proxies": 36.0,
    "analyze": 42.0,
    "compile": 60.0,
}


@dataclass(frozen=True, slots=True)
class Measured:
    """The medians of one size: seconds per step, peak memory per step in multiples of the text, and cache hits."""

    services: int
    seconds: Mapping[str, float]
    memory: Mapping[str, float]
    resources: int
    hits: Mapping[str, float]

    def ratio(self, step: str) -> float:
        return self.seconds[step] / self.seconds["yaml"]


@dataclass(frozen=True, slots=True)
class Limit:
    """A measured value and its maximum."""

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
    start = _medians(_child("start") for _ in range(options.rounds))
    measured = [measure(size, options.rounds) for size in options.sizes]
    grown = list(scaling.grown(options.rounds))
    limits = [*of_sizes({of.services: of for of in measured}), *of_growth(grown), *of_start(start)]
    print_table(measured)
    print_hits(measured)
    print_growth(grown)
    print_start(start)
    print_limits(limits)
    RESULTS.parent.mkdir(exist_ok=True)
    results = {
        "measured": [asdict(of) for of in measured],
        "grown": [asdict(of) for of in grown],
        "limits": [asdict(limit) for limit in limits],
        "start": start,
    }
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    return 1 if options.check and not all(limit.kept for limit in limits) else 0


def measure(services: int, rounds: int) -> Measured:
    """The medians of several rounds, each in its own process. A fleet and memory are measured once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mesh.yaml"
        path.write_text(mesh(services))
        once = {**_child("fleet", path, services), **_child("cold", path, services)}
        seconds = _medians(_child("seconds", path, services) for _ in range(rounds))
        memory = _child("memory", path, services)
        hits = _child("queries", path, services)
    resources = int(seconds.pop("resources"))
    return Measured(services, {**seconds, **once}, memory, resources, hits)


def of_sizes(by_size: Mapping[int, Measured]) -> Iterator[Limit]:
    """The limits that can be checked with these sizes."""
    for size, of in by_size.items():
        yield Limit(f"load {size:,} services, in readings of the YAML", of.ratio("load"), LOAD)
        yield Limit(
            f"peak memory of loading {size:,} services, in sizes of the text", of.memory["load"], MEMORY_OF_TEXT
        )
    if thousand := by_size.get(1000):
        first = thousand.ratio("first sidecar")
        yield Limit("first sidecar of 1,000 services, in readings of the YAML", first, FIRST_SIDECAR)
        yield Limit(
            "second sidecar of a namespace, of the first", thousand.ratio("second sidecar") / first, SECOND_OF_FIRST
        )
    if len(by_size.keys() & {1000, 5000}) == 2:
        for step in ("load", "snapshot", "first sidecar", "gateway"):
            growth = by_size[5000].seconds[step] / by_size[1000].seconds[step]
            yield Limit(f"{step}: growth from 1,000 to 5,000 services", growth, GROWTH)


def of_growth(grown: Iterable[Grown]) -> Iterator[Limit]:
    return (Limit(f"{of.what}: growth per doubling", of.growth, GROWTH_PER_DOUBLING) for of in grown)


def of_start(start: Mapping[str, float]) -> Iterator[Limit]:
    for command, most in STARTS.items():
        yield Limit(f"{command}, in starts of Python", start[command] / start["python"], most)


def print_table(measured: Sequence[Measured]) -> None:
    """Steps in readings of the YAML, and memory in multiples of the text."""
    _print_row("readings of the YAML", *(f"{of.services:,} services" for of in measured))
    _print_row("---", *("---:" for _ in measured))
    for step in measured[0].seconds:
        _print_row(step, *(f"{of.ratio(step):.3g}" for of in measured))
    _print_row("one reading, in seconds", *(f"{of.seconds['yaml']:.2f}" for of in measured))
    _print_row("resources of the first sidecar", *(f"{of.resources:,}" for of in measured))
    for step in measured[0].memory:
        _print_row(f"memory after: {step}", *(f"{of.memory[step]:.1f} x text" for of in measured))
    print()


def print_growth(grown: Iterable[Grown]) -> None:
    _print_row("what grows", "index", "one proxy", "memory", "twice as much takes")
    _print_row("---", *("---:" for _ in range(4)))
    for of in grown:
        cells = (f"{of.snapshot:.2f}", f"{of.sidecar:.2f}", f"{of.memory:.1f} x text", f"{of.growth:.2f}")
        _print_row(of.what, *cells)
    print()


def print_hits(measured: Sequence[Measured]) -> None:
    """The cache hits of a fleet, by query."""
    _print_row("answered from memory", *(f"{of.services:,} services" for of in measured))
    _print_row("---", *("---:" for _ in measured))
    for query in measured[0].hits:
        _print_row(query, *(f"{of.hits.get(query, 0):.1%}" for of in measured))
    print()


def print_start(start: Mapping[str, float]) -> None:
    _print_row("from nothing", "starts of Python", "limit")
    _print_row("---", "---:", "---:")
    for command, most in STARTS.items():
        _print_row(command, f"{start[command] / start['python']:.1f}", f"{most:g}")
    print()


def print_limits(limits: Iterable[Limit]) -> None:
    for limit in limits:
        print(f"{'ok ' if limit.kept else 'OVER'} {limit.name}: {limit.measured:.2f} (at most {limit.most})")


def _print_row(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |")


def _medians(runs: Iterable[Mapping[str, float]]) -> dict[str, float]:
    found = list(runs)
    return {name: median(run[name] for run in found) for name in found[0]}


def _child(what: str, *of: Path | int) -> Mapping[str, float]:
    command = [sys.executable, "-m", "bench.child", what, *map(str, of)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


if __name__ == "__main__":
    sys.exit(main())
