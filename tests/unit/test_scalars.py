"""Scalars are read like in sigs.k8s.io/yaml."""

import json
from pathlib import Path
from typing import Any

import pytest

from meshcompile.documents.limits import DEFAULT_LIMITS
from meshcompile.documents.malformed import Malformed
from meshcompile.documents.scalars import Unrepresentable, key, plain, tagged
from meshcompile.documents.stream import Reader
from meshcompile.source.reading import UnreadableInput, read

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "data" / "scalars.json").read_text())


def values(text: str) -> list[Any]:
    return [part.value for part in Reader(DEFAULT_LIMITS).stream(text)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["yaml"])
def test_documents_mean_what_they_mean_to_kubernetes(case: dict[str, Any]) -> None:
    """A document gives the JSON that Go gives, with the same digits, or an error as in Go's strict mode."""
    if "error" in case or "strict_error" in case:
        with pytest.raises(Malformed):
            values(case["yaml"])
    else:
        assert json.dumps(values(case["yaml"]), sort_keys=True) == json.dumps([case["json"]], sort_keys=True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-0b11", -3),
        ("+0x1F", 31),
        ("0O17", 15),
        ("+18446744073709551615", 18446744073709552000),
        ("0" * 5000 + "1", 1),
        ("9" * 5000, "9" * 5000),
        (".2_5", 0.25),
        (".2_", ".2_"),
        (".", "."),
        ("-", "-"),
        ("1e-400", 0),
        ("١", "١"),
    ],
)
def test_odd_numbers(text: str, value: object) -> None:
    """Numbers follow Go's strconv, for text of any length, with ASCII digits only."""
    assert plain(text) == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1000000.5", "1.0000005e+06"),
        ("123456789.0", "1.2345679e+08"),
        ("1e-5", "1e-05"),
        ("1e5", "100000"),
        ("-0.0", "-0"),
        ("-1e82", "-.inf"),
        ("0.1", "0.1"),
        ("16777217.0", "1.6777216e+07"),
        ("0x10", "16"),
        ("off", "false"),
        ("2024-01-01", "2024-01-01"),
    ],
)
def test_keys_become_text(text: str, expected: str) -> None:
    """A key that is not a string is converted like in Go, and doubles have the digits of a float32."""
    assert key(text) == expected


@pytest.mark.parametrize(
    ("tag", "text", "value"),
    [("int", "1", 1), ("float", "1", 1), ("bool", "y", True), ("null", "", None), ("binary", "8J+Y", "\ufffd" * 3)],
)
def test_tags_of_yaml(tag: str, text: str, value: object) -> None:
    """A YAML tag determines the type of a scalar, quoted or not."""
    assert tagged(f"tag:yaml.org,2002:{tag}", text) == value


@pytest.mark.parametrize(("tag", "text"), [("int", "1.5"), ("bool", "x"), ("null", "x"), ("binary", "?"), ("int", "y")])
def test_tags_that_do_not_fit(tag: str, text: str) -> None:
    """A scalar that does not match its tag is an error."""
    with pytest.raises(Unrepresentable):
        tagged(f"tag:yaml.org,2002:{tag}", text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x: &x {a: 1}\nz: {<<: *x, a: 2}\n", {"a": 2}),
        ("x: &x {a: 1}\nz: {a: 2, <<: *x}\n", {"a": 1}),
        ("z: {<<: [{a: 1}, {a: 2, b: 3}]}\n", {"a": 1, "b": 3}),
        ('z: {"<<": 1}\n', {"<<": 1}),
    ],
)
def test_merge_keys(text: str, value: object) -> None:
    """`<<` adds entries in the order of the text, like in Go, and they can be overridden."""
    assert values(text)[0]["z"] == value


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: 1\nb: {c: 1, c: 2}\n", "<text>:2:11"),
        ("x: &x {a: 1}\nz: {<<: *x, a: 2, a: 3}\n", "<text>:2:19"),
        ("on: 1\n'true': 2\n", "<text>:2:1"),
        ("a:\n- .nan\n", "<text>:2:3"),
        ("a:\n  ~: 1\n", "<text>:2:3"),
        ("a: 1\n? [b]\n: c\n", "<text>:2:3"),
        ("a: &a [*a]\n", "<text>:1:8"),
        ("a:\n  b: *c\n", "<text>:2:6"),
        ("a: {<<: 1}\n", "<text>:1:9"),
    ],
)
def test_errors_name_their_place(text: str, place: str) -> None:
    """Values that Go rejects are rejected at their position, in every kind of collection."""
    with pytest.raises(UnreadableInput) as raised:
        read(text)
    assert str(raised.value.diagnostics[0].origin) == place


def test_tags_run_no_code(tmp_path: Path) -> None:
    """Tags of Python objects are ignored like any unknown tag."""
    target = tmp_path / "made"
    assert values(f"a: !!python/object/apply:os.mkdir ['{target}']\n") == [{"a": [str(target)]}]
    assert not target.exists()
