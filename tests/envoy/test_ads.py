"""A real Envoy at `meshcompile serve`, with the state of the world and with deltas."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from meshcompile.cli.main import main
from tests.envoy.followed import NODE, Command, Scenario, eventually, running_command
from tests.envoy.runner import running
from tests.ports import free_ports

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
