"""Real Envoys: validate a bootstrap, or run one for the duration of a `with` block.

Every Envoy runs without hot restart, with one worker and its admin interface on a free port of loopback. So many can
run in parallel, and they leave nothing behind.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.envoy.binary import envoy_path

Bootstrap = Mapping[str, Any] | Path
FLAGS = ("--disable-hot-restart", "--concurrency", "1", "--log-level", "warning", "--file-flush-interval-msec", "50")
ADMIN = {"address": {"socketAddress": {"address": "127.0.0.1", "portValue": 0}}}


class EnvoyError(Exception):
    """An Envoy that did not become live. The message is its log."""


@dataclass(frozen=True, slots=True)
class Validation:
    """The result of `envoy --mode validate`: accepted, or the first error."""

    accepted: bool
    error: str = ""


@dataclass(frozen=True, slots=True)
class Envoy:
    """A running Envoy."""

    admin_port: int
    process: subprocess.Popen[bytes]

    def get(self, path: str) -> str:
        """The response of the admin interface."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}{path}", timeout=5) as answer:
            return str(answer.read().decode())

    @property
    def live(self) -> bool:
        try:
            return self.get("/ready").strip() == "LIVE"
        except OSError:  # also an HTTP status other than 200
            return False

    def listener_port(self, name: str) -> int:
        """The port that a listener is bound to, even if it is configured with port 0."""
        return self.listener_ports()[name]

    def listener_ports(self) -> dict[str, int]:
        """The port of each listener that is bound to one, by name."""
        listeners = json.loads(self.get("/listeners?format=json")).get("listener_statuses", [])
        addresses = {each["name"]: each["local_address"].get("socket_address", {}) for each in listeners}
        return {name: int(address["port_value"]) for name, address in addresses.items() if "port_value" in address}

    def stats(self, pattern: str) -> dict[str, int]:
        """Counters and gauges whose names match the regular expression, by name."""
        stats = json.loads(self.get(f"/stats?format=json&filter={pattern}"))["stats"]
        return {stat["name"]: stat["value"] for stat in stats if "name" in stat}


def validate(bootstrap: Bootstrap) -> Validation:
    """Whether Envoy accepts the bootstrap. Nothing is bound or started."""
    with tempfile.TemporaryDirectory(prefix="envoy-") as folder:
        command = [str(envoy_path()), "--mode", "validate", *FLAGS, "-c", str(_written(bootstrap, Path(folder)))]
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    return Validation(done.returncode == 0, "" if done.returncode == 0 else _first_error(done.stderr.decode()))


def on_free_ports(bootstrap: Mapping[str, Any]) -> dict[str, Any]:
    """The bootstrap with its listeners on free ports of loopback. Listeners without a bound port are unchanged."""
    moved: dict[str, Any] = json.loads(json.dumps(bootstrap))
    for listener in moved["staticResources"]["listeners"]:
        if listener.get("bindToPort", True) and "socketAddress" in listener.get("address", {}):
            listener["address"] = {"socketAddress": {"address": "127.0.0.1", "portValue": 0}}
            listener.pop("additionalAddresses", None)
    return moved


@contextmanager
def running(bootstrap: Bootstrap, *, timeout: float = 20) -> Iterator[Envoy]:
    """A live Envoy with this bootstrap, for the duration of the block. Its admin interface is on a free port."""
    with tempfile.TemporaryDirectory(prefix="envoy-") as name:
        folder = Path(name)
        admin, log = folder / "admin", folder / "log"
        config = _written({**_read(bootstrap), "admin": ADMIN}, folder)
        files = ("-c", str(config), "--admin-address-path", str(admin), "--log-path", str(log))
        command = [str(envoy_path()), *FLAGS, *files]
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield _live(process, admin, log, time.monotonic() + timeout)
        finally:
            _end(process)


def _live(process: subprocess.Popen[bytes], admin: Path, log: Path, deadline: float) -> Envoy:
    while time.monotonic() < deadline and process.poll() is None:
        address = admin.read_text() if admin.exists() else ""
        if ":" in address:
            envoy = Envoy(int(address.rpartition(":")[2]), process)
            if envoy.live:
                return envoy
        time.sleep(0.02)
    state = "is not live in time" if process.poll() is None else f"ended with status {process.returncode}"
    raise EnvoyError(f"Envoy {state}\n{log.read_text() if log.exists() else ''}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _read(bootstrap: Bootstrap) -> Mapping[str, Any]:
    if isinstance(bootstrap, Path):
        loaded: Mapping[str, Any] = json.loads(bootstrap.read_text())
        return loaded
    return bootstrap


def _written(bootstrap: Bootstrap, folder: Path) -> Path:
    path = folder / "bootstrap.json"
    path.write_text(json.dumps(_read(bootstrap)))
    return path


def _first_error(text: str) -> str:
    """The critical message with single spaces, up to where Envoy dumps whole messages."""
    _, _, message = text.partition("[critical]")
    return " ".join((message or text).split())[:600]
