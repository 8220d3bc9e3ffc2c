"""Input that helm, kustomize and kubectl render. Fake programs on PATH print predefined output."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

import meshcompile
from meshcompile import render
from tests.cli.conftest import MESH, Run

WRONG = """\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: web, namespace: shop}
spec: {selectr: {app: web}}
"""
HELM_OUTPUT = f"""\
---
# Source: shop/templates/mesh.yaml
{MESH}---
# Source: shop/templates/gateway.yaml
{WRONG}"""
RESOURCES = """\
configmaps                   cm           v1                        true    ConfigMap
nodes                        no           v1                        false   Node
secrets                                   v1                        true    Secret
services                     svc          v1                        true    Service
deployments                  deploy       apps/v1                   true    Deployment
gateways                     gw           networking.istio.io/v1    true    Gateway
flags                                     example.com/v1            true    Flag
"""
LIST = {
    "apiVersion": "v1",
    "kind": "List",
    "items": [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "namespace": "shop"}, "spec": {"ports": 1}},
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
    ],
}
FAKE = """\
#!{python}
import json, sys, time
reply = next((r for word, r in {replies!r}.items() if word in sys.argv), {{"status": 99}})
with open({calls!r}, "a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
sys.stdout.write(reply.get("stdout", ""))
sys.stdout.flush()
sys.stderr.write(reply.get("stderr", ""))
sys.stderr.flush()
time.sleep(reply.get("sleep", 0))
sys.exit(reply.get("status", 0))
"""
Replies = Mapping[str, Mapping[str, str | int]]
Fake = Callable[[str, Replies], None]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def fake(programs: Path) -> Fake:
    """Puts a program on PATH that prints the given output for a word among its arguments."""

    def fake(name: str, replies: Replies) -> None:
        path = programs / name
        path.write_text(FAKE.format(python=sys.executable, replies=dict(replies), calls=str(programs / "calls")))
        path.chmod(0o755)

    return fake


def calls(programs: Path) -> Sequence[Sequence[str]]:
    """The arguments of each call so far."""
    return [json.loads(line) for line in (programs / "calls").read_text().splitlines()]


def test_a_chart(run: Run, fake: Fake, programs: Path) -> None:
    """`--helm` renders with the given values, prints the command, and names the template in findings."""
    fake("helm", {"template": {"stdout": HELM_OUTPUT, "stderr": "WARNING: old chart\n"}})
    options = ["--helm", "charts/Shop", "--values", "a.yaml", "--values", "b.yaml", "--set", "x=1", "-n", "shop"]
    done = run("validate", *options)
    line = HELM_OUTPUT.splitlines().index("spec: {selectr: {app: web}}") + 1
    assert done.status == 1
    assert done.out.startswith(f"rendered:shop/templates/gateway.yaml:{line}:8: error: unknown field `spec.selectr`")
    assert "running helm template --namespace=shop --values=a.yaml --values=b.yaml --set=x=1" in done.err
    assert "WARNING: old chart" in done.err
    [arguments] = calls(programs)
    assert arguments[:5] == ["template", "--namespace=shop", "--values=a.yaml", "--values=b.yaml", "--set=x=1"]
    assert arguments[-3:] == ["--", "shop", "charts/Shop"]
    assert "--api-versions=networking.istio.io/v1/VirtualService" in arguments


def test_the_output_of_helm_in_a_pipe(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings about piped output of `helm template` name the templates, too."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(HELM_OUTPUT.encode())))
    line = HELM_OUTPUT.splitlines().index("spec: {selectr: {app: web}}") + 1
    assert run("validate", "-").out.startswith(f"rendered:shop/templates/gateway.yaml:{line}:8: error: unknown field")


def test_the_output_of_a_chart_counts(run: Run, fake: Fake) -> None:
    """Rendered objects are compiled together with those in files."""
    fake("helm", {"template": {"stdout": HELM_OUTPUT.partition("---\n# Source: shop/templates/gateway")[0]}})
    assert [row["name"] for row in json.loads(run("proxies", "--helm", "shop", "-o", "json").out)] == ["catalog-0.shop"]


@pytest.mark.parametrize(("program", "word"), [("kustomize", "build"), ("kubectl", "kustomize")])
def test_a_kustomization(run: Run, fake: Fake, programs: Path, program: str, word: str) -> None:
    """`-k` runs kustomize, or kubectl if kustomize is missing."""
    fake(program, {word: {"stdout": f"{MESH}---\n{WRONG}"}})
    done = run("validate", "-k", "overlays/prod")
    assert done.status == 1
    assert done.out.startswith(f"rendered:overlays/prod:{len(MESH.splitlines()) + 5}:8: error: unknown field")
    assert calls(programs) == [[word, "overlays/prod"]]


def test_several_kustomizations(run: Run, fake: Fake, programs: Path, mesh: Path) -> None:
    """Folders, kustomizations and files form one mesh."""
    fake("kustomize", {"build": {"stdout": WRONG}})
    done = run("validate", mesh, "-k", "a", "--kustomize=-b", "-o", "json")
    assert [found["file"] for found in json.loads(done.out)] == ["rendered:-b", "rendered:a"]
    assert calls(programs) == [["build", "a"], ["build", "./-b"]]


def test_a_cluster(run: Run, fake: Fake, programs: Path) -> None:
    """`--context` gets the supported kinds of the cluster, except Secrets, and findings name the objects."""
    fake("kubectl", {"api-resources": {"stdout": RESOURCES}, "get": {"stdout": json.dumps(LIST)}})
    done = run("validate", "--context", "prod", "-o", "json")
    assert done.status == 1
    [found] = json.loads(done.out)
    assert (found["file"], found["line"]) == ("cluster:prod/Service/shop/a", 9)
    kinds = "configmaps,nodes,services,deployments.v1.apps,gateways.v1.networking.istio.io"
    assert calls(programs) == [
        ["--context=prod", "api-resources", "--verbs=list", "--no-headers"],
        ["--context=prod", "get", kinds, "--all-namespaces", "--output=json", "--ignore-not-found"],
    ]


def test_files_replace_what_the_cluster_has(run: Run, fake: Fake, tmp_path: Path) -> None:
    """A file overrides the cluster, and a kustomization overrides a chart. The warning names both positions."""
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: shop}\nspec: {ports: [{port: 80}]}\n"
    fake(
        "kubectl",
        {"api-resources": {"stdout": RESOURCES}, "get": {"stdout": json.dumps({"items": [LIST["items"][1]]})}},
    )
    fake("helm", {"template": {"stdout": f"---\n# Source: shop/templates/a.yaml\n{service}"}})
    fake("kustomize", {"build": {"stdout": service}})
    (tmp_path / "change.yaml").write_text(service)
    found = json.loads(
        run("validate", tmp_path / "change.yaml", "-k", "x", "--helm", "y", "--context", "z", "-o", "json").out
    )
    duplicates = [(item["file"], item["related"][0]["place"]) for item in found if item["slug"] == "duplicate-resource"]
    assert sorted(duplicates) == [
        (str(tmp_path / "change.yaml"), "rendered:x:1:1"),
        ("rendered:x", "rendered:shop/templates/a.yaml:3:1"),
    ]


def test_a_cluster_that_may_be_read_in_part(run: Run, fake: Fake) -> None:
    """Objects that the user may not read cause a warning, and the others are used."""
    refused = "Error from server (Forbidden): nodes is forbidden\n"
    fake(
        "kubectl",
        {
            "api-resources": {"stdout": RESOURCES, "status": 1, "stderr": "one API is down"},
            "get": {"stdout": json.dumps({**LIST, "items": LIST["items"][1:]}), "stderr": refused, "status": 1},
        },
    )
    done = run("validate", "--context", "prod", "-o", "json")
    [found] = json.loads(done.out)
    assert (done.status, found["code"], found["severity"]) == (0, "MC0043", "warning")
    assert "nodes is forbidden" in found["message"]
    assert "1 object in 1 file: 1 Namespace" in done.err


@pytest.mark.parametrize(
    ("program", "replies", "options", "code", "words"),
    [
        ("helm", None, ["--helm", "a"], "MC0040", "`helm` is not on PATH"),
        ("kustomize", None, ["-k", "a"], "MC0040", "`kustomize` is not on PATH"),
        ("kubectl", None, ["--context", "a"], "MC0040", "`kubectl` is not on PATH"),
        ("helm", {"status": 1, "stderr": "Error: no chart\x1b[2J\n"}, ["--helm", "a"], "MC0041", "Error: no chart"),
        ("kubectl", {"status": 1, "stderr": "no context"}, ["--context", "a"], "MC0041", "status 1: no context"),
        ("kubectl", {"stdout": "hello"}, ["--context", "a"], "MC0044", "none of the kinds"),
        ("kubectl", {"stdout": RESOURCES}, ["--context", "a"], "MC0044", "unexpected output"),
    ],
)
def test_what_fails_is_said(
    run: Run, fake: Fake, program: str, replies: Mapping[str, str] | None, options: list[str], code: str, words: str
) -> None:
    """A missing or failing program causes a finding with its message, status 3, and no escape sequences."""
    if replies is not None:
        fake(program, dict.fromkeys(("template", "build", "api-resources", "get"), replies))
    data = run("validate", *options, "-o", "json")
    [found] = json.loads(data.out)
    assert (data.status, found["code"]) == (3, code)
    assert words in found["message"]
    assert bool(found["suggestion"]) == (replies is None)
    text = run("proxies", *options)
    assert (text.status, text.out) == (3, "")
    assert code in text.err
    assert "\x1b" not in text.err


def test_a_program_that_hangs_is_stopped(run: Run, fake: Fake) -> None:
    """`--timeout` stops a program that takes longer."""
    fake("kustomize", {"build": {"sleep": 30}})
    started = time.monotonic()
    done = run("proxies", "-k", "a", "--timeout", "0.5")
    assert time.monotonic() - started < 15
    assert done.status == 3
    assert "`kustomize build a` did not finish within 0.5 seconds [MC0042" in done.err


def test_what_a_program_starts_is_stopped_too(run: Run, programs: Path) -> None:
    """A child process that keeps the pipe open does not block meshcompile."""
    path = programs / "kustomize"
    path.write_text("#!/bin/sh\n/bin/sleep 30 &\n/bin/sleep 30\n")
    path.chmod(0o755)
    started = time.monotonic()
    assert run("proxies", "-k", "a", "--timeout", "0.5").status == 3
    assert time.monotonic() - started < 15


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--values", "a.yaml"], "name it with --helm CHART"),
        (["--set", "a=1", "-k", "x"], "name it with --helm CHART"),
        (["-k", "x", "--timeout", "0"], "'0' is not a number of seconds"),
        (["-k", "x", "--timeout", "soon"], "'soon' is not a number of seconds"),
    ],
)
def test_wrong_usage(run: Run, options: list[str], words: str) -> None:
    """Rendering options without a chart are wrong usage."""
    done = run("validate", *options)
    assert (done.status, done.out) == (2, "")
    assert words in done.err


def test_from_python(fake: Fake) -> None:
    """Renderings are inputs of `load`, alone or with others."""
    fake("helm", {"template": {"stdout": HELM_OUTPUT}})
    fake("kustomize", {"build": {"stdout": WRONG.replace("web", "shop")}})
    chart = render.helm("shop", values=[Path("a.yaml")])
    assert [text.name for text in chart.texts] == [
        "rendered:shop/templates/mesh.yaml",
        "rendered:shop/templates/gateway.yaml",
    ]
    assert len(meshcompile.load(chart).proxies()) == 1
    mesh = meshcompile.load([*chart, *render.kustomize("x")])
    assert {found.file for found in mesh.diagnostics if found.rejected} == {
        "rendered:shop/templates/gateway.yaml",
        "rendered:x",
    }


KUSTOMIZATION = {"kustomization.yaml": "resources: [mesh.yaml]\nnamespace: prod\n", "mesh.yaml": MESH}
CHART = {
    "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\n",
    "values.yaml": "name: nobody\n",
    "templates/gateway.yaml": """\
{{- if .Capabilities.APIVersions.Has "networking.istio.io/v1/Gateway" }}
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: {{ .Values.name }}, namespace: {{ .Release.Namespace }}}
spec: {selectr: {app: web}}
{{- end }}
""",
    "templates/mesh.yaml": MESH,
}


def written(files: Mapping[str, str], folder: Path) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def is_installed(*command: str) -> bool:
    return bool(shutil.which(command[0])) and not subprocess.run(command, capture_output=True, check=False).returncode


@pytest.mark.skipif(not is_installed("helm", "version"), reason="helm is not installed")
def test_the_real_helm(run: Run, tmp_path: Path) -> None:
    """helm renders a chart that checks for Istio's APIs, and findings name its template."""
    chart = written(CHART, tmp_path / "shop")
    done = run("validate", "--helm", chart, "--set", "name=public", "-n", "edge", "-o", "json")
    [found] = json.loads(done.out)
    assert (found["file"], found["namespace"]) == ("rendered:shop/templates/gateway.yaml", "edge")
    assert found["name"] == "public"
    missing = run("validate", "--helm", tmp_path / "nothing", "-o", "json")
    assert (missing.status, json.loads(missing.out)[0]["code"]) == (3, "MC0041")


@pytest.mark.skipif(
    not (is_installed("kustomize", "version") or is_installed("kubectl", "kustomize", "--help")),
    reason="neither kustomize nor kubectl is installed",
)
def test_the_real_kustomize(run: Run, tmp_path: Path) -> None:
    """kustomize builds an overlay, and its objects determine the proxies."""
    folder = written(KUSTOMIZATION, tmp_path / "overlay")
    assert [row["name"] for row in json.loads(run("proxies", "-k", folder, "-o", "json").out)] == ["catalog-0.prod"]
    assert run("proxies", "-k", os.devnull).status == 3
