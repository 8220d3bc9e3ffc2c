"""The examples on the pages of codes: the bad one has the finding at the marked line, the good one has none."""

from __future__ import annotations

import re

import pytest

import meshcompile
from meshcompile.codes import every_code
from meshcompile.diagnostics import Code

BLOCK = re.compile(r"^(Bad|Good):\n\n```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WITH_EXAMPLES = tuple(code for code in every_code() if "\nBad:\n" in code.docs)


def lines(code: Code, text: str) -> list[int]:
    """The lines of the code's findings, in order."""
    mesh = meshcompile.load(text)
    assert [each for each in mesh.diagnostics if each.rejected and each.code != code.id] == []
    return sorted({each.line for each in (*mesh.diagnostics, *mesh.analyze()) if each.code == code.id})


@pytest.mark.parametrize("code", WITH_EXAMPLES, ids=lambda code: code.id)
def test_examples(code: Code) -> None:
    """A code is found at the marked lines of its bad example, and nowhere in its good one."""
    blocks = dict(BLOCK.findall(code.docs))
    marked = [n for n, line in enumerate(blocks["Bad"].splitlines(), 1) if line.endswith(f"# {code.id}")]
    assert marked
    assert lines(code, blocks["Bad"]) == marked
    assert lines(code, blocks["Good"]) == []
