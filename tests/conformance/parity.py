"""Compare meshcompile with istiod on the conformance cases, and print the agreement.

    python -m tests.conformance.parity --only routes/ --diff 5
    python -m tests.conformance.parity --release 1.31

A proxy is equal if all its resources are. The exit status is 1 if fewer than --min percent of the resources, or
--min-proxies percent of the proxies, are equal.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from tests.conformance import corpus
from tests.conformance.analysis import Agreement, analysed_cases, run_analysis
from tests.conformance.compare import TYPES, CaseResult, Row, run_case

T = TypeVar("T")


def compared(
    root: Path, cases: Sequence[str], types: tuple[str, ...] = TYPES, jobs: int = 1, release: str = ""
) -> list[CaseResult]:
    """The results of the cases, in order."""
    return _mapped(partial(run_case, root, types=types, release=release), cases, jobs)


def equal_proxies(rows: Iterable[Row]) -> tuple[int, int]:
    """The number of proxies that are completely equal, and the number of proxies."""
    proxies: dict[tuple[str, str], bool] = defaultdict(lambda: True)
    for row in rows:
        proxies[row.case, row.proxy] &= row.equal
    return sum(proxies.values()), len(proxies)


def equal_resources(rows: Sequence[Row]) -> tuple[int, int]:
    """The number of equal resources, and the number of resources."""
    return sum(row.equal for row in rows), len(rows)


def percent(part: int, whole: int) -> float:
    """The percentage of a part; 0 if the whole is 0."""
    return 100 * part / whole if whole else 0.0


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    root = options.corpus or corpus.cases_dir()
    cases = corpus.asked(root, _cases(root, options.only), options.release)
    if not cases:
        print("no case found")
        return 2
    if options.analysis:
        return _analysis(root, analysed_cases(root, cases), options)
    types = tuple(options.types.split(","))
    results = compared(root, cases, types, options.jobs, options.release)
    rows = [row for result in results for row in result.rows]
    if options.json:
        options.json.write_text(json.dumps(rows))
    _print_differences(rows, options.diff)
    _print_areas(cases, rows, types)
    _print_rejections(results, verbose=options.diff > 0)
    proxies, resources = equal_proxies(rows), equal_resources(rows)
    print(
        f"equal to istiod: {percent(*proxies):.2f}% of proxies ({proxies[0]}/{proxies[1]}), "
        f"{percent(*resources):.2f}% of resources ({resources[0]}/{resources[1]})"
    )
    return 0 if percent(*resources) >= options.min and percent(*proxies) >= options.min_proxies else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="?", type=Path, help="a folder of cases at any depth; default: the project's")
    parser.add_argument("--only", default="", help="cases whose path contains this text")
    parser.add_argument("--types", default=",".join(TYPES), help="the types of resources to compare")
    parser.add_argument("--diff", type=int, default=0, metavar="N", help="print the first N unequal resources")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every row to this file")
    parser.add_argument("--min", type=float, default=0.0, metavar="PERCENT", help="of resources that must be equal")
    parser.add_argument("--min-proxies", type=float, default=0.0, metavar="PERCENT", help="of proxies, likewise")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--release", default="", choices=["", "1.29", "1.31"], help="of Istio; default: 1.30")
    parser.add_argument("--analysis", action="store_true", help="compare mesh.analyze() with istioctl analyze instead")
    return parser


def _cases(root: Path, only: str) -> tuple[str, ...]:
    paths = (path.parent.relative_to(root).as_posix() for path in root.rglob("case.yaml"))
    return tuple(sorted(path for path in paths if only in path))


def _mapped(run: Callable[[str], T], cases: Sequence[str], jobs: int) -> list[T]:
    if jobs > 1 and len(cases) > 8:
        with ProcessPoolExecutor(jobs) as executor:
            return list(executor.map(run, cases, chunksize=4))
    return [run(case) for case in cases]


def _print_differences(rows: Iterable[Row], limit: int) -> None:
    for row in [row for row in rows if not row.equal][:limit]:
        print(f"{row.state}: {row.case} {row.proxy} {row.type} {row.name}", *row.lines, sep="\n")


def _print_areas(cases: Sequence[str], rows: Sequence[Row], types: Sequence[str]) -> None:
    print(f"{'area':<14}{'cases':>6}{'proxies equal':>16}" + "".join(f"{kind:>20}" for kind in types))
    areas = sorted({case.split("/")[0] for case in cases})
    for area in areas:
        _print_area(area, sum(case.split("/")[0] == area for case in cases), [r for r in rows if r.area == area], types)
    _print_area("all", len(cases), rows, types)


def _print_area(area: str, cases: int, rows: Sequence[Row], types: Sequence[str]) -> None:
    cells = "".join(f"{_share([row for row in rows if row.type == kind]):>20}" for kind in types)
    print(f"{area:<14}{cases:>6}{'{}/{}'.format(*equal_proxies(rows)):>16}{cells}")


def _share(rows: Sequence[Row]) -> str:
    equal, count = equal_resources(rows)
    return f"{equal}/{count} {percent(equal, count):5.1f}%" if rows else "-"


def _print_rejections(results: Sequence[CaseResult], *, verbose: bool) -> None:
    rejections = [rejection for result in results for rejection in result.rejections]
    if verbose:
        for rejection in rejections:
            if rejection.state not in ("equal", "error"):
                print(f"validation: {rejection.case} {rejection.object}: {rejection.state}")
    agree = sum(rejection.state == "equal" for rejection in rejections)
    seconds = sum(result.seconds for result in results)
    print(f"rejected objects: {agree}/{len(rejections)} agree;  meshcompile time {seconds:.2f} s")


def _analysis(root: Path, cases: Sequence[str], options: argparse.Namespace) -> int:
    agreements = _mapped(partial(run_analysis, root), cases, options.jobs)
    for agreement in [agreement for agreement in agreements if not agreement.whole][: options.diff]:
        lines = [f"  - {line}" for line in agreement.missing] + [f"  + {line}" for line in agreement.extra]
        print(agreement.case, *lines, sep="\n")
    _print_codes(agreements)
    agreed = sum(len(agreement.both) for agreement in agreements)
    said = agreed + sum(len(agreement.missing) + len(agreement.extra) for agreement in agreements)
    print(
        f"analyze agrees with istioctl: {percent(agreed, said):.2f}% of messages ({agreed}/{said}), "
        f"{sum(agreement.whole for agreement in agreements)}/{len(agreements)} cases wholly"
    )
    return 0 if percent(agreed, said) >= options.min else 1


def _print_codes(agreements: Iterable[Agreement]) -> None:
    codes: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for agreement in agreements:
        for column, messages in enumerate((agreement.both, agreement.missing, agreement.extra)):
            for message in messages:
                codes[message.split()[0]][column] += 1
    print(f"{'code':<10}{'agreed':>8}{'missing':>9}{'extra':>7}")
    for code, (both, missing, extra) in sorted(codes.items()):
        print(f"{code:<10}{both:>8}{missing:>9}{extra:>7}")


if __name__ == "__main__":
    sys.exit(main())
