"""istioctl's codes: each is found at the marked lines of the bad example on its page, and nowhere in the good one."""

from __future__ import annotations

import pytest

import meshcompile
from meshcompile.codes import every_code, examples
from meshcompile.diagnostics import Code

ISTIOCTL = tuple(code for code in every_code() if code.id.startswith("IST") and examples(code))


def lines(code: Code, text: str) -> list[int]:
    """The lines at which a mesh has a finding, of one object or of the mesh."""
    mesh = meshcompile.load(text)
    return sorted(each.line for each in (*mesh.diagnostics, *mesh.analyze()) if each.code == code.id)


@pytest.mark.parametrize("code", ISTIOCTL, ids=lambda code: code.id)
def test_example(code: Code) -> None:
    """The bad example has the finding at each marked line, and the good one, a near miss, is silent."""
    shown = examples(code)
    assert shown is not None
    marked = [number for number, line in enumerate(shown.bad.splitlines(), 1) if line.endswith(f"# {code.id}")]
    assert marked
    assert lines(code, shown.bad) == marked
    assert lines(code, shown.good) == []
