"""Imports of commands: every unnecessary import slows down the start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src"
IMPORTED = """
import sys
before = set(sys.modules)
from meshcompile.cli.main import main
assert main(sys.argv[1:]) == 0
sys.stderr.write("\\n".join(sorted(set(sys.modules) - before)))
"""
VIRTUAL_SERVICE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec:
  hosts: [reviews]
  http: [{route: [{destination: {host: reviews, subset: v1}}]}]
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec: {ports: [{name: http, port: 80}]}
"""
COMPILER = ("analyze", "compile", "config", "emit", "envoy", "output", "patch", "proxies", "resolve", "uses")


def imported(*arguments: str) -> list[str]:
    """The modules that a command imports, in addition to those of Python itself."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, *arguments],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return [line for line in done.stderr.splitlines() if not line.startswith("meshcompile: ")]


@pytest.fixture
def rule(tmp_path: Path) -> str:
    path = tmp_path / "rule.yaml"
    path.write_text(VIRTUAL_SERVICE)
    return str(path)


def test_help_imports_nothing_but_the_list_of_commands() -> None:
    """The help imports four modules of meshcompile and no others."""
    own = {"meshcompile", "meshcompile.cli", "meshcompile.cli.commands", "meshcompile.cli.exit_codes"}
    assert {name for name in imported("--help") if name.partition(".")[0] in ("meshcompile", "argparse", "typing")} == {
        *own,
        "meshcompile.cli.main",
    }


def test_validate_imports_no_compiler(rule: str) -> None:
    """Checking one object imports its model and rules, but no proxies and no messages."""
    parts = {name.split(".")[1] for name in imported("validate", "-f", rule) if name.startswith("meshcompile.")}
    assert parts.isdisjoint(COMPILER)


def test_analyze_imports_messages_only_for_proofs(rule: str) -> None:
    """Analyzing a VirtualService whose route is plainly reached imports no messages, and no models of other APIs."""
    Path(rule).write_text(f"{VIRTUAL_SERVICE.replace(', subset: v1', '')}---\n{SERVICE}")
    names = {name.removeprefix("meshcompile.") for name in imported("analyze", "-f", rule)}
    unneeded = ("envoy.", "emit.", "simulate.", "symbolic.", "models.gateway_api.gateway", "models.gateway_api.http_")
    assert not [name for name in names if name.startswith(unneeded)]


def test_validate_imports_only_models_that_the_input_needs(rule: str) -> None:
    """Checking a VirtualService imports neither the mesh config nor Kubernetes' kinds."""
    models = [name for name in imported("validate", "-f", rule) if name.startswith("meshcompile.models.")]
    assert "meshcompile.models.networking.virtual_service" in models
    assert not [
        name for name in models if name.startswith(("meshcompile.models.mesh", "meshcompile.models.kubernetes"))
    ]


def test_validate_imports_few_modules(rule: str) -> None:
    """Checking imports little more than the parser, one model and its rules: a few hundred modules in total."""
    names = imported("validate", "-f", rule)
    assert len([name for name in names if name.partition(".")[0] == "meshcompile"]) <= 90
    assert len(names) <= 320


def test_exit_examines_no_objects(rule: str) -> None:
    """When Python exits, it does not search the objects of a command for garbage."""
    counted = "import atexit, gc, sys; atexit.register(lambda: sys.stderr.write(f'frozen: {gc.get_freeze_count()}'))"
    done = subprocess.run(
        [sys.executable, "-c", f"{counted}\n{IMPORTED}", "validate", "-f", rule],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
    )
    assert int(done.stderr.rpartition("frozen: ")[2]) > 10_000
