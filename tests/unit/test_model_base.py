"""The base of all models: names, numbers, enums, origins, equality."""

import math
import pickle
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from meshcompile.documents import NOWHERE, Document
from meshcompile.models.base import Node, OneOf, ProtoEnum, json_name, nested_fields, stamp
from meshcompile.models.common import (
    Bool,
    Bytes,
    Double,
    Int32,
    Int32Value,
    PortKey,
    PortSelector,
    StringMatch,
    Struct,
    UInt64,
)
from meshcompile.values.durations import Duration


class Colour(ProtoEnum):
    RED = "RED"
    GREEN = "GREEN"


class Sample(Node):
    whole: Int32 = 0
    large_number: UInt64 = 0
    real: Double = 0.0
    flag: Bool = False
    text: str = ""
    data: Bytes = b""
    colour: Colour = Colour.RED
    time_out: Duration | None = None
    free: Struct | None = None
    optional: Int32Value = None
    from_: str = ""
    consecutive_5xx_errors: Int32 = 0
    port: PortSelector | None = None
    match_any: tuple[StringMatch, ...] = ()
    by_name: Mapping[str, StringMatch] = {}
    by_number: Mapping[PortKey, StringMatch] = {}


def test_json_names_are_those_of_protobuf() -> None:
    """An underscore makes the next letter upper case, digits are unchanged, and a keyword's underscore is removed."""
    names = {
        "consecutive_5xx_errors": "consecutive5xxErrors",
        "http1_max_pending_requests": "http1MaxPendingRequests",
        "ca_crl": "caCrl",
        "h2_upgrade_policy": "h2UpgradePolicy",
        "mesh_mTLS": "meshMTLS",
        "from_": "from",
        "host": "host",
    }
    assert {name: json_name(name) for name in names} == names


@pytest.mark.parametrize("field", ["large_number", "largeNumber"])
def test_both_spellings_are_understood(field: str) -> None:
    """A model accepts a field's proto name and its JSON name."""
    assert Sample.model_validate({field: 3}).large_number == 3


@pytest.mark.parametrize(
    ("field", "written", "value"),
    [
        ("whole", "10", 10),
        ("whole", 10.0, 10),
        ("whole", "-5", -5),
        ("largeNumber", "18446744073709551615", 2**64 - 1),
        ("real", "1.5e3", 1500.0),
        ("real", 2, 2.0),
        ("real", "-Infinity", -math.inf),
        ("colour", 1, Colour.GREEN),
        ("colour", "GREEN", Colour.GREEN),
        ("data", "aGk=", b"hi"),
        ("data", "aGk", b"hi"),
        ("data", "_-8=", b"\xff\xef"),
        ("timeOut", "1h30m", Duration.of_seconds(5400)),
        ("free", {"a": [1, None, {"b": True}]}, {"a": [1, None, {"b": True}]}),
        ("from", "x", "x"),
        ("byNumber", {"80": {"exact": "a"}}, {80: StringMatch(exact="a")}),
    ],
)
def test_scalars_are_read_as_protobuf_does(field: str, written: object, value: object) -> None:
    """Numbers may be quoted, enums may be numbers, and bytes are base64 in either alphabet."""
    sample = Sample.model_validate({field: written})
    name = next(name for name, info in Sample.model_fields.items() if info.alias == field)
    assert getattr(sample, name) == value


def test_not_a_number_is_a_number() -> None:
    """The text NaN is read as a float, and printed as NaN."""
    sample = Sample.model_validate({"real": "NaN"})
    assert math.isnan(sample.real)
    assert '"real":"NaN"' in sample.model_dump_json()


@pytest.mark.parametrize(
    ("field", "written"),
    [
        ("whole", True),
        ("whole", 1.5),
        ("whole", " 1"),
        ("whole", "1_0"),
        ("whole", "１"),
        ("whole", 2**31),
        ("largeNumber", -1),
        ("real", True),
        ("real", "nan"),
        ("real", ""),
        ("flag", "true"),
        ("flag", 1),
        ("text", 1),
        ("text", True),
        ("text", None),
        ("colour", "red"),
        ("colour", 2),
        ("colour", True),
        ("data", "***"),
        ("timeOut", 5),
        ("timeOut", "5"),
        ("matchAny", "x"),
        ("matchAny", {"exact": "x"}),
        ("byName", ["x"]),
        ("free", "x"),
        ("unknown", 1),
    ],
)
def test_what_protobuf_refuses_is_refused(field: str, written: object) -> None:
    """Numbers are not converted to text, nor text to booleans, and unknown fields are rejected."""
    with pytest.raises(ValidationError):
        Sample.model_validate({field: written})


def test_fields_of_a_oneof_exclude_each_other() -> None:
    """At most one field of a oneof can be set. None is also valid."""
    assert issubclass(StringMatch, OneOf)
    assert StringMatch() == StringMatch.model_validate({})
    with pytest.raises(ValidationError, match="only one of exact, prefix can be set"):
        StringMatch(exact="a", prefix="")


WRITTEN: Mapping[str, Any] = {
    "port": {"number": 80},
    "match_any": [{"exact": "a"}, {"prefix": "b"}],
    "byName": {"x-a": {"exact": "a"}},
    "by_number": {"80": {"exact": "a"}},
}


def stamped(written: Mapping[str, Any]) -> Sample:
    sample = Sample.model_validate(written)
    stamp(sample, Document("a.yaml", written), written)
    return sample


def test_every_node_knows_its_place() -> None:
    """Origins are paths in the text, in the original spelling, through lists and maps."""
    sample = stamped(WRITTEN)
    assert sample.port is not None
    places = [
        sample.port.origin,
        sample.match_any[1].origin,
        sample.by_name["x-a"].origin,
        sample.by_number[80].origin,
        sample.at("match_any", 0),
        sample.match_any[0].at("exact"),
        sample.at("time_out"),
    ]
    assert [str(place.field) for place in places] == [
        "port",
        "match_any[1]",
        "byName.x-a",
        'by_number["80"]',
        "match_any[0]",
        "match_any[0].exact",
        "timeOut",
    ]


def test_what_is_made_in_python_is_nowhere() -> None:
    """A node created in Python has the origin NOWHERE, and so has a default."""
    assert Sample().origin == NOWHERE


def test_the_place_is_no_part_of_the_value() -> None:
    """Nodes with equal fields are equal regardless of their origins, and print the same."""
    here, elsewhere = stamped(WRITTEN), stamped({**WRITTEN})
    assert here == elsewhere == Sample.model_validate(WRITTEN)
    assert here.model_dump() == Sample.model_validate(WRITTEN).model_dump()
    assert hash(StringMatch(exact="a")) == hash(here.match_any[0])


def test_the_place_goes_with_copies() -> None:
    """A changed copy and an unpickled node keep the origin."""
    match = stamped(WRITTEN).match_any[0]
    assert match.model_copy(update={"exact": "z"}).origin == match.origin
    assert pickle.loads(pickle.dumps(match)).origin.path == match.origin.path


def test_nodes_do_not_change() -> None:
    """Fields of a node cannot be assigned."""
    with pytest.raises(ValidationError, match="frozen"):
        Sample().text = "x"  # type: ignore[misc]


def test_nested_fields_are_found_by_every_spelling() -> None:
    """Only fields that hold nodes are visited, under both of their names."""
    found = {name: nested.shape for name, nested in nested_fields(Sample).items()}
    assert found == {
        "port": "one",
        "matchAny": "many",
        "match_any": "many",
        "byName": "map",
        "by_name": "map",
        "byNumber": "map",
        "by_number": "map",
    }
