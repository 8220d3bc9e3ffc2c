"""`meshcompile reach`: who can call a service, as a table, as JSON and as a drawing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

RULES = """\
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: rules, namespace: shop}
spec:
  rules:
  - {to: [{operation: {paths: ['/a*'], methods: [GET]}}], when: [{key: 'request.headers[x-a]', values: ['"']}]}
  - from: [{source: {principals: [cluster.local/ns/shop/sa/catalog]}}]
"""


@pytest.fixture
def guarded(mesh: Path, tmp_path: Path) -> Path:
    """A mesh whose catalog has a policy."""
    file = tmp_path / "guarded.yaml"
    file.write_text(mesh.read_text() + RULES)
    return file


def test_the_table_has_a_line_per_rule(run: Run, guarded: Path) -> None:
    """Each rule is a line with its callers, its conditions and its place."""
    done = run("reach", "--to", "catalog.shop", "-f", guarded)
    header, *lines = done.out.splitlines()
    assert header.split() == ["FROM", "TO", "REQUESTS", "BECAUSE", "OF"]
    assert [each.split()[0] for each in lines] == ["deployment/catalog.shop,", "deployment/catalog.shop"]
    assert 'method GET, path /a*, header x-a "' in lines[0]
    assert lines[0].endswith("guarded.yaml:25")


def test_the_path_narrows_the_rows(run: Run, guarded: Path) -> None:
    """With --path and --from, only rows with such requests are left."""
    done = run("reach", "--to", "catalog.shop:80", "--path", "/b*", "--from", "ns/other", "-f", guarded)
    assert done.out == "no request reaches catalog.shop.svc.cluster.local\n"
    done = run("reach", "--to", "catalog.shop:80", "--path", "/b*", "-f", guarded, "-o", "json")
    (row,) = json.loads(done.out)["rows"]
    assert row["witness"]["url"] == "http://catalog.shop/b"


def test_the_drawings_are_text(run: Run, guarded: Path) -> None:
    """The drawings have the workloads, with what is special to each language escaped."""
    dot = run("reach", "--to", "catalog.shop", "-f", guarded, "--graph", "dot").out
    assert dot.startswith("digraph reach {")
    assert '"anyone without an identity" -> "deployment/catalog.shop:80" [label="method GET, path /a*, header' in dot
    mermaid = run("reach", "--to", "catalog.shop", "-f", guarded, "--graph", "mermaid").out
    assert mermaid.startswith("flowchart LR\n")
    assert '-->|"method GET, path /a*, header x-a #quot;"|' in mermaid


def test_svg_is_drawn_by_graphviz(run: Run, guarded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`dot` draws the graph that it gets; without it, the command says what is missing."""
    monkeypatch.setenv("PATH", str(tmp_path))
    missing = run("reach", "--to", "catalog.shop", "-f", guarded, "--graph", "svg")
    assert (missing.status, "needs `dot` of Graphviz" in missing.err) == (2, True)
    program = tmp_path / "dot"
    program.write_text('#!/bin/sh\nread line\necho "<svg $1 $line>"\n')
    program.chmod(0o755)
    drawn = run("reach", "--to", "catalog.shop", "-f", guarded, "--graph", "svg")
    assert drawn.out == "<svg -Tsvg digraph reach {>\n"


def test_an_unknown_service_is_a_mistake(run: Run, guarded: Path) -> None:
    """A misspelled service is named, with one that is meant."""
    done = run("reach", "--to", "catalg.shop", "-f", guarded)
    assert done.status == 2
    assert "there is no service catalg.shop; is catalog.shop meant?" in done.err
