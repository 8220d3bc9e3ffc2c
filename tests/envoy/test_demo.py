from __future__ import annotations

from pathlib import Path

import pytest

from examples import demo

pytestmark = pytest.mark.envoy


def test_the_demo(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the coolstore's gateway every visit is answered by whom it should be."""
    monkeypatch.chdir(Path(__file__).resolve().parents[2])
    assert demo.main() == 0
    printed = capsys.readouterr().out
    assert "200 from catalog-v2" in printed
    assert "404 from Envoy" in printed
