"""The binary format: bytes that protobuf reads as the message that the JSON describes, and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import meshcompile
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.message import EncodedMessage, to_json
from meshcompile.envoy.wire import Limits, WireError, decode, encode, encode_json, packed

json_format = pytest.importorskip("google.protobuf.json_format")

from tests.protobuf_runtime import protobuf_class  # noqa: E402  # needs protobuf

TYPES = {
    "listeners": "envoy.config.listener.v3.Listener",
    "routes": "envoy.config.route.v3.RouteConfiguration",
    "clusters": "envoy.config.cluster.v3.Cluster",
    "endpoints": "envoy.config.endpoint.v3.ClusterLoadAssignment",
    "extensions": "envoy.config.core.v3.TypedExtensionConfig",
}
REQUEST = "envoy.service.discovery.v3.DiscoveryRequest"
DELTA = "envoy.service.discovery.v3.DeltaDiscoveryRequest"
CLUSTER = TYPES["clusters"]
GOLDENS = sorted((Path(__file__).parents[1] / "golden").glob("*/input.yaml"))

VALUES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("envoy.config.core.v3.Node", {"metadata": {"b": [1, None, "x", {"d": True}], "a": -0.5}}),
    ("envoy.config.core.v3.Node", {"dynamicParameters": {"z": {}, "a": {}, "b": {}}}),
    ("envoy.config.core.v3.Metadata", {"filterMetadata": {"z": {"a": None}, "a": {}}}),
    ("envoy.config.core.v3.RuntimeUInt32", {"defaultValue": 4294967295}),
    ("envoy.config.core.v3.DataSource", {"inlineBytes": "AAEC/w=="}),
    ("envoy.config.core.v3.DataSource", {"inlineString": ""}),
    ("envoy.type.v3.Int64Range", {"start": "-9223372036854775808", "end": "9223372036854775807"}),
    ("envoy.type.v3.DoubleRange", {"start": "-Infinity", "end": 0.1}),
    ("envoy.config.cluster.v3.Cluster.RingHashLbConfig", {"minimumRingSize": "0"}),
    ("envoy.config.route.v3.HeaderMatcher", {"presentMatch": False}),
    ("envoy.config.route.v3.RetryPolicy", {"retriableStatusCodes": [0, 1, 503, 70000]}),
    ("envoy.config.cluster.v3.Cluster", {"connectTimeout": "-1.000000001s", "type": "EDS"}),
    ("envoy.admin.v3.ClustersConfigDump.StaticCluster", {"lastUpdated": "1969-12-31T23:59:59.500Z"}),
    ("envoy.config.core.v3.TypedExtensionConfig", {"typedConfig": {}}),
    (
        "envoy.config.core.v3.TypedExtensionConfig",
        {"typedConfig": {"@type": "type.googleapis.com/google.protobuf.Struct", "value": {"a": 1}}},
    ),
    ("envoy.config.core.v3.SocketOption", {"level": "-1", "intValue": "0", "state": "STATE_BOUND"}),
    (REQUEST, {"errorDetail": {"code": 13, "message": "bad"}, "resourceNames": ["", "a"]}),
)


def test_route_tables_share_the_bytes_of_virtual_hosts() -> None:
    """A table is made of the bytes of its virtual hosts, and is the same as if it were made of its JSON."""
    mesh = meshcompile.load(Path(__file__).parents[2] / "examples" / "coolstore")
    for table in mesh.compile("deployment/webapp.istioinaction").routes:
        data = encode(TYPES["routes"], table)
        assert data == encode_json(TYPES["routes"], json.loads(to_json(table)))
        assert table.virtual_hosts
        assert all(encode("envoy.config.route.v3.VirtualHost", host) in data for host in table.virtual_hosts)


@pytest.mark.parametrize("path", GOLDENS[::3], ids=lambda path: path.parent.name)
def test_protobuf_reads_the_bytes_of_a_resource_as_its_json(path: Path) -> None:
    """Every resource of a golden, as bytes, is what protobuf makes of its JSON, and decodes to it."""
    mesh = meshcompile.load(path)
    for config in map(mesh.compile, mesh.proxies()):
        for kind, name in TYPES.items():
            for message in getattr(config, kind):
                written, data = encode(name, message), json.loads(to_json(message))
                assert decode(name, written) == data
                expected = json_format.ParseDict(data, protobuf_class(name)())
                assert json_format.MessageToDict(protobuf_class(name).FromString(written)) == json_format.MessageToDict(
                    expected
                )


@pytest.mark.parametrize(("name", "data"), VALUES)
def test_bytes_are_those_of_protobuf(name: str, data: dict[str, Any]) -> None:
    """The bytes of a message without maps inside an Any are exactly those that protobuf makes of its JSON."""
    written = encode_json(name, data)
    expected = json_format.ParseDict(data, protobuf_class(name)())
    assert written == expected.SerializeToString(deterministic=True)
    assert decode(name, written) == data


def test_fields_with_default_values_are_absent() -> None:
    """A field without presence has no bytes for its default, in whatever form it is written."""
    data: dict[str, Any] = {
        "name": "",
        "type": None,
        "lbPolicy": "ROUND_ROBIN",
        "respectDnsTtl": False,
        "transportSocketMatches": [],
    }
    assert encode_json(CLUSTER, data) == b""


def test_the_bytes_stay_with_the_message() -> None:
    """A message is encoded once, also as an Any, and its JSON text has the same bytes."""
    cluster = Cluster(name="a", connect_timeout="10s")
    assert encode(CLUSTER, cluster) is encode(CLUSTER, cluster)
    assert packed(CLUSTER, cluster) is packed(CLUSTER, cluster)
    assert encode(CLUSTER, EncodedMessage(to_json(cluster).encode())) == encode(CLUSTER, cluster)
    read = protobuf_class("google.protobuf.Any").FromString(packed(CLUSTER, cluster))
    assert (read.type_url, read.value) == (f"type.googleapis.com/{CLUSTER}", encode(CLUSTER, cluster))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"names": "a"}, "names: envoy.config.cluster.v3.Cluster has no field names"),
        ({"loadAssignment": {"endpoints": [{}, {"priority": -1}]}}, "loadAssignment.endpoints.1.priority: -1 is not"),
        ({"type": "EDDS"}, "type: envoy.config.cluster.v3.Cluster.DiscoveryType has no value EDDS"),
        ({"connectTimeout": "10"}, "connectTimeout: expected a duration such as 1.500s, not '10'"),
        ({"name": 7}, "name: expected a text, not 7"),
        ({"loadAssignment": 7}, "loadAssignment: "),
        ({"metadata": {"typedFilterMetadata": {"a": {"x": 1}}}}, "metadata.typedFilterMetadata.a.@type: an Any needs"),
        ({"typedExtensionProtocolOptions": {"a": {"@type": "x/acme.Thing"}}}, "typedExtensionProtocolOptions.a: Envoy"),
    ],
)
def test_json_that_does_not_fit_has_a_path(data: dict[str, Any], problem: str) -> None:
    """An error names the field, with the fields around it."""
    with pytest.raises(WireError, match=problem.replace(".", r"\.")):
        encode_json(CLUSTER, data)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\x0a\x05ab", "the message ends inside a field"),
        (b"\x0a", "the message ends inside a number"),
        (b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "more than ten bytes"),
        (b"\x00\x00", "there is no field number 0"),
        (b"\x0b", "wire type 3 is not part of proto3"),
        (b"\x0a\x01\xff", "version_info: a text is not UTF-8"),
        (b"\x12\x05\x1a\x03\x0a\x02a", "node.metadata: the message ends inside a field"),
    ],
)
def test_malformed_bytes_have_an_error(data: bytes, problem: str) -> None:
    """Bytes that are no message raise WireError with a path."""
    with pytest.raises(WireError, match=problem):
        decode(REQUEST, data)


def test_limits_hold() -> None:
    """Size, depth and the number of values are limited."""
    deep = {"a": 1}
    for _ in range(70):
        deep = {"a": deep}  # type: ignore[dict-item]
    with pytest.raises(WireError, match="nested too deeply"):
        decode(REQUEST, encode_json(REQUEST, {"node": {"metadata": deep}}))
    many = encode_json(REQUEST, {"resourceNames": ["a"] * 20})
    with pytest.raises(WireError, match="too many values"):
        decode(REQUEST, many, Limits(values=19))
    assert decode(REQUEST, many, Limits(values=20)) == {"resourceNames": ["a"] * 20}
    with pytest.raises(WireError, match="60 bytes, more than 59"):
        decode(REQUEST, many, Limits(size=59))


def test_unknown_fields_are_skipped_and_the_last_value_holds() -> None:
    """What a newer client sends is no error, and a repeated field that may occur once counts once."""
    data = b"\xfa\x3f\x01x" + b"\x0a\x01a" + b"\x0a\x01b" + b"\x08\x01"
    assert decode(REQUEST, data) == {"versionInfo": "b"}
    twice = encode_json(DELTA, {"node": {"id": "a"}}) + encode_json(DELTA, {"node": {"cluster": "b"}})
    assert decode(DELTA, twice) == {"node": {"id": "a", "cluster": "b"}}
    one_of = encode_json("envoy.config.core.v3.DataSource", {"filename": "a"}) + encode_json(
        "envoy.config.core.v3.DataSource", {"inlineString": "b"}
    )
    assert decode("envoy.config.core.v3.DataSource", one_of) == {"inlineString": "b"}
