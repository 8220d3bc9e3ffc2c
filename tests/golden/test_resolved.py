"""The resolved configuration for proxies of golden cases, before it becomes Envoy messages.

`PROXY/resolved.yaml` has some of the keys that `meshcompile resolve` prints: those that the case is about. A new file
begins with only the keys, such as `clusters:`. `make golden` fills them in.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import meshcompile
from meshcompile.cli.render import rendered
from meshcompile.output.resolved import resolved_data
from meshcompile.resolve.resolved import resolve
from tests.golden.test_golden import REWRITE

HERE = Path(__file__).parent
GOLDENS = sorted(HERE.glob("*/*/resolved.yaml"))


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda path: path.parent.parent.name)
def test_resolved(golden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The resolved configuration of a proxy equals the golden file, including the sources."""
    monkeypatch.chdir(golden.parent.parent)
    mesh = meshcompile.load("input.yaml")
    found = resolved_data(resolve(mesh.snapshot, mesh.proxy(golden.parent.name)))
    expected = yaml.safe_load(golden.read_text())
    shown = rendered({key: found[key] for key in expected}, "yaml")
    if REWRITE:
        golden.write_text(shown)
    assert shown == golden.read_text()
