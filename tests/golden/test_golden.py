"""Golden cases: small meshes with their expected configuration.

A case is a folder with `input.yaml`, and `PROXY/TYPE.json` for each proxy and type of resource that it is about. The
first line of the input states the idea. The second line states the source of the expected JSON:

- `# istiod: book/ch5-mirror` is a conformance case. The expected output of a proxy is what istiod sent the proxy of the
  same name there.
- `# istiod: not asked` means that there is no output of istiod.

A third line `# ambient` is for an ambient mesh.

`make golden` rewrites existing files, which must then still equal istiod's output. A new case begins with empty files,
such as `webapp-0.shop/routes.json`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import meshcompile
from meshcompile.envoy.reading import read
from tests.conformance.compare import by_name
from tests.conformance.corpus import cases_dir
from tests.envoy.runner import validate
from tests.envoy.tokens import Issuer

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/input.yaml"))
REWRITE = os.environ.get("MESHCOMPILE_REWRITE_GOLDENS") == "1"
MESSAGES = {
    "listeners": "envoy.config.listener.v3.Listener",
    "routes": "envoy.config.route.v3.RouteConfiguration",
    "clusters": "envoy.config.cluster.v3.Cluster",
    "endpoints": "envoy.config.endpoint.v3.ClusterLoadAssignment",
    "extensions": "envoy.config.core.v3.TypedExtensionConfig",
}
MOST_LINES = 80
SOURCE = "# istiod: "
AMBIENT = "# ambient"
NOT_ASKED = "not asked"


def source(case: Path) -> str:
    """The name of the conformance case with istiod's output, or NOT_ASKED."""
    line = (case / "input.yaml").read_text().splitlines()[1]
    assert line.startswith(SOURCE), line
    return line.removeprefix(SOURCE)


ANSWERED = [case for case in CASES if source(case) != NOT_ASKED]


def loaded(case: Path, documents: str | None = None) -> meshcompile.Mesh:
    """The mesh of a case, or these documents as such a mesh."""
    written = (case / "input.yaml").read_text()
    ambient = written.splitlines()[2] == AMBIENT
    return meshcompile.load(case / "input.yaml" if documents is None else documents, ambient=ambient)


def proxies(case: Path) -> Iterator[Path]:
    """The folders that are named after proxies."""
    yield from sorted(path for path in case.iterdir() if path.is_dir())


def answers(case: Path, proxy: str) -> Path:
    """The folder with istiod's output for the proxy with this name, such as `webapp-0.istioinaction`."""
    nodes = (cases_dir() / source(case)).glob("istiod/*/node.json")
    return next(node.parent for node in nodes if f"~{proxy}~" in json.loads(node.read_text())["id"])


def text(resources: list[dict[str, Any]]) -> str:
    return json.dumps(resources, indent=2) + "\n"


def with_real_keys(documents: str) -> str:
    """The documents with valid token keys. istiod accepts any text as a key, but Envoy checks it."""
    return re.sub(r"jwks: '.*'", lambda _: f"jwks: '{Issuer('issuer.example').jwks}'", documents)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden(case: Path) -> None:
    """The mesh compiles to the expected output of each proxy, byte for byte."""
    mesh = loaded(case)
    for proxy in proxies(case):
        resources = mesh.compile(proxy.name).to_dict()
        for expected in sorted(proxy.glob("*.json")):
            if REWRITE:
                expected.write_text(text(resources[expected.stem]))
            assert text(resources[expected.stem]) == expected.read_text()


@pytest.mark.parametrize("case", ANSWERED, ids=lambda case: case.name)
def test_goldens_are_istiods_answers(case: Path) -> None:
    """The expected output equals istiod's: the same resources, except for orders that Envoy ignores."""
    expected = [path for proxy in proxies(case) for path in sorted(proxy.glob("*.json"))]
    assert expected
    for path in expected:
        answer = answers(case, path.parent.name) / path.name
        assert by_name(json.loads(path.read_text())) == by_name(json.loads(answer.read_text())), path


@pytest.mark.envoy
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden_bootstraps_are_accepted(case: Path) -> None:
    """The real Envoy accepts the static bootstrap of each proxy in the case."""
    mesh = loaded(case, with_real_keys((case / "input.yaml").read_text()))
    for proxy in proxies(case):
        result = validate(mesh.compile(proxy.name).bootstrap().to_dict())
        assert result.accepted, result.error


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_first_line_says_the_idea(case: Path) -> None:
    """The first line of a case states its idea, and its objects are valid."""
    first = (case / "input.yaml").read_text().splitlines()[0]
    assert re.fullmatch(r"# .+\.", first)
    assert [str(d) for d in loaded(case).diagnostics if d.rejected] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_is_short(case: Path) -> None:
    """The mesh of a case is read at a glance."""
    assert len((case / "input.yaml").read_text().splitlines()) <= MOST_LINES


def test_a_service_of_the_book_is_named_as_istiod_names_it() -> None:
    """The clusters of the dark launch have the names that users of Istio know."""
    clusters = json.loads((HERE / "dark-launch" / "webapp-0.istioinaction" / "clusters.json").read_text())
    assert {
        "outbound|80||catalog.istioinaction.svc.cluster.local",
        "outbound|80|version-v1|catalog.istioinaction.svc.cluster.local",
        "outbound|80|version-v2|catalog.istioinaction.svc.cluster.local",
        "inbound|8080||",
    } <= {cluster["name"] for cluster in clusters}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_all_that_is_sent_reads_as_envoys_messages(case: Path) -> None:
    """Every resource of every proxy is the canonical JSON of its Envoy message."""
    mesh = meshcompile.load(case / "input.yaml")
    for proxy in mesh.proxies():
        for kind, resources in mesh.compile(proxy).to_dict().items():
            for resource in resources:
                reading = read(MESSAGES[kind], resource)
                assert (reading.problems, reading.value) == ((), resource)
