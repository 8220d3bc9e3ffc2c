from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "src" / "meshcompile" / "envoy" / "descriptors.json"


def test_what_is_generated_is_what_is_committed() -> None:
    """Generating the message types and the descriptor table again changes nothing."""
    try:
        importlib.metadata.version("xds-protos")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("xds-protos is not installed")
    check = subprocess.run(
        [sys.executable, "codegen/generate_envoy.py", "--check"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": "src"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert check.returncode == 0, check.stdout + check.stderr


def test_the_table_is_small() -> None:
    """The descriptor table is small enough for the wheel."""
    assert TABLE.stat().st_size < 1_000_000
