"""Messages of envoy-data-plane equal the JSON, as protobuf parses their bytes."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
from pathlib import Path
from typing import Any

import pytest

import meshcompile

pytest.importorskip(
    "envoy_data_plane.google.protobuf", reason="the extra `betterproto` is not installed", exc_type=ImportError
)
json_format = pytest.importorskip("google.protobuf.json_format")
message_factory = pytest.importorskip("google.protobuf.message_factory")
pool = pytest.importorskip("google.protobuf.descriptor_pool").Default()

from meshcompile.output.betterproto import TYPES, message, packed  # noqa: E402  # needs the extra

GOLDENS = sorted((Path(__file__).parents[1] / "golden").glob("*/input.yaml"))
TYPE_URL = "type.googleapis.com/"


@pytest.fixture(scope="module", autouse=True)
def _envoy_api() -> None:
    """Every message of xds-protos, because an Any may contain any of them."""
    for path in importlib.metadata.files("xds-protos") or ():
        if path.name.endswith("_pb2.py") and path.parts[0] in {"envoy", "xds", "udpa"}:
            importlib.import_module(".".join(path.with_suffix("").parts))


def protobuf_class(name: str) -> Any:
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(name))


def printed(message: Any) -> Any:
    """The message as plain JSON data, in which the order of fields does not matter."""
    return json.loads(json_format.MessageToJson(message))


def carried(data: Any) -> Any:
    """JSON data in which types that envoy-data-plane lacks are packed as TypedStructs."""
    match data:
        case {"@type": str(url), **rest} if url.startswith((f"{TYPE_URL}stats.", f"{TYPE_URL}istio.")):
            return {"@type": f"{TYPE_URL}xds.type.v3.TypedStruct", "typeUrl": url, "value": rest}
        case dict():
            return {key: carried(value) for key, value in data.items()}
        case list():
            return [carried(item) for item in data]
        case _:
            return data


@pytest.mark.slow
@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: path.parent.name)
def test_bytes_are_those_of_the_json(path: Path) -> None:
    """Every resource of the goldens, as bytes, is parsed by protobuf as the message that the JSON describes."""
    mesh = meshcompile.load(path)
    for proxy in mesh.proxies():
        config = mesh.compile(proxy)
        converted, data = config.to_betterproto(), config.to_dict()
        for kind, name in TYPES.items():
            for ours, written in zip(getattr(converted, kind), data[kind], strict=True):
                read = protobuf_class(name).FromString(bytes(ours))
                meant = json_format.ParseDict(carried(written), protobuf_class(name)())
                assert printed(read) == printed(meant)


def test_fields_that_from_dict_does_not_find() -> None:
    """Fields with numbers inside their names are set, with or without a wrapper."""
    cluster = message(TYPES["clusters"], {"name": "a", "outlierDetection": {"consecutive5xx": 3, "interval": "10s"}})
    assert cluster.outlier_detection.consecutive_5xx == 3
    assert cluster.outlier_detection.interval.total_seconds() == 10
    zipkin = message("envoy.config.trace.v3.ZipkinConfig", {"traceId128bit": True, "collectorCluster": "a"})
    assert zipkin.trace_id_128bit is True


def test_types_that_the_library_lacks_are_typed_structs() -> None:
    """Istio's own types are packed as a TypedStruct with their fields, which Envoy unpacks."""
    url = f"{TYPE_URL}stats.PluginConfig"
    carrier = packed({"@type": url, "reporter": "SERVER_GATEWAY"})
    assert carrier.type_url == f"{TYPE_URL}xds.type.v3.TypedStruct"
    read = protobuf_class("xds.type.v3.TypedStruct").FromString(carrier.value)
    assert (read.type_url, dict(read.value)) == (url, {"reporter": "SERVER_GATEWAY"})
