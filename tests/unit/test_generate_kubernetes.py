from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "src" / "meshcompile" / "models" / "kubernetes" / "fields.json"


def test_what_is_generated_is_what_is_committed() -> None:
    """Generating the table of Kubernetes' fields again changes nothing."""
    pytest.importorskip("kubernetes")
    check = subprocess.run(
        [sys.executable, "codegen/generate_kubernetes.py", "--check"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": "src"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert check.returncode == 0, check.stdout + check.stderr


def test_the_table_is_small() -> None:
    """The table is small enough for the wheel, and fast to load."""
    assert TABLE.stat().st_size < 100_000


READ_ONE = """
import sys
import meshcompile
from meshcompile.models.kubernetes.fields import object_type, table

meshcompile.load({object})
print(table.cache_info().currsize, object_type.cache_info().currsize, "kubernetes" in sys.modules)
"""
ISTIO = {
    "apiVersion": "networking.istio.io/v1",
    "kind": "ServiceEntry",
    "metadata": {"name": "a", "namespace": "b"},
    "spec": {"hosts": ["a.com"], "ports": [{"number": 80, "name": "http"}], "resolution": "DNS"},
}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "a", "namespace": "b"},
    "spec": {"ports": [{"port": 80}]},
}


@pytest.mark.parametrize(("value", "loaded"), [(ISTIO, "0 0 False"), (SERVICE, "1 4 False")])
def test_the_table_is_read_when_it_is_needed(value: object, loaded: str) -> None:
    """Istio objects alone do not load the table, and a Service parses only its own types."""
    program = READ_ONE.format(object=value)
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == loaded
