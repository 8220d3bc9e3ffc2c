"""istioctl's codes: each is found at the marked lines of the bad example on its page, and nowhere in the good one."""

from __future__ import annotations

import re

import pytest

import meshcompile
from meshcompile.codes import every_code
from meshcompile.diagnostics import Code

BLOCK = re.compile(r"^(Bad|Good):\n\n```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ISTIOCTL = tuple(code for code in every_code() if code.id.startswith("IST") and "\nBad:\n" in code.docs)


def lines(code: Code, text: str) -> list[int]:
    """The lines at which a mesh has a finding, of one object or of the mesh."""
    mesh = meshcompile.load(text)
    return sorted(each.line for each in (*mesh.diagnostics, *mesh.analyze()) if each.code == code.id)


@pytest.mark.parametrize("code", ISTIOCTL, ids=lambda code: code.id)
def test_example(code: Code) -> None:
    """The bad example has the finding at each marked line, and the good one, a near miss, is silent."""
    blocks = dict(BLOCK.findall(code.docs))
    marked = [number for number, line in enumerate(blocks["Bad"].splitlines(), 1) if line.endswith(f"# {code.id}")]
    assert marked
    assert lines(code, blocks["Bad"]) == marked
    assert lines(code, blocks["Good"]) == []
