"""Durations, parsed like Go and printed like protobuf."""

import pytest
from pydantic import BaseModel, ValidationError

from meshcompile.values.durations import Duration


@pytest.mark.parametrize(
    ("text", "json"),
    [
        ("10s", "10s"),
        ("1.5h", "5400s"),
        ("1h30m", "5400s"),
        ("+2s", "2s"),
        (".5s", "0.500s"),
        ("1.s", "1s"),
        ("1s1s", "2s"),
        ("010s", "10s"),
        ("0", "0s"),
        ("-0", "0s"),
        ("-0.5s", "-0.500s"),
        ("250ms", "0.250s"),
        ("1µs", "0.000001s"),
        ("1μs", "0.000001s"),
        ("1ns", "0.000000001s"),
        ("1.000000001s", "1.000000001s"),
        ("-9223372036854775808ns", "-9223372036.854775808s"),
        ("0.1234567899s", "0.123456789s"),
        ("0.3333333333333333333h", "1200s"),
    ],
)
def test_reading_and_printing(text: str, json: str) -> None:
    """A duration is parsed with Go's grammar and rounding, and printed with 0, 3, 6 or 9 decimals."""
    assert Duration.parse(text).json == json
    assert Duration.parse(json) == Duration.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "+",
        ".s",
        "1",
        "10",
        "1x",
        "s",
        "1s1",
        " 1s",
        "1s ",
        "1 s",
        "--1s",
        "1١s",
        "9223372036854775808ns",
        "3e6h",
    ],
)
def test_what_is_no_duration(text: str) -> None:
    """Other text, and values that exceed 64 bits of nanoseconds, are rejected."""
    with pytest.raises(ValueError, match="duration"):
        Duration.parse(text)


def test_comparison_and_units() -> None:
    """Durations compare by length, and are truncated to milliseconds towards zero."""
    assert Duration.parse("1s") < Duration.parse("1001ms")
    assert [Duration.parse(text).milliseconds for text in ("1.9ms", "-1.9ms", "2s")] == [1, -1, 2000]
    assert not Duration()


def test_models_hold_durations() -> None:
    """A model reads a duration only from text, and prints it as protobuf JSON."""

    class Timed(BaseModel):
        timeout: Duration | None = None

    assert Timed.model_validate({"timeout": "1.5s"}).model_dump_json() == '{"timeout":"1.500s"}'
    for wrong in (10, "10", True):
        with pytest.raises(ValidationError):
            Timed.model_validate({"timeout": wrong})
