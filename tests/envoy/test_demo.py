from __future__ import annotations

import re
from pathlib import Path

import pytest

from examples import demo

pytestmark = pytest.mark.envoy


def test_the_demo(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo prints input lines next to their results, and the real Envoy responds as expected before and after."""
    monkeypatch.chdir(Path(__file__).resolve().parents[2])
    assert demo.main() == 0
    printed = capsys.readouterr().out
    assert "catalog.yaml:74  name: v2 labels: version: v2" in printed
    assert "outbound|80|v2|catalog.istioinaction.svc.cluster.local" in printed
    assert "200 catalog-v1  -> 200 catalog-v2" in printed
    assert "WRONG" not in printed
    for version in ("v1", "v2"):
        assert f"-> catalog-{version}-0.istioinaction -> catalog.istioinaction {version}" in printed
    assert "called by spiffe://cluster.local/ns/istioinaction/sa/webapp" in printed


def test_the_demo_uses_the_public_api_alone() -> None:
    """The demo can be copied: it imports only the public API."""
    for module in Path(demo.__file__).parent.glob("*.py"):
        imported = re.findall(r"^(?:from|import) (\S+)", module.read_text(), re.MULTILINE)
        assert not [name for name in imported if name.startswith(("meshcompile.", "tests"))]
