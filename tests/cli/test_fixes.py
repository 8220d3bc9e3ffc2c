"""`--fix`, `--unsafe-fixes` and `--diff`: what is changed, and that nothing else is."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshcompile import load
from meshcompile.findings.fixing import applied
from tests.cli.conftest import MESH, Run

RULES = """\
# Routes of the shop.\r
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web.example]
  gatways: [mesh]   # a comment
  http:
    - match:
        - uri:
          prefix: /a  # not indented
          route:      # indented too far

            - destination:
                host: catalg
                subset: "stabel"

                port: {number: "80"}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: catalog, namespace: shop}
spec:
  host: catalog
  trafficPolicy: {tls: {mode: 'ISTIO_MUTAUL'}}
  subsets: [{name: stable, labels: {app: catalog}}]
"""
FIXED = """\
# Routes of the shop.\r
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web.example]
  gateways: [mesh]   # a comment
  http:
    - match:
        - uri:
            prefix: /a  # not indented
      route:      # indented too far

        - destination:
            host: catalog
            subset: "stable"

            port: {number: 80}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: catalog, namespace: shop}
spec:
  host: catalog
  trafficPolicy: {tls: {mode: 'ISTIO_MUTUAL'}}
  subsets: [{name: stable, labels: {app: catalog}}]
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a service and a file of mistakes."""
    monkeypatch.chdir(tmp_path)
    Path("mesh.yaml").write_text(MESH)
    Path("rules.yaml").write_bytes(RULES.encode())
    return tmp_path


def test_fix_changes_what_is_wrong_and_nothing_else(run: Run) -> None:
    """Fields, values, hosts, subsets, quotes and indentation are put right; comments and line breaks stay."""
    done = run("analyze", "mesh.yaml", "rules.yaml", "--fix")
    assert Path("rules.yaml").read_bytes().decode() == FIXED
    assert (done.status, done.out) == (0, "")
    assert "7 findings fixed" in done.err
    assert sorted(os.listdir()) == ["mesh.yaml", "rules.yaml"]


def test_a_second_run_has_nothing_to_do(run: Run) -> None:
    """Fixed files stay as they are."""
    run("analyze", "mesh.yaml", "rules.yaml", "--fix")
    assert "no finding can be fixed" in run("analyze", "mesh.yaml", "rules.yaml", "--fix").err


def test_diff_writes_nothing(run: Run) -> None:
    """`--diff` shows the change as a patch, and exits with 1 when there is one."""
    done = run("analyze", "mesh.yaml", "rules.yaml", "--diff")
    assert done.status == 1
    assert "-  gatways: [mesh]   # a comment\n+  gateways: [mesh]   # a comment\n" in done.out
    assert Path("rules.yaml").read_bytes() == RULES.encode()
    run("analyze", "mesh.yaml", "rules.yaml", "--fix")
    assert run("analyze", "mesh.yaml", "rules.yaml", "--diff").out == ""


def test_what_is_not_certain_needs_another_option(run: Run) -> None:
    """A similar name that is no typing error, and a Service of another namespace, are for `--unsafe-fixes`."""
    text = FIXED.replace("host: catalog\n            subset", "host: catalog-service\n            subset")
    Path("rules.yaml").write_bytes(text.encode())
    assert "fixable: 1 with `--unsafe-fixes`" in run("analyze", "mesh.yaml", "rules.yaml").err
    run("analyze", "mesh.yaml", "rules.yaml", "--fix")
    assert Path("rules.yaml").read_bytes() == text.encode()
    run("analyze", "mesh.yaml", "rules.yaml", "--unsafe-fixes")
    assert "host: catalog\n            subset" in Path("rules.yaml").read_text()


def test_numbers_are_no_typing_errors(run: Run) -> None:
    """A version is not replaced by another one."""
    text = FIXED.replace("stable", "version-1").replace('"version-1"', '"version-2"')
    Path("rules.yaml").write_bytes(text.encode())
    run("analyze", "mesh.yaml", "rules.yaml", "--fix")
    assert Path("rules.yaml").read_bytes() == text.encode()


def test_suppressed_findings_are_not_fixed(run: Run) -> None:
    """What is suppressed or left out stays as it is."""
    run("analyze", "mesh.yaml", "rules.yaml", "--fix", "--ignore", "MC")
    assert Path("rules.yaml").read_bytes() == RULES.encode()


def test_the_file_keeps_its_kind(run: Run, folder: Path) -> None:
    """The mode, a byte order mark and a symbolic link survive."""
    (folder / "real").mkdir()
    real = folder / "real" / "rules.yaml"
    real.write_bytes(b"\xef\xbb\xbf" + RULES.encode())
    real.chmod(0o640)
    Path("rules.yaml").unlink()
    Path("rules.yaml").symlink_to(real)
    run("analyze", "mesh.yaml", "rules.yaml", "--fix")
    assert Path("rules.yaml").is_symlink()
    assert real.read_bytes() == b"\xef\xbb\xbf" + FIXED.encode()
    assert real.stat().st_mode & 0o777 == 0o640


def test_stdin_cannot_be_fixed(run: Run) -> None:
    """`--fix` needs files."""
    assert run("validate", "-", "--fix").status == 2


def test_fixes_in_data(run: Run) -> None:
    """JSON has the ranges and texts of each fix."""
    found = json.loads(run("validate", "rules.yaml", "-o", "json").out)
    (fix,) = next(item["fixes"] for item in found if "gatways" in item["field"])
    assert fix == {
        "title": "write `gateways`",
        "applicability": "safe",
        "edits": [
            {
                "file": "rules.yaml",
                "start": {"line": 7, "column": 3},
                "end": {"line": 7, "column": 10},
                "text": "gateways",
            }
        ],
    }


def test_full_names_the_option(run: Run) -> None:
    """The suggestion says which option carries it out."""
    assert "= help: write `gateways` (`--fix`)" in run("validate", "rules.yaml", "-o", "full").out


@given(
    st.sampled_from(["hosts", "gateways", "exportTo"]),
    st.integers(min_value=0, max_value=3),
    st.sampled_from(["swap", "drop", "double"]),
    st.text(alphabet=" \t#é'\"x:", max_size=12),
)
def test_a_misspelled_field_is_put_right(field: str, at: int, how: str, comment: str) -> None:
    """After the fix the finding is gone, and only the name has changed, whatever stands around it."""
    wrong = {
        "swap": f"{field[:at]}{field[at + 1]}{field[at]}{field[at + 2 :]}",
        "drop": f"{field[:at]}{field[at + 1 :]}",
        "double": f"{field[:at]}{field[at]}{field[at:]}",
    }[how]
    values = {"hosts": "[a]", "gateways": "[mesh]", "exportTo": '["*"]'}
    lines = [f"  {wrong if name == field else name}: {value} # {comment}\n" for name, value in values.items()]
    head = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: web}\nspec:\n"
    text = f"{head}{''.join(lines)}  http: [{{route: [{{destination: {{host: a}}}}]}}]\n"
    found = [each for each in load(text).diagnostics if each.code in ("MC0110", "MC0111")]
    if wrong == field:
        assert not found
        return
    done = applied(text, found, unsafe=True)
    assert done.text == text.replace(f"  {wrong}:", f"  {field}:", 1)
    assert not [each for each in load(done.text).diagnostics if each.rejected]
