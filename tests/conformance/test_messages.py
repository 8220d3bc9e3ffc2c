"""The message types can represent istiod's output, and Envoy's own descriptors accept the compiled output."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import meshcompile
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import TypedExtensionConfig
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment
from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.config.route import RouteConfiguration
from meshcompile.envoy.message import Message, encode, from_json, to_builtins
from tests.conformance.compare import load_mesh
from tests.conformance.corpus import cases_dir

TYPES: dict[str, type[Message]] = {
    "listeners": Listener,
    "routes": RouteConfiguration,
    "clusters": Cluster,
    "endpoints": ClusterLoadAssignment,
    "extensions": TypedExtensionConfig,
}
AREAS = {
    "listeners": "listener",
    "routes": "route",
    "clusters": "cluster",
    "endpoints": "endpoint",
    "extensions": "core",
}
"""The package of each type's message."""
EVERY = 4
"""The step between the output files that are read: reading all of them takes ten seconds, and they differ little."""


def answers(kind: str) -> list[Path]:
    """A fixed sample of istiod's output of one kind."""
    return sorted(cases_dir().glob(f"*/*/istiod/*/{kind}.json"))[::EVERY]


@pytest.mark.parametrize("kind", TYPES)
def test_answers_are_printed_as_they_were_read(kind: str) -> None:
    """Every resource that istiod sends converts to its message type and back without loss."""
    paths = answers(kind)
    assert paths
    for path in paths:
        for resource in json.loads(path.read_text()):
            message = from_json(TYPES[kind], resource)
            assert to_builtins(message) == resource, path
            assert json.dumps(json.loads(encode(message)), sort_keys=True) == json.dumps(resource, sort_keys=True), path


ISTIO_ONLY = {"stats.PluginConfig", "istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig"}
"""Messages of filters in Istio's build of Envoy only."""
EVERY_CASE = 20
"""The step between the cases that are compiled for the test below."""


def protobuf_class(name: str) -> Any:
    """protobuf's own class of a message."""
    from google.protobuf import descriptor_pool, message_factory

    return message_factory.GetMessageClass(descriptor_pool.Default().FindMessageTypeByName(name))


def without_istios_own(value: Any) -> Any:
    """The JSON data, with messages that upstream Envoy lacks as plain structures."""
    match value:
        case {"@type": str(url)} if url.rpartition("/")[2] in ISTIO_ONLY:
            return {"@type": "type.googleapis.com/google.protobuf.Struct", "value": value}
        case dict():
            return {key: without_istios_own(item) for key, item in value.items()}
        case list():
            return [without_istios_own(item) for item in value]
        case _:
            return value


def configurations() -> Iterator[meshcompile.Config]:
    """The compiled output for the proxies of some cases in every area."""
    for case in sorted(path.parent for path in cases_dir().glob("*/*/case.yaml"))[::EVERY_CASE]:
        mesh, _ = load_mesh(case, yaml.load((case / "case.yaml").read_text(), Loader=yaml.CSafeLoader))
        for node in sorted(case.glob("istiod/*/node.json")):
            yield mesh.compile(meshcompile.Proxy.from_node(json.loads(node.read_text())))


@pytest.mark.slow
def test_what_is_compiled_is_what_protobuf_prints() -> None:
    """Every compiled resource can be parsed with the descriptors of Envoy's API, and protobuf prints the same JSON."""
    json_format = pytest.importorskip("google.protobuf.json_format")
    for path in importlib.metadata.files("xds-protos") or ():
        if path.name.endswith("_pb2.py") and path.parts[0] in {"envoy", "xds", "udpa"}:
            importlib.import_module(".".join(path.with_suffix("").parts))
    classes = {kind: protobuf_class(f"envoy.config.{area}.v3.{TYPES[kind].__name__}") for kind, area in AREAS.items()}
    for config in configurations():
        for kind, resources in config.to_dict().items():
            for resource in map(without_istios_own, resources):
                assert json_format.MessageToDict(json_format.ParseDict(resource, classes[kind]())) == resource
