"""Faults around the server: its log, its clock, its end and its files. `test_server` has those of clients."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from meshcompile.serve.limits import ServeLimits
from meshcompile.serve.server import ServeSettings
from meshcompile.serve.xds_resources import CLUSTERS
from meshcompile.source import following
from tests.ports import free_ports
from tests.serve.running import running, write
from tests.serve.test_server import PATIENCE, arrives, cluster, ended, eventually
from tests.serve.xds_client import XdsClient, connected, node

YEAR = 365 * 24 * 3600.0


class Command:
    """`meshcompile serve` in a process of its own."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, status_port: int) -> None:
        self.process, self.port, self.status_port = process, port, status_port

    def is_ready(self) -> bool:
        """Whether the server answers that it is ready."""
        assert self.process.poll() is None, "it ended"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.status_port}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


@contextmanager
def started(folder: Path, log: Path) -> Iterator[Command]:
    """The command, once it serves, with its log in a file. It is killed in the end."""
    port, status_port = free_ports(2)
    addresses = ["--address", f"127.0.0.1:{port}", "--status-address", f"127.0.0.1:{status_port}"]
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "meshcompile", "serve", "-f", str(folder), *addresses], stderr=stderr
        )
    try:
        command = Command(process, port, status_port)
        eventually(command.is_ready)
        yield command
    finally:
        process.kill()
        process.wait(PATIENCE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "mesh"
    path.mkdir()
    write(path, "web")
    return path


def test_a_full_disk_under_the_log_stops_nothing(folder: Path) -> None:
    """Without space for its log, the server serves, follows its files, and ends as ever."""
    with started(folder, Path("/dev/full")) as server, connected(server.port) as channel:
        client = XdsClient(channel, node())
        client.start()
        write(folder, "api", number=2)
        arrives(client, cluster("api", 80))
        client.close()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(PATIENCE) == 0


def test_sigterm_in_the_middle_of_a_push(folder: Path, tmp_path: Path) -> None:
    """A signal while clusters are sent to many clients ends all streams, and the server with status 0."""
    for number in range(40):
        write(folder, f"svc-{number}", number=number + 10)
    log = tmp_path / "log"
    with started(folder, log) as server, connected(server.port) as channel:
        clients = [XdsClient(channel, node(address=f"10.2.0.{index}")) for index in range(20)]
        for client in clients:
            client.subscribe(CLUSTERS)
            client.take()
        write(folder, "web", port=81)
        arrives(clients[0], cluster("web", 81))  # the others get theirs now
        server.process.send_signal(signal.SIGTERM)
        assert all(ended(client) for client in clients)
        assert server.process.wait(PATIENCE) == 0
    said = log.read_text()
    assert "meshcompile: stopping streams=20" in said
    assert said.endswith("meshcompile: stopped\n")


@pytest.mark.parametrize("jump", [YEAR, -YEAR], ids=["forward", "back"])
def test_clock_jumps(folder: Path, monkeypatch: pytest.MonkeyPatch, jump: float) -> None:
    """When the clock is set, no stream ends, no limit is reached, and files with strange times are followed."""
    settings = ServeSettings("127.0.0.1:0", "127.0.0.1:0", limits=ServeLimits(send_timeout=5, requests=10))
    with running(folder, settings) as server, connected(server.port) as channel:
        client = XdsClient(channel, node())
        client.start()
        jumped = time.time() + jump
        monkeypatch.setattr(time, "time", lambda: jumped)
        file = write(folder, "api", number=2)
        os.utime(file, (jumped, jumped))
        arrives(client, cluster("api", 80))
        monkeypatch.undo()
        os.utime(write(folder, "api", number=2, port=81), (jumped, jumped))
        arrives(client, cluster("api", 81))
        assert [stream["proxy"] for stream in server.status()["streams"]] == ["web-0.shop"]
        assert "meshcompile_refused_streams_total{" not in server.get("/metrics")[1]
        client.close()


def test_an_unknown_type_is_logged_and_left_alone(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A request for a type that nobody knows has no answer. The same stream and others go on."""
    with running(folder) as server, connected(server.port) as channel:
        good, strange = XdsClient(channel, node()), XdsClient(channel, node(address="10.1.0.8"))
        good.start()
        with caplog.at_level(logging.WARNING, "meshcompile.serve"):
            strange.subscribe("type.googleapis.com/strange.Type")
            strange.start()
        write(folder, "api", number=2)
        for client in (good, strange):
            arrives(client, cluster("api", 80))
        assert [record.getMessage() for record in caplog.records] == ["unknown type"]
        for client in (good, strange):
            client.close()


def test_a_watch_that_fails_is_replaced(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the operating system reports an error instead of changes, the server looks at the files itself."""

    def failing(_: object) -> Iterator[object]:
        yield None
        raise RuntimeError("error in underlying watcher")

    monkeypatch.setattr(following, "_notifications", failing)
    with running(folder) as server, connected(server.port) as channel:
        client = XdsClient(channel, node())
        client.start()
        write(folder, "api", number=2)
        arrives(client, cluster("api", 80))
        client.close()


def test_connections_that_speak_no_grpc(folder: Path) -> None:
    """Others are served beside connections that are silent, send garbage, or stop after the preface of HTTP/2."""
    said = (b"", b"GET / HTTP/1.1\r\n\r\n", bytes(range(256)) * 40, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    with running(folder) as server, ExitStack() as stack:
        for data in said * 10:
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            connection.sendall(data)
        channel = stack.enter_context(connected(server.port))
        client = XdsClient(channel, node())
        client.start()
        write(folder, "api", number=2)
        arrives(client, cluster("api", 80))
        assert len(server.status()["streams"]) == 1
        client.close()
