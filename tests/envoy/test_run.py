"""`meshcompile run`: real Envoys on this machine that follow the input."""

from __future__ import annotations

import json
import re
import shutil
import signal
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.envoy.followed import Command, eventually, running_command

pytestmark = pytest.mark.envoy

COOLSTORE = Path(__file__).resolve().parents[2] / "examples" / "coolstore"


def answer(address: str, host: str, path: str = "/") -> dict[str, Any]:
    request = urllib.request.Request(f"http://{address}{path}", headers={"Host": host})
    with urllib.request.urlopen(request, timeout=20) as response:
        content: dict[str, Any] = json.loads(response.read())
    return content


def gateway(command: Command) -> str:
    """The address at which the gateway listens, once all proxies are live."""
    command.prints("live; watching")
    found = re.search(r"istio-ingressgateway-0.istio-system listens at (\S+)", command.printed)
    assert found, command.printed
    return found[1]


def test_a_mesh_on_loopback(tmp_path: Path) -> None:
    """A request passes gateway and sidecars, an edit is applied without a restart, and nothing stays behind."""
    mesh = tmp_path / "mesh"
    shutil.copytree(COOLSTORE, mesh)
    with running_command("run", "--mesh", "-f", mesh) as command:
        address = gateway(command)
        shop = answer(address, "webapp.istioinaction.io", "/?call=catalog/items")
        called = shop["called"]["catalog/items"]["answer"]
        assert called["workload"] == "catalog.istioinaction v1"
        assert called["proxies"] == [
            "istio-ingressgateway-0.istio-system",
            "webapp-0.istioinaction",
            "webapp-0.istioinaction",
            "catalog-v1-0.istioinaction",
        ]
        assert "URI=spiffe://cluster.local/ns/istioinaction/sa/webapp" in called["headers"]["x-forwarded-client-cert"]
        text = (mesh / "catalog.yaml").read_text()
        head, _, tail = text.rpartition("subset: v1")
        (mesh / "catalog.yaml").write_text(f"{head}subset: v2{tail}")
        eventually(lambda: answer(address, "catalog.istioinaction.io")["workload"].endswith("v2"), "version 2")
        command.prints("catalog.yaml changed: ")
        command.process.send_signal(signal.SIGTERM)
        eventually(lambda: command.process.poll() is not None, "the end")
        assert command.process.returncode == 130, command.printed
    assert "Traceback" not in command.printed


def test_mutual_tls_between_sidecars() -> None:
    """The server accepts mutual TLS of the right client: the other one is denied, and plaintext is refused."""
    with running_command("run", "--mesh", "-f", COOLSTORE.parent / "mutual-tls") as command:
        command.prints("live; watching")
        addresses = dict(re.findall(r"(\w+)\.shop answers at (\S+),", command.printed))
        called = {
            name: answer(addresses[name], "client", "/?call=server")["called"]["server"]
            for name in ("client", "stranger")
        }
        assert called["client"]["status"] == 200
        assert called["client"]["answer"]["workload"] == "server.shop"
        assert called["stranger"]["status"] == 403
        network, third, last = addresses["server"].partition(":")[0].split(".")[1:]
        with pytest.raises(OSError, match=r"."):
            answer(f"127.{network}.{int(third) - 100}.{last}:8080", "server")
        command.process.send_signal(signal.SIGTERM)
        eventually(lambda: command.process.poll() is not None, "the end")


def test_one_proxy() -> None:
    """A proxy runs by itself, and Ctrl-C ends it."""
    proxy = "deployment/istio-ingressgateway.istio-system"
    moved = ("--listen-map", "0.0.0.0_8080=127.0.0.1:0", "--admin-port", "0")
    with running_command("run", proxy, "-f", COOLSTORE, *moved) as command:
        command.prints("1 proxy live")
        command.process.send_signal(signal.SIGINT)
        eventually(lambda: command.process.poll() is not None, "the end")
        assert command.process.returncode == 130, command.printed
