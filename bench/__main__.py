"""Measure how long meshes take, print the tables of docs/performance.md, and compare with the last committed run.

Times are processor times in units of what `yaml.CSafeLoader` alone needs for the same text in the same process, so the
ratios hold on any machine. With --check, a ratio over its limit fails.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench import growth, history, measure, profiles
from bench.limits import checked
from bench.report import PAGE, tables, with_tables

RESULTS = Path(__file__).resolve().parent.parent / ".benchmarks"
PARTS = ("sizes", "checks", "difference", "requests", "cases", "fleet", "start")


def main() -> int:
    options = _options()
    RESULTS.mkdir(exist_ok=True)
    if options.profile:
        for path in profiles.written(RESULTS / "profiles"):
            print(path)
        return 0
    ratios = dict(_measured(options))
    (RESULTS / "latest.json").write_text(json.dumps(ratios, indent=2) + "\n")
    print("\n".join(tables(ratios).values()))
    for line in history.changes(history.last(), ratios):
        print(line)
    found = list(checked(ratios))
    print("\n".join(map(str, found)))
    if options.write:
        PAGE.write_text(with_tables(PAGE.read_text(), history.keep(ratios)))
    return 1 if options.check and not all(each.holds for each in found) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if a limit is exceeded")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each measurement (default: %(default)s)")
    parser.add_argument("--sizes", type=int, nargs="+", default=(100, 1000, 5000), metavar="SERVICES")
    parser.add_argument(
        "--only", nargs="+", choices=(*PARTS, "sizing", "growth"), default=PARTS, help="what to measure"
    )
    parser.add_argument("--growth", action="store_true", help="measure 100 to 20,000 services too, and plot them")
    parser.add_argument("--profile", action="store_true", help="only write flame graphs of each step")
    parser.add_argument("--write", action="store_true", help="keep the ratios, and write them into docs/performance.md")
    return parser.parse_args()


def _measured(options: argparse.Namespace) -> Iterator[tuple[str, float]]:
    """The ratios of the parts that are asked for."""
    rounds: int = options.rounds
    parts: Mapping[str, Iterator[tuple[str, float]]] = {
        "sizes": measure.of_sizes(options.sizes, rounds),
        "checks": measure.of_checks(rounds),
        "difference": measure.of_difference(),
        "requests": measure.of_requests(rounds),
        "cases": measure.of_cases(rounds),
        "fleet": measure.of_fleet(),
        "start": measure.of_start(rounds),
        "sizing": measure.of_sizing(),
        "growth": growth.measured(),
    }
    for part, ratios in parts.items():
        if part in options.only or (part == "growth" and options.growth):
            yield from ratios


if __name__ == "__main__":
    sys.exit(main())
