"""A real Envoy at `meshcompile serve`, with the state of the world and with deltas."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from meshcompile.cli.main import main
from meshcompile.envoy.message import TYPE_URL
from meshcompile.envoy.wire import encode_json
from meshcompile.envoy.wire.encoding import any_bytes
from meshcompile.serve.discovery import (
    SERVICE,
    XdsRequest,
    XdsResponse,
    delta_request,
    delta_response,
    sotw_request,
    sotw_response,
)
from meshcompile.serve.xds_resources import CLUSTERS, LISTENERS, XdsResource
from tests.envoy.followed import NODE, Command, Scenario, eventually, running_command
from tests.envoy.runner import running
from tests.ports import free_ports
from tests.serve.xds_client import METHODS

pytestmark = pytest.mark.envoy


@contextmanager
def serving(mesh: Path, port: int, status: int) -> Iterator[Command]:
    """The server at these ports of loopback."""
    addresses = ("--address", f"127.0.0.1:{port}", "--status-address", f"127.0.0.1:{status}")
    with running_command("serve", "-f", mesh, "--flavour", "envoy", "--log-format", "json", *addresses) as command:
        command.prints('"serving"')
        yield command


def bootstrap(folder: Path, port: int, protocol: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The bootstrap that `meshcompile bootstrap --xds` prints for the gateway."""
    node = folder / "node.json"
    node.write_text(json.dumps(NODE))
    assert main(["bootstrap", "--node", str(node), "--xds", f"127.0.0.1:{port}", "--xds-protocol", protocol]) == 0
    printed: dict[str, Any] = json.loads(capsys.readouterr().out)
    return printed


def status(port: int) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/status", timeout=10) as answer:
        read: dict[str, Any] = json.load(answer)
        return read


@pytest.mark.parametrize("protocol", ["delta", "sotw"])
def test_an_envoy_follows_the_server(protocol: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every kind of resource changes while Envoy runs; what it refuses changes nothing, and the server says why."""
    port, status_port = free_ports(2)
    with ExitStack() as stack:
        scenario = Scenario(tmp_path, stack)
        command = stack.enter_context(serving(scenario.mesh.path, port, status_port))
        scenario.plays(stack.enter_context(running(bootstrap(tmp_path, port, protocol, capsys))))
        eventually(lambda: status(status_port)["streams"][0]["types"]["routes"]["state"] == "rejected", "a rejection")
        (stream,) = status(status_port)["streams"]
        assert "Only unique values for domains are permitted" in stream["types"]["routes"]["error"]
        assert (stream["proxy"], stream["protocol"]) == ("front-0.edge", protocol)
        command.prints('"xds.error"')
        scenario.breaks()
        command.prints("the last configuration stays in force")
        assert scenario.backend(scenario.plain) == "v1"
        command.process.terminate()
        assert command.process.wait(60) == 0
        assert scenario.backend(scenario.plain) == "v1"


LEFT = "outbound|80|v9|shop.example"


@contextmanager
def stopping_before_endpoints(port: int, protocol: str) -> Iterator[None]:
    """A server that sends a cluster to a live Envoy and never its endpoints, so that Envoy is warming the cluster."""
    read: Callable[[bytes], XdsRequest] = delta_request if protocol == "delta" else sotw_request
    write = delta_response if protocol == "delta" else sotw_response
    config = {"edsConfig": {"ads": {}, "initialFetchTimeout": "0s", "resourceApiVersion": "V3"}, "serviceName": LEFT}
    cluster = {"name": LEFT, "type": "EDS", "connectTimeout": "1s", "edsClusterConfig": config}
    kind = "envoy.config.cluster.v3.Cluster"
    resource = XdsResource(LEFT, "1", (any_bytes(f"{TYPE_URL}{kind}", encode_json(kind, cluster)),))

    def stream(requests: Iterator[bytes], _: object) -> Iterator[bytes]:
        for request in map(read, requests):
            if not request.answered.nonce and request.type_url in (CLUSTERS, LISTENERS):
                yield write(XdsResponse(request.type_url, "first", "0", ()))
            elif request.type_url == LISTENERS:
                yield write(XdsResponse(CLUSTERS, "second", "1", (resource,)))

    server = grpc.server(ThreadPoolExecutor(4))
    method = grpc.stream_stream_rpc_method_handler(stream)
    service = f"{SERVICE}AggregatedDiscoveryService"
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {METHODS[protocol]: method}),))
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    try:
        yield
    finally:
        server.stop(0).wait()


@pytest.mark.parametrize("protocol", ["delta", "sotw"])
def test_a_client_comes_back_while_it_warms_a_cluster_that_has_left(
    protocol: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Envoy does not ask for clusters before the one that it warms has endpoints. The server knows none of them."""
    port, status_port = free_ports(2)
    with ExitStack() as stack:
        scenario = Scenario(tmp_path, stack)
        with stopping_before_endpoints(port, protocol):
            envoy = stack.enter_context(running(bootstrap(tmp_path, port, protocol, capsys)))
            eventually(lambda: LEFT in envoy.get("/config_dump?resource=dynamic_warming_clusters"), "a warming cluster")
        stack.enter_context(serving(scenario.mesh.path, port, status_port))
        eventually(lambda: scenario.backend(scenario.plain) == "v1", "traffic")
        eventually(lambda: LEFT not in envoy.get("/clusters"), "the cluster to leave")
