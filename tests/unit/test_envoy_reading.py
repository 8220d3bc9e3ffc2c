"""Canonicalization of Envoy configuration as users write it."""

from typing import Any

import pytest

from meshcompile.envoy.reading import Fault, read

CLUSTER = "envoy.config.cluster.v3.Cluster"
HTTP_FILTER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter"
LUA = "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua"


def canonical(message: str, data: Any) -> Any:
    reading = read(message, data)
    assert reading.problems == ()
    return reading.value


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"connect_timeout": "1500ms"}, {"connectTimeout": "1.500s"}),
        ({"connectTimeout": "1m30s"}, {"connectTimeout": "90s"}),
        ({"type": "STATIC"}, {"type": "STATIC"}),
        ({"type": 3}, {"type": "EDS"}),
        ({"type": "EDS", "cluster_type": {"name": "x"}}, {"clusterType": {"name": "x"}}),
        ({"per_connection_buffer_limit_bytes": "80"}, {"perConnectionBufferLimitBytes": 80}),
        ({"per_connection_buffer_limit_bytes": 0}, {"perConnectionBufferLimitBytes": 0}),
        ({"lb_subset_config": {"fallback_policy": "NO_FALLBACK"}}, {"lbSubsetConfig": {}}),
        ({"alt_stat_name": "", "filters": [], "metadata": None}, {}),
        ({"ring_hash_lb_config": {"minimum_ring_size": 64}}, {"ringHashLbConfig": {"minimumRingSize": "64"}}),
        (
            {"common_lb_config": {"healthy_panic_threshold": {"value": 10}}},
            {"commonLbConfig": {"healthyPanicThreshold": {"value": 10.0}}},
        ),
        (
            {"metadata": {"filter_metadata": {"a": {"b": 1, "c": [1.5, None]}}}},
            {"metadata": {"filterMetadata": {"a": {"b": 1, "c": [1.5, None]}}}},
        ),
        ({"altStatName": "json", "alt_stat_name": "proto"}, {"altStatName": "json"}),
    ],
)
def test_canonical_form(written: Any, expected: Any) -> None:
    """Names, numbers, durations, enums and defaults become what protobuf JSON prints."""
    assert canonical(CLUSTER, written) == expected


def test_packed_messages_are_read_as_their_type() -> None:
    """The content of `@type` messages is checked and canonicalized, too."""
    written = {"name": "lua", "typed_config": {"@type": LUA, "default_source_code": {"inline_string": "x"}}}
    config = {"@type": LUA, "defaultSourceCode": {"inlineString": "x"}}
    assert canonical(HTTP_FILTER, written) == {"name": "lua", "typedConfig": config}


def test_special_messages_in_an_any_stand_under_value() -> None:
    """A wrapper in an Any has its scalar under `value`."""
    packed = {"@type": "type.googleapis.com/google.protobuf.Duration", "value": "60000ms"}
    assert canonical(HTTP_FILTER, {"typedConfig": packed})["typedConfig"]["value"] == "60s"


def test_unknown_field() -> None:
    """An unknown field is omitted, and reported with its position, its message and a suggestion."""
    reading = read(CLUSTER, {"load_assignment": {"endpoints": [{"lb_endpoint": []}]}, "name": "a"})
    assert reading.value == {"name": "a", "loadAssignment": {"endpoints": [{}]}}
    [problem] = reading.problems
    assert problem.fault is Fault.UNKNOWN_FIELD
    assert problem.path == ("load_assignment", "endpoints", 0, "lb_endpoint")
    assert problem.text == "envoy.config.endpoint.v3.LocalityLbEndpoints has no field lb_endpoint"
    assert problem.suggestion == "did you mean lb_endpoints?"


@pytest.mark.parametrize(
    ("written", "path", "fault"),
    [
        ({"connect_timeout": {"a": 1}}, ("connect_timeout",), Fault.BAD_VALUE),
        ({"connect_timeout": 5}, ("connect_timeout",), Fault.BAD_VALUE),
        ({"type": "EDSS"}, ("type",), Fault.BAD_VALUE),
        ({"name": 5}, ("name",), Fault.BAD_VALUE),
        ({"filters": {}}, ("filters",), Fault.BAD_VALUE),
        ({"filters": [[]]}, ("filters", 0), Fault.BAD_VALUE),
        ({"track_cluster_stats": "yes"}, ("track_cluster_stats",), Fault.BAD_VALUE),
        ({"per_connection_buffer_limit_bytes": -1}, ("per_connection_buffer_limit_bytes",), Fault.BAD_VALUE),
        ({"per_connection_buffer_limit_bytes": 1.5}, ("per_connection_buffer_limit_bytes",), Fault.BAD_VALUE),
        ({"transport_socket": {"typed_config": {}}}, ("transport_socket", "typed_config"), Fault.BAD_VALUE),
        (
            {"transport_socket": {"typed_config": {"@type": "a/b"}}},
            ("transport_socket", "typed_config", "@type"),
            Fault.UNKNOWN_TYPE,
        ),
    ],
)
def test_unreadable(written: Any, path: tuple[str | int, ...], fault: Fault) -> None:
    """A value of the wrong type makes the whole value unreadable, and its position is known."""
    reading = read(CLUSTER, written)
    assert reading.value is None
    assert (reading.problems[-1].path, reading.problems[-1].fault) == (path, fault)


def test_floats_of_32_bits() -> None:
    """A float is printed with the shortest digits."""
    assert canonical("google.protobuf.FloatValue", 0.1) == 0.1
    assert canonical("google.protobuf.FloatValue", 16777217) == 16777216


def test_timestamps() -> None:
    """A timestamp is printed in UTC."""
    assert canonical("google.protobuf.Timestamp", "2024-01-31T12:00:00.5+02:00") == "2024-01-31T10:00:00.500Z"


def test_unsupported_enum_number() -> None:
    """A number without an enum value is omitted and reported."""
    reading = read(CLUSTER, {"type": 77, "name": "a"})
    assert reading.value == {"name": "a"}
    assert reading.problems[0].fault is Fault.UNSUPPORTED
