"""Checks of installed packages, and the codes that `Mesh.analyze` selects."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import meshcompile
from meshcompile import InvalidArgument

ROOT = Path(__file__).parents[2]
MESH = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [catalog]
  http:
    - timeout: 1s
      match: [{uri: {prefix: /a}}]
      route: [{destination: {host: catalog, subset: v1}}]
    - route: [{destination: {host: catalog}}]
"""


def test_analyze_selects() -> None:
    """`select` and `ignore` take beginnings and names of codes."""
    mesh = meshcompile.load(MESH)
    codes = {found.code for found in mesh.analyze()}
    assert "IST0101" in codes
    assert {found.code for found in mesh.analyze(select=["IST0101"])} == {"IST0101"}
    assert {found.code for found in mesh.analyze(ignore=["referenced-resource-not-found"])} == codes - {"IST0101"}
    with pytest.raises(InvalidArgument, match="`select` must be a list of strings"):
        mesh.analyze(select="IST0101")


@pytest.mark.slow
def test_the_example_package_adds_its_check(tmp_path: Path) -> None:
    """The example, installed as a package, reports routes without a timeout at their place."""
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*install, "--target", str(tmp_path / "site"), str(ROOT / "examples" / "checks")], check=True)
    (tmp_path / "web.yaml").write_text(MESH)
    done = subprocess.run(
        [sys.executable, "-m", "meshcompile", "analyze", "web.yaml", "--select", "ACME"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{tmp_path / 'site'}"},
        capture_output=True,
        text=True,
    )
    assert (
        "web.yaml:10:7: warning: route 2 of VirtualService web has no timeout [ACME001 route-without-timeout]"
        in done.stdout
    )
    assert "add `timeout: 10s`" in done.stdout


def raising(mesh: meshcompile.Mesh) -> list[object]:
    raise KeyError("spec")


def wrong(mesh: meshcompile.Mesh) -> list[object]:
    return ["text"]


@pytest.mark.parametrize(
    ("name", "problem"), [("raising", "KeyError: 'spec'"), ("wrong", "expected a Diagnostic, found str"), ("none", "")]
)
def test_a_check_that_fails_is_a_finding(monkeypatch: pytest.MonkeyPatch, name: str, problem: str) -> None:
    """Whatever a check does, the others run, and a finding says which one failed."""
    entry_point = EntryPoint(name, f"{__name__}:{name}", "meshcompile.checks")
    monkeypatch.setattr(EntryPoint, "load", lambda self: globals()[name])
    monkeypatch.setattr("meshcompile.plugins.entry_points", lambda group: [entry_point])
    found = meshcompile.load(MESH).analyze()
    (failed,) = (each for each in found if each.code == "MC1402")
    assert f"the installed check `{name}` failed: " in failed.message
    assert problem in failed.message
    assert any(each.code == "IST0101" for each in found)
