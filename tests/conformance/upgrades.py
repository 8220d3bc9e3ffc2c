"""Reports of upgrades, judged by what the istiods of both releases answer.

    python -m tests.conformance.upgrades --only realworld/ --diff 5

For each proxy that istiod was asked for, the report must name exactly the resources whose answers differ. Proxies that
no object of the input describes are left out, but for gateways that can be assumed. So are proxies of a version of
their own.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import meshcompile
from meshcompile.behaviour import DEFAULT_RELEASE
from meshcompile.upgrades.assumed_gateways import with_gateways
from tests.conformance import corpus
from tests.conformance.compare import TYPES, answer, by_name, load_mesh

PAIRS = (("1.29", "1.30"), ("1.30", "1.31"), ("1.29", "1.31"))
Change = tuple[str, str, str]
"""A proxy, a type of resources and the name of one."""


@dataclass(frozen=True)
class Judgement:
    """What a report names too little and too much, of all changes in the answers."""

    case: str
    before: str
    after: str
    proxies: int = 0
    changes: frozenset[Change] = frozenset()
    reported: frozenset[Change] = frozenset()
    unexplained: int = 0
    seconds: float = 0.0

    @property
    def missing(self) -> frozenset[Change]:
        return self.changes - self.reported

    @property
    def extra(self) -> frozenset[Change]:
        return self.reported - self.changes

    @property
    def is_right(self) -> bool:
        return self.changes == self.reported and not self.unexplained


def judged(root: Path, case: str, before: str, after: str) -> Judgement:
    """The judgement of the report of one case."""
    folder = root / case
    spec = yaml.load((folder / "case.yaml").read_text(), Loader=yaml.CSafeLoader)
    mesh, error = load_mesh(folder, spec, before)
    assert mesh is not None, error
    started = time.process_time()
    report = meshcompile.upgrade(mesh, to=after)
    seconds = time.process_time() - started
    workloads = dict(_asked(with_gateways(mesh).mesh, folder, spec))
    return Judgement(
        case,
        before,
        after,
        len(workloads),
        frozenset(_recorded(folder, workloads, before, after)),
        frozenset(_reported(report, workloads)),
        len(report.unexplained),
        seconds,
    )


def _asked(mesh: meshcompile.Mesh, folder: Path, spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The workloads of the proxies that istiod was asked for, by the name in the case."""
    for proxy in spec["proxies"]:
        node = json.loads((folder / "istiod" / proxy["name"] / "node.json").read_text())
        if "ISTIO_VERSION" not in (proxy.get("metadata") or {}) and (found := _workload(mesh, node)):
            yield proxy["name"], found


def _workload(mesh: meshcompile.Mesh, node: Mapping[str, Any]) -> str:
    """The workload of a proxy: that of its Pod, or of the gateway with its labels that is assumed; "" for none."""
    metadata, pod = node["metadata"], node["id"].split("~")[2]
    cluster, labels = metadata.get("CLUSTER_ID", "Kubernetes"), metadata.get("LABELS", {}).items()
    for named in mesh.named_proxies:
        if named.proxy.id == pod and named.proxy.cluster == cluster:
            return named.workload
    for named in mesh.named_proxies:
        wanted = {name: value for name, value in named.proxy.labels.items() if not name.startswith("service.istio.io")}
        is_assumed = named.proxy.name.startswith("assumed-") and pod.endswith(f".{named.proxy.namespace}")
        is_own = cluster == named.proxy.cluster and node["id"].startswith("router")
        if is_assumed and is_own and wanted.items() <= labels:
            return named.workload
    return ""


def _recorded(folder: Path, workloads: Mapping[str, str], before: str, after: str) -> Iterator[Change]:
    """The resources whose answers differ between two releases."""
    for proxy in workloads:
        for kind in TYPES:
            was, now = (_answer(folder, proxy, kind, release) for release in (before, after))
            yield from ((proxy, kind, name) for name in was.keys() | now.keys() if was.get(name) != now.get(name))


def _answer(folder: Path, proxy: str, kind: str, release: str) -> Mapping[str, Any]:
    file = answer(folder, f"{proxy}/{kind}.json", "" if release == DEFAULT_RELEASE else release)
    return by_name(json.loads(file.read_text()) or []) if file.exists() else {}


def _reported(report: meshcompile.Upgrade, workloads: Mapping[str, str]) -> Iterator[Change]:
    """The changes that the report has of some proxies."""
    places = [(each.type, place) for row in report.rows for each in row.fields for place in each.places]
    for proxy, workload in workloads.items():
        for kind, place in places:
            if workload in place.proxies:
                yield from ((proxy, kind, name) for name in place.resources)


def _questions(root: Path, only: str, pairs: Sequence[tuple[str, str]]) -> Iterator[tuple[Path, str, str, str]]:
    """The cases that have answers of both releases."""
    for path in sorted(root.rglob("case.yaml")):
        case = path.parent.relative_to(root).as_posix()
        for before, after in pairs if only in case else ():
            needed = {before, after} - {DEFAULT_RELEASE}
            if all((path.parent / f"istiod-{release}").is_dir() for release in needed):
                yield root, case, before, after


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="?", type=Path, help="a folder of cases at any depth; default: the project's")
    parser.add_argument("--only", default="", help="cases whose path contains this text")
    parser.add_argument("--pair", default="", choices=["", *map("-".join, PAIRS)], help="default: all")
    parser.add_argument("--diff", type=int, default=0, metavar="N", help="print the first N differences of each case")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--min", type=float, default=0.0, metavar="PERCENT", help="of reports that must be right")
    options = parser.parse_args(arguments)
    pairs = [pair for pair in PAIRS if options.pair in ("", "-".join(pair))]
    questions = list(_questions(options.corpus or corpus.cases_dir(), options.only, pairs))
    with ProcessPoolExecutor(options.jobs) as executor:
        found = list(executor.map(judged, *zip(*questions, strict=True), chunksize=4)) if questions else []
    for each in found:
        _print(each, options.diff)
    return 0 if found and _summary(found) >= options.min else 1


def _print(each: Judgement, limit: int) -> None:
    if each.is_right:
        return
    print(f"{each.case} {each.before} -> {each.after}: {len(each.missing)} missing, {len(each.extra)} too many")
    for sign, changes in (("-", each.missing), ("+", each.extra)):
        for change in sorted(changes)[:limit]:
            print(f"  {sign} {' '.join(change)}")


def _summary(found: Sequence[Judgement]) -> float:
    """The percentage of right reports, printed."""
    right = sum(each.is_right for each in found)
    changes = sum(len(each.changes) for each in found)
    wrong = sum(len(each.missing) + len(each.extra) for each in found)
    percent = 100 * right / len(found)
    print(
        f"right: {percent:.2f}% of reports ({right}/{len(found)}); {changes} changes of resources, {wrong} missing or"
        f" too many; {sum(each.seconds for each in found):.0f} s"
    )
    return percent


if __name__ == "__main__":
    sys.exit(main())
