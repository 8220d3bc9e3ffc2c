"""`meshcompile analyze`: findings about single objects and about several objects together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

LOST = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [catalog]
  http:
    - route:
        - destination: {host: catalog, subset: v9, port: {number: 9999}}
"""
UNVERIFIED = """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: catalog, namespace: shop}
spec: {host: catalog, trafficPolicy: {tls: {mode: SIMPLE}}}
"""
REJECTED = """\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: g, namespace: shop}
spec: {servers: []}
"""


@pytest.fixture
def folder(mesh: Path, tmp_path: Path) -> Path:
    """A mesh with a dangling route, and an object that is rejected."""
    folder = tmp_path / "input"
    folder.mkdir()
    (folder / "mesh.yaml").write_text(mesh.read_text())
    (folder / "lost.yaml").write_text(LOST)
    (folder / "rejected.yaml").write_text(REJECTED)
    return folder


def test_both_kinds_of_findings_are_said_once(run: Run, folder: Path) -> None:
    """The findings of `validate` and those between objects are one list, by position, without duplicates."""
    done = run("analyze", "-f", folder, "-o", "json")
    places = [(Path(found["file"]).name, found["field"], found["code"]) for found in json.loads(done.out)]
    assert places == [
        ("lost.yaml", "spec.http[0].route[0].destination.subset", "IST0101"),
        ("lost.yaml", "spec.http[0].route[0].destination.port.number", "IST0101"),
        ("rejected.yaml", "spec.servers", places[-1][2]),
    ]
    assert done.status == 1


def test_validate_is_about_each_object_alone(run: Run, folder: Path) -> None:
    """`validate` does not check references, and points to `analyze` if it has no findings."""
    (folder / "rejected.yaml").unlink()
    done = run("validate", folder)
    assert (done.status, done.out) == (0, "")
    assert "run `meshcompile analyze` to check how they fit together" in done.err
    assert run("analyze", folder).status == 1


def test_the_exit_status_follows_fail_on(run: Run, mesh: Path, tmp_path: Path) -> None:
    """`--fail-on warning` also applies to warnings between objects."""
    rule = tmp_path / "rule.yaml"
    rule.write_text(UNVERIFIED)
    assert "IST0128" in run("analyze", mesh, rule).out
    assert run("analyze", mesh, rule).status == 0
    assert run("analyze", mesh, rule, "--fail-on", "warning").status == 1


def test_a_sound_mesh_passes(run: Run, mesh: Path) -> None:
    """A mesh without mistakes has no findings."""
    done = run("analyze", "-f", mesh)
    assert (done.status, done.out) == (0, "")
    assert done.err.splitlines()[-1] == "meshcompile: All checks passed"


def test_input_that_cannot_be_read(run: Run, tmp_path: Path) -> None:
    """A missing file exits with status 3, also with JSON output."""
    done = run("analyze", tmp_path / "none.yaml", "-o", "json")
    assert done.status == 3
    assert json.loads(done.out)[0]["code"] == "MC0008"


def test_a_mistake_at_several_places_of_an_object_has_one_code(run: Run, mesh: Path, tmp_path: Path) -> None:
    """Each place of a mistake is reported once, under the code that istioctl has for it."""
    (tmp_path / "policy.yaml").write_text(
        "apiVersion: security.istio.io/v1\n"
        "kind: AuthorizationPolicy\n"
        "metadata: {name: deny, namespace: shop}\n"
        "spec:\n"
        "  action: DENY\n"
        "  rules:\n"
        "    - to: [{operation: {paths: [/internal]}}]\n"
        "    - to: [{operation: {methods: [TRACE]}}]\n"
    )
    done = run("analyze", "-f", mesh, "-f", tmp_path / "policy.yaml", "-o", "json")
    found = [(each["field"], each["code"]) for each in json.loads(done.out)]
    assert found == [("spec.rules[0]", "IST0133"), ("spec.rules[1]", "IST0133")]


def test_a_server_that_is_dropped_is_reported_once(run: Run, mesh: Path, tmp_path: Path) -> None:
    """A conflict of Gateways says which server Istio drops, without a second finding about that server."""
    gateway = (
        "apiVersion: networking.istio.io/v1\n"
        "kind: Gateway\n"
        "metadata: {name: %s, namespace: shop}\n"
        "spec:\n"
        "  selector: {istio: edge}\n"
        "  servers:\n"
        "    - port: {number: 443, name: %s, protocol: TLS}\n"
        "      hosts: [shop.example]\n"
        "      tls: {mode: PASSTHROUGH}\n"
        "---\n"
    )
    pod = (
        "apiVersion: v1\n"
        "kind: Pod\n"
        "metadata: {name: edge-0, namespace: shop, labels: {istio: edge}}\n"
        "spec: {containers: [{name: istio-proxy, image: auto}]}\n"
        "status: {phase: Running, podIP: 10.0.0.7}\n"
    )
    (tmp_path / "edge.yaml").write_text(gateway % ("a", "tls-a") + gateway % ("b", "tls-b") + pod)
    done = run("analyze", "-f", mesh, "-f", tmp_path / "edge.yaml", "-o", "json")
    found = json.loads(done.out)
    assert "MC0501" not in {each["code"] for each in found}
    conflicts = [(each["name"], each["field"], each["effect"]) for each in found if each["code"] == "IST0145"]
    assert conflicts == [
        ("a", "spec.servers[0]", "only the oldest Gateway gets them"),
        ("b", "spec.servers[0]", "Istio drops this server"),
    ]
