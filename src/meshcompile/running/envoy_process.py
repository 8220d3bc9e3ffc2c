"""An Envoy that runs beside this process, and ends with it."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from meshcompile.errors import MeshcompileError

FLAGS = ("--disable-hot-restart", "--concurrency", "1", "--log-level", "warning")
PATIENCE = 60.0
"""The number of seconds after which an Envoy that is not live counts as failed."""
TO_END = 5.0
"""The number of seconds that an Envoy has to end by itself."""


class EnvoyFailed(MeshcompileError):
    """An Envoy that ended, or that does not become live. The message has the end of its log."""


@dataclass(frozen=True, slots=True)
class EnvoyProcess:
    """A running Envoy: its process, the address of its admin interface, and its log."""

    process: subprocess.Popen[bytes]
    admin: Path
    log: Path

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def last_words(self) -> str:
        """The last line of the log."""
        lines = self.log.read_text(errors="replace").strip().splitlines() if self.log.exists() else []
        return lines[-1] if lines else "its log is empty"

    def get(self, path: str) -> str:
        """The answer of the admin interface. Raises OSError without one."""
        with urllib.request.urlopen(f"http://{self.admin.read_text()}{path}", timeout=5) as answer:
            return str(answer.read().decode())

    @property
    def is_live(self) -> bool:
        try:
            return self.get("/ready").strip() == "LIVE"
        except (OSError, ValueError):  # also an HTTP status other than 200, and an address that is not there yet
            return False

    def rejections(self) -> int:
        """How often Envoy has refused files so far."""
        stats = json.loads(self.get("/stats?format=json&filter=update_rejected")).get("stats", [])
        return sum(int(stat["value"]) for stat in stats if "value" in stat)

    def wait_until_live(self) -> None:
        """Raises EnvoyFailed if the Envoy ends or takes too long."""
        end = time.monotonic() + PATIENCE
        while not self.is_live:
            if self.has_ended or time.monotonic() > end:
                raise EnvoyFailed(f"Envoy did not start: {self.last_words()}")
            time.sleep(0.02)

    def end(self) -> None:
        """End the process, and wait for it."""
        self.process.terminate()
        try:
            self.process.wait(TO_END)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def running_envoy(binary: Path, bootstrap: Path, folder: Path) -> Iterator[EnvoyProcess]:
    """An Envoy for the duration of the block. It may not be live yet. `folder` gets its log."""
    folder.mkdir(parents=True, exist_ok=True)
    admin, log = folder / "admin", folder / "log"
    files = ("-c", str(bootstrap), "--admin-address-path", str(admin), "--log-path", str(log))
    envoy = EnvoyProcess(subprocess.Popen([str(binary), *FLAGS, *files], stdin=subprocess.DEVNULL), admin, log)
    try:
        yield envoy
    finally:
        envoy.end()
