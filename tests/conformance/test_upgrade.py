"""Reports of upgrades, compared with what the istiods of both releases answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import meshcompile
from tests.conformance import corpus
from tests.conformance.compare import TYPES, canonical

CASES = (
    ("book/ch5-forum-serviceentry", "1.29", "1.31"),
    ("book/ch9-least-privilege", "1.30", "1.31"),
    ("book/ch9-ext-authz", "1.29", "1.31"),
    ("book/ch14-wasm-plugin", "1.29", "1.30"),
    ("realworld/shop-canary-drills", "1.29", "1.30"),
    ("realworld/enterprise-egress", "1.29", "1.31"),
    ("realworld/legacy-mesh-conflicts", "1.30", "1.31"),
)
"""Cases with a release to upgrade from, and one to upgrade to."""
Change = tuple[str, str]
"""A proxy and a type of resources."""


def answer(folder: Path, release: str, proxy: str, kind: str) -> Any:
    """What istiod answers in a release. Answers that differ from those of the default release have their own files."""
    file = Path(proxy) / f"{kind}.json"
    own = folder / f"istiod-{release}" / file
    found = own if own.exists() else folder / "istiod" / file
    return sorted(map(json.dumps, canonical(json.loads(found.read_text()) or []))) if found.exists() else []


def loaded(folder: Path, spec: dict[str, Any], release: str) -> meshcompile.Mesh:
    """The mesh of a case in a release."""
    return meshcompile.load(
        folder / "input.yaml",
        mesh_config=spec.get("mesh"),
        networks=spec.get("networks"),
        clusters={path.stem: [path] for path in sorted((folder / "clusters").glob("*.yaml"))},
        ambient=spec.get("ambient", False),
        features=spec.get("features"),
        release=release,
    )


def asked(mesh: meshcompile.Mesh, spec: dict[str, Any]) -> list[dict[str, Any]]:
    """The proxies of the case that have a workload in the input. istiod knows the others by their node only."""
    known = {proxy.id for proxy in mesh.proxies()}
    return [proxy for proxy in spec["proxies"] if proxy["pod"] in known]


def recorded(folder: Path, proxies: list[dict[str, Any]], before: str, after: str) -> Iterator[Change]:
    """The answers that differ between two releases."""
    for proxy in proxies:
        for kind in TYPES:
            if answer(folder, before, proxy["name"], kind) != answer(folder, after, proxy["name"], kind):
                yield proxy["pod"], kind


def reported(mesh: meshcompile.Mesh, proxies: list[dict[str, Any]], upgrade: meshcompile.Upgrade) -> Iterator[Change]:
    """The changes that the report has of the proxies that istiod was asked for."""
    pods = {proxy["pod"] for proxy in proxies}
    workloads = {named.proxy.id: named.workload for named in mesh.named_proxies if named.proxy.id in pods}
    for pod, workload in workloads.items():
        yield from ((pod, each.type) for row in upgrade.rows for each in row.fields if workload in each.proxies)


@pytest.mark.parametrize(("case", "before", "after"), CASES)
def test_reports_name_what_istiod_changes(case: str, before: str, after: str) -> None:
    """A report names each proxy and type of resources whose recorded answers differ, and no other."""
    folder = corpus.cases_dir() / case
    spec = yaml.safe_load((folder / "case.yaml").read_text())
    mesh = loaded(folder, spec, before)
    found = meshcompile.upgrade(mesh, to=after)
    proxies = asked(mesh, spec)
    expected = set(recorded(folder, proxies, before, after))
    assert expected, "the case tells nothing"
    assert set(reported(mesh, proxies, found)) == expected
    assert not found.unexplained
