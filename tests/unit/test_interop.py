"""Messages of other packages equal the JSON, as protobuf parses their bytes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import meshcompile

pytest.importorskip(
    "envoy_data_plane.google.protobuf", reason="the extra `betterproto` is not installed", exc_type=ImportError
)
json_format = pytest.importorskip("google.protobuf.json_format")

from meshcompile.envoy.wire import encode_json  # noqa: E402  # needs the extras
from meshcompile.output.betterproto import message_class  # noqa: E402
from meshcompile.output.xds_types import TYPES  # noqa: E402
from tests.protobuf_runtime import protobuf_class  # noqa: E402

GOLDENS = sorted((Path(__file__).parents[1] / "golden").glob("*/input.yaml"))
ISTIO = {"stats.PluginConfig", "istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig"}


def printed(message: Any) -> Any:
    """The message as plain JSON data, in which the order of fields does not matter."""
    return json.loads(json_format.MessageToJson(message))


@pytest.mark.slow
@pytest.mark.parametrize("path", GOLDENS[::4], ids=lambda path: path.parent.name)
def test_messages_are_those_of_the_json(path: Path) -> None:
    """Every resource of a golden, as a message of either package, is the message that its JSON describes."""
    mesh = meshcompile.load(path)
    for config in map(mesh.compile, mesh.proxies()):
        betterproto, protobuf, data = config.to_betterproto(), config.to_protobuf(), config.to_dict()
        for kind, name in TYPES.items():
            meant = [printed(json_format.ParseDict(each, protobuf_class(name)())) for each in data[kind]]
            assert [printed(message) for message in getattr(protobuf, kind)] == meant
            parsed = (protobuf_class(name).FromString(bytes(message)) for message in getattr(betterproto, kind))
            assert [printed(message) for message in parsed] == meant


def test_classes_are_those_of_the_packages() -> None:
    """Messages have the classes that a program imports from the package."""
    from envoy.config.cluster.v3.cluster_pb2 import Cluster
    from envoy_data_plane.envoy.config.cluster.v3 import Cluster as BetterprotoCluster

    config = meshcompile.load("examples/coolstore").compile("deployment/webapp.istioinaction")
    assert {type(cluster) for cluster in config.to_protobuf().clusters} == {Cluster}
    assert {type(cluster) for cluster in config.to_betterproto().clusters} == {BetterprotoCluster}


@pytest.mark.slow
def test_what_a_package_lacks_is_listed() -> None:
    """Istio's own messages are in neither package, and are listed."""
    assert lacking("to_protobuf") == ISTIO
    assert lacking("to_betterproto") >= ISTIO


def lacking(conversion: str) -> set[str]:
    """The messages that a package lacks, in a process of its own: other tests define Istio's messages."""
    program = (
        "import meshcompile\n"
        "config = meshcompile.load('examples/coolstore').compile('deployment/webapp.istioinaction')\n"
        f"print(*config.{conversion}().lacking)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_a_field_that_a_package_lacks_is_listed_and_kept() -> None:
    """A field that is newer than the package is named, and its bytes are in the message."""
    from meshcompile.envoy.config.core import TcpKeepalive
    from meshcompile.envoy.config.listener import Listener
    from meshcompile.output.protobuf import protobuf_resources

    listener = Listener(name="a", tcp_keepalive=TcpKeepalive(keepalive_time=5))
    resources = {**dict.fromkeys(TYPES, ()), "listeners": (listener,)}
    found = protobuf_resources(resources)
    assert found.lacking == ("envoy.config.listener.v3.Listener.tcp_keepalive",)
    data = encode_json(TYPES["listeners"], {"name": "a", "tcpKeepalive": {"keepaliveTime": 5}})
    assert found.listeners[0].SerializeToString() == data


def test_fields_with_numbers_in_their_names() -> None:
    """betterproto's own `from_dict` does not find such fields, with or without a wrapper."""
    data = {"name": "a", "outlierDetection": {"consecutive5xx": 3, "interval": "10s"}}
    cluster = message_class(TYPES["clusters"]).parse(encode_json(TYPES["clusters"], data))
    assert cluster.outlier_detection.consecutive_5xx == 3
    assert cluster.outlier_detection.interval.total_seconds() == 10
