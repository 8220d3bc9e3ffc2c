"""The examples on the pages of codes: the bad one has the finding at the marked line, the good one has none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import meshcompile
from meshcompile import codes
from meshcompile.codes import every_code, examples
from meshcompile.diagnostics import Code, Diagnostic

FOLDER = Path(codes.__file__).parent / "examples"
WITH_EXAMPLES = tuple(code for code in every_code() if examples(code))

NOT_OF_INPUT: Mapping[str, str] = {}
"""Codes whose finding is not about the text of an input, and what it is about."""

NOT_YET = """
IST0148 IST0158 IST0170 MC0001 MC0002 MC0003 MC0004 MC0005 MC0006 MC0007 MC0008 MC0009 MC0010 MC0011 MC0012
MC0013 MC0014 MC0015 MC0016 MC0017 MC0018 MC0019 MC0020 MC0021 MC0022 MC0040 MC0041 MC0042 MC0043 MC0044
MC0101 MC0104 MC0106 MC0119 MC0120 MC0121 MC0130 MC0131 MC0143 MC0262 MC0263 MC0302 MC0303 MC0420 MC0421
MC0422 MC0423 MC0503 MC0504 MC0701 MC0702 MC0704 MC0908 MC1001 MC1002 MC1003 MC1004 MC1005 MC1006 MC1101
MC1102 MC1103 MC1104 MC1201 MC1202 MC1203 MC1204 MC1205 MC1206 MC1208 MC1209 MC1210 MC1211 MC1303 MC1311
MC1322 MC1401 MC1402 MC1410 MC1501 MC1502 MC1503 MC1504 MC1505 MC1901 MC1902 MC1903 MC1904 MC1905 MC1906
MC1907 MC1908 MC1909 MC1910 MC1911 MC1912 MC1913
"""
"""Codes that still lack examples. This list only gets shorter."""


def findings(mesh: meshcompile.Mesh) -> Iterator[Diagnostic]:
    """All findings about a mesh and its proxies."""
    yield from mesh.diagnostics
    yield from mesh.analyze()
    for config in mesh.compile_all():
        yield from config.diagnostics


OF_REJECTED_OBJECTS = frozenset({"IST0106", "IST0165", "MC0119"})
"""Codes whose finding comes with another one that rejects the object."""


def lines(code: Code, text: str) -> list[int]:
    """The lines of the code's findings, in order."""
    mesh = meshcompile.load(text)
    if code.id not in OF_REJECTED_OBJECTS:
        assert [each for each in mesh.diagnostics if each.rejected and each.code != code.id] == []
    return sorted({each.line for each in findings(mesh) if each.code == code.id})


@pytest.mark.parametrize("code", WITH_EXAMPLES, ids=lambda code: code.id)
def test_examples(code: Code) -> None:
    """A code is found at the marked lines of its bad example, and nowhere in its good one."""
    shown = examples(code)
    assert shown is not None
    marked = [n for n, line in enumerate(shown.bad.splitlines(), 1) if line.endswith(f"# {code.id}")]
    assert marked
    assert lines(code, shown.bad) == marked
    assert lines(code, shown.good) == []


def test_every_code_has_examples() -> None:
    """A code without examples is in one of the two lists, and a code with examples in neither."""
    excused = NOT_OF_INPUT.keys() | set(NOT_YET.split())
    assert {code.id for code in every_code() if not examples(code)} - excused == set()
    assert {code.id for code in WITH_EXAMPLES} & excused == set()


def test_every_file_is_an_example() -> None:
    """Each file in the folder is the bad or the good example of a code, and all examples are in files."""
    known = {f"{code.id}.{side}.yaml" for code in every_code() for side in ("bad", "good")}
    assert {path.name for path in FOLDER.iterdir()} <= known
    assert [code.id for code in every_code() if "Bad:" in code.docs] == []
