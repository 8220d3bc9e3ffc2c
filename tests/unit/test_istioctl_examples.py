"""istioctl's codes: each is found at the marked lines of the bad example on its page, and nowhere in the good one."""

from __future__ import annotations

import pytest

import meshcompile
from meshcompile.behaviour import DEFAULT_RELEASE
from meshcompile.codes import every_code, examples
from meshcompile.diagnostics import Code
from tests.unit.test_code_examples import OF_RELEASE

ISTIOCTL = tuple(code for code in every_code() if code.id.startswith("IST") and examples(code))


def lines(code: Code, text: str) -> list[int]:
    """The lines at which a mesh has a finding, of one object or else of the mesh."""
    mesh = meshcompile.load(text, release=OF_RELEASE.get(code.id, DEFAULT_RELEASE))
    single, across = (
        [each.line for each in found if each.code == code.id] for found in (mesh.diagnostics, mesh.analyze())
    )
    assert not single or not across or single == across  # `analyze` proves what `validate` says of the order of rules
    return sorted(across or single)


@pytest.mark.parametrize("code", ISTIOCTL, ids=lambda code: code.id)
def test_example(code: Code) -> None:
    """The bad example has the finding at each marked line, and the good one, a near miss, is silent."""
    shown = examples(code)
    assert shown is not None
    marked = [number for number, line in enumerate(shown.bad.splitlines(), 1) if line.endswith(f"# {code.id}")]
    assert marked
    assert lines(code, shown.bad) == marked
    assert lines(code, shown.good) == []


NULLS = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front}
spec: {servers: [null]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: entry}
spec: {hosts: [a.example], ports: [null]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {namespace: edge}
spec: {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
"""


def test_null_items_and_a_missing_name() -> None:
    """A null item is an empty object to istioctl: it lacks each required field. A Gateway without a name is invalid."""
    found = [each for each in meshcompile.load(NULLS).analyze() if each.code == "IST0106"]
    said = sorted((each.name, each.message.partition(" is ")[0]) for each in found)
    assert said == [
        ("", "`metadata.name`"),
        ("entry", "``"),
        ("entry", "`spec.ports[0].number`"),
        ("front", "`hosts`"),
        ("front", "`spec.servers[0].port`"),
    ]


SIDECAR = """
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: s, namespace: shop}
spec: {egress: [{hosts: ["%s"]}]}
"""


@pytest.mark.parametrize(
    ("host", "problems"),
    [
        ("/a.example", ["`` is not a valid namespace", "the part before or after `/` is empty"]),
        ("./a", ["a short name is not allowed"]),
        ("~/*", []),
        ("*/*", []),
    ],
)
def test_several_problems_of_one_host(host: str, problems: list[str]) -> None:
    """A host of a Sidecar has each of istioctl's messages about it, and a valid one has none."""
    found = [each.message for each in meshcompile.load(SIDECAR % host).analyze() if each.code == "IST0106"]
    expected = [f"`{host}` is not a valid host here: {problem}" for problem in problems]
    assert sorted(message.partition(", so ")[0] for message in found) == expected
