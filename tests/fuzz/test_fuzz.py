"""No input makes the program crash: a short run of byte-level fuzzing, and documents made by hypothesis."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import meshcompile
from meshcompile.findings.colours import uncoloured
from meshcompile.findings.formats import FORMATS, formatted
from meshcompile.findings.formats.full import full
from meshcompile.findings.report import Invocation, findings

ROOT = Path(__file__).parents[2]
SECONDS = 20

SCALARS = st.none() | st.booleans() | st.integers(-2, 70000) | st.floats(allow_nan=False) | st.text(max_size=8)
FIELDS = """
metadata spec name namespace hosts host http route destination subset subsets port number match uri prefix tls mode
servers selector labels gateways exportTo items rules trafficPolicy mtls address resolution endpoints ports
"""
KEYS = st.sampled_from(FIELDS.split())
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
OBJECTS = st.fixed_dictionaries(
    {
        "apiVersion": st.sampled_from(["v1", "networking.istio.io/v1", "security.istio.io/v1", "apps/v1"]),
        "kind": st.sampled_from(
            ["VirtualService", "DestinationRule", "Gateway", "ServiceEntry", "Sidecar", "Service", "Pod", "Deployment",
             "AuthorizationPolicy", "PeerAuthentication", "List"]
        ),
        "metadata": st.fixed_dictionaries({"name": st.text("ab.-", min_size=1, max_size=5)}),
        "spec": VALUES,
    }
)  # fmt: skip


def diagnostics(text: str) -> list[meshcompile.Diagnostic]:
    """What is found in a text, or why it cannot be read."""
    try:
        mesh = meshcompile.load(text)
    except meshcompile.UnreadableInput as error:
        return list(error.diagnostics)
    return sorted({*mesh.diagnostics, *mesh.analyze()})


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(OBJECTS, min_size=1, max_size=4))
def test_no_object_raises(objects: list[dict[str, object]]) -> None:
    """Objects of any shape are analyzed, and their findings are printed in every format."""
    text = "\n---\n".join(json.dumps(each, indent=1, ensure_ascii=False) for each in objects)
    found = diagnostics(f"---\n{text}")
    assert full(found, uncoloured).count("\n\n") == len(found)
    for form in FORMATS:
        assert formatted(findings(found), form, Invocation("0", meshcompile.Severity.ERROR)).endswith("\n") or not found


@pytest.mark.slow
@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is not available for this platform")
def test_bytes_do_not_crash(tmp_path: Path) -> None:
    """Twenty seconds of fuzzing find no crash."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    corpus = tmp_path / "corpus"
    subprocess.run([sys.executable, "-m", "tests.fuzz.corpus", str(corpus)], env=environment, cwd=ROOT, check=True)
    command = [sys.executable, str(ROOT / "tests" / "fuzz" / "target.py"), f"-max_total_time={SECONDS}", "-timeout=30"]
    done = subprocess.run(
        [*command, f"-artifact_prefix={tmp_path}/", str(corpus)],
        env=environment, capture_output=True, text=True, errors="replace", timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "Done " in done.stderr
