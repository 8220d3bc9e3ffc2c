"""The examples on the pages of codes: the bad one has the finding at the marked line, the good one has none."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from difflib import SequenceMatcher
from pathlib import Path

import pytest

import meshcompile
from meshcompile import codes
from meshcompile.behaviour import DEFAULT_RELEASE
from meshcompile.codes import every_code, examples
from meshcompile.diagnostics import Code, Diagnostic

FOLDER = Path(codes.__file__).parent / "examples"
TESTS = Path(__file__).resolve().parents[1]
WITH_EXAMPLES = tuple(code for code in every_code() if examples(code))

NOT_OF_INPUT: Mapping[str, str] = {
    **dict.fromkeys(("MC0262", "MC0263"), "a body of 100 kB is too long for a page"),
    "MC1013": "an expression of more than 1,024 characters is too long for a page",
    **dict.fromkeys(("MC0340", "MC0341", "MC0342"), "only `kube-inject` reports it"),
    "MC0503": "Istio rejects a Gateway with two ports of one name; the check is for clusters without its validation",
    "MC0908": "it is about the version of a proxy, which no object states",
    "IST0170": "it is about two clusters",
    "MC0007": "it is about the size of an input",
    **dict.fromkeys(
        ("MC0008", "MC0009", "MC0010", "MC0013", "MC0014", "MC0015", "MC0016", "MC0017", "MC0018", "MC0019"),
        "it is about a file or a folder",
    ),
    **dict.fromkeys(("MC0020", "MC0021"), "it is about an archive"),
    **dict.fromkeys(("MC0040", "MC0041", "MC0042", "MC0043", "MC0044"), "it is about a program that renders input"),
    "MC0101": "it is about values that Python code passes to `load`",
    **dict.fromkeys(("MC1105", "MC1107", "MC1116"), "it is about what `meshcompile bootstrap` finds on this machine"),
    **dict.fromkeys(("MC1113", "MC1114"), "it is about an option of `meshcompile bootstrap`"),
    "MC1108": "it is about a waypoint, and what Istio's Envoy has",
    "MC1111": "it is about hardware, which an EnvoyFilter names",
    "MC1112": "it is about settings of filters of Istio's build, which an EnvoyFilter adds",
    **dict.fromkeys(("MC1120", "MC1121", "MC1122", "MC1123", "MC1124", "MC1125"), "it is about a config dump"),
    "MC0146": "only `meshcompile upgrade` reports it",
    "MC1205": "a mesh of 65,534 Pods is too long for a page",
    "MC1208": "only `mesh.used_by` reports it, about one proxy",
    "MC1211": "it is about the metadata of a proxy, which no object states",
    "MC1214": "it is about a waypoint, and how the mesh is loaded",
    "MC1401": "it is about a suppression, which commands read",
    "MC1402": "it is about an installed package",
    "MC1410": "it is about the configuration of the project",
    "MC2001": "it is about a test suite",
    "MC2002": "it is about a test of another program",
    **dict.fromkeys(("MC2101", "MC2102", "MC2103"), "it is about a statement of `meshcompile prove`"),
    "MC1505": "it is about a package that is not installed",
}
"""Codes whose finding is not about the text of an input, and what it is about."""

OF_RELEASE = {"MC0145": "1.29", "IST0177": "1.31"}
"""Codes that only another release of Istio than the default gives for their examples."""

AMBIENT = frozenset({"MC0303", "MC0834", "MC1215"})
"""Codes whose examples are loaded in ambient mode."""

PLACES = Path(__file__).parent / "data" / "places.json"
"""The exact places of findings in the bad examples, by code: the line, the column and the field of each.

`python -m tests.unit.test_code_examples` writes it.
"""

MOST_CHANGED_LINES = {
    "IST0138": 16,  # two servers become one
    "IST0146": 11,  # a webhook is added
    "IST0159": 13,  # the second Telemetry is removed
    "MC0119": 29,  # only more mistakes than the limit have the finding
    "MC1210": 10,  # the Deployment is added
}
"""The number of lines by which the examples of a code differ, if that is more than 7."""

AT = datetime(2030, 1, 1, tzinfo=UTC)
"""The time with which certificates are compared."""

RESTATED = "IST0106"
"""The code with which `analyze` repeats that an object is rejected."""

OF_REJECTED_OBJECTS = frozenset({"IST0106", "IST0165", "MC0119"})
"""Codes whose finding comes with another one that rejects the object."""


def findings(text: str, release: str, ambient: bool) -> Iterator[Diagnostic]:
    """All findings about a text, its mesh, and the configuration of each proxy."""
    try:
        mesh = meshcompile.load(text, release=release, ambient=ambient)
    except meshcompile.UnreadableInput as unreadable:
        yield from unreadable.diagnostics
        return
    yield from mesh.diagnostics
    yield from mesh.analyze(at=AT)
    for config in mesh.compile_all():
        yield from config.diagnostics
        yield from config.bootstrap().diagnostics


def of_code(code: Code, text: str) -> list[Diagnostic]:
    """The code's findings about a text."""
    all_of_them = tuple(findings(text, OF_RELEASE.get(code.id, DEFAULT_RELEASE), code.id in AMBIENT))
    rejecting = {each.code for each in all_of_them if each.rejected} - {code.id, RESTATED}
    assert code.id in OF_REJECTED_OBJECTS or rejecting == set()
    return [each for each in all_of_them if each.code == code.id]


def found(code: Code, text: str) -> list[int]:
    """The lines of the code's findings, in order. 0 is the line of those without a place."""
    return sorted({each.line for each in of_code(code, text)})


def exact_places(code: Code) -> list[str]:
    """The lines, columns and fields at which the bad example is wrong."""
    shown = examples(code)
    assert shown is not None
    exact = (each.at_cause() for each in of_code(code, shown.bad))
    return sorted({f"{each.line}:{each.column} {each.field}".strip() for each in exact if each.line})


@pytest.mark.parametrize("code", WITH_EXAMPLES, ids=lambda code: code.id)
def test_examples(code: Code) -> None:
    """A code is found at the marked lines of its bad example, and nowhere in its good one."""
    shown = examples(code)
    assert shown is not None
    marked = [n for n, line in enumerate(shown.bad.splitlines(), 1) if line.endswith(f"# {code.id}")]
    assert marked
    assert [line for line in found(code, shown.bad) if line] == marked
    assert found(code, shown.good) == []


@pytest.mark.parametrize("code", WITH_EXAMPLES, ids=lambda code: code.id)
def test_exact_places(code: Code) -> None:
    """A finding of `meshcompile analyze` is at the line, the column and the field that are wrong."""
    assert exact_places(code) == json.loads(PLACES.read_text()).get(code.id)


def test_places_of_every_code() -> None:
    """The list has exactly the codes with examples."""
    assert json.loads(PLACES.read_text()).keys() == {code.id for code in WITH_EXAMPLES}


@pytest.mark.parametrize("code", WITH_EXAMPLES, ids=lambda code: code.id)
def test_good_examples_are_near_misses(code: Code) -> None:
    """The good example is the bad one with few lines changed."""
    shown = examples(code)
    assert shown is not None
    bad, good = shown.bad.replace(f" # {code.id}", "").splitlines(), shown.good.splitlines()
    changed = sum(
        max(old_end - old, new_end - new)
        for what, old, old_end, new, new_end in SequenceMatcher(None, bad, good, autojunk=False).get_opcodes()
        if what != "equal"
    )
    assert 0 < changed <= MOST_CHANGED_LINES.get(code.id, 7)


def test_every_code_has_examples() -> None:
    """A code without examples is in the table, and a code with examples is not."""
    assert {code.id for code in every_code() if not examples(code)} == NOT_OF_INPUT.keys()


def test_codes_without_examples_have_tests() -> None:
    """Another test names each code that no text can show, by its id or name."""
    texts = [path.read_text() for path in TESTS.rglob("test_*.py") if path != Path(__file__)]
    excused = [code for code in every_code() if code.id in NOT_OF_INPUT]
    assert [code.id for code in excused if not any(code.id in text or code.slug in text for text in texts)] == []


def test_every_file_is_an_example() -> None:
    """Each file in the folder is the bad or the good example of a code, and all examples are in files."""
    known = {f"{code.id}.{side}.yaml" for code in every_code() for side in ("bad", "good")}
    assert {path.name for path in FOLDER.iterdir()} <= known
    assert [code.id for code in every_code() if "Bad:" in code.docs] == []


if __name__ == "__main__":
    PLACES.write_text(json.dumps({code.id: exact_places(code) for code in WITH_EXAMPLES}, indent=1) + "\n")
