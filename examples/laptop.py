"""A whole mesh on this machine: `meshcompile run --mesh`, requests to its gateway, and the way that they took."""

from __future__ import annotations

import json
import platform
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any

COMMAND = (sys.executable, "-m", "meshcompile", "run", "--mesh", "--file")
LONGEST = 300
"""The number of seconds after which the mesh is ended in any case."""
HAS_LOOPBACK_NETWORK = platform.system() == "Linux"
"""Whether all addresses in 127.0.0.0/8 are of this machine."""


class LaptopMesh:
    """A running mesh. `gateway` is the address of its gateway."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.gateway = self.said(r"ingressgateway\S* listens at (\S+)")
        self.said("live; watching")

    def said(self, pattern: str) -> str:
        """Wait until the command prints a line with the pattern. Returns its group, or all of it."""
        for line in self._process.stderr or ():
            if found := re.search(pattern, line):
                return found[found.re.groups]
        raise RuntimeError(f"the mesh has ended without a line like {pattern!r}")

    def answer(self, host: str, path: str) -> dict[str, Any]:
        """What the application behind the gateway answers: itself, the proxies on the way, and what it has called."""
        request = urllib.request.Request(f"http://{self.gateway}{path}", headers={"Host": host})
        with urllib.request.urlopen(request, timeout=20) as response:
            content: dict[str, Any] = json.load(response)
        return content

    def answer_of(self, called: str, workload: str, host: str) -> dict[str, Any]:
        """The answer of a service that the application behind the gateway calls, as soon as a workload gives it."""
        deadline = time.monotonic() + LONGEST
        while True:
            inner: dict[str, Any] = self.answer(host, f"/?call={called}")["called"][called].get("answer", {})
            if inner.get("workload") == workload:
                return inner
            if time.monotonic() > deadline:
                raise RuntimeError(f"{workload} has not answered")


@contextmanager
def laptop_mesh(folder: Path) -> Iterator[LaptopMesh]:
    """The mesh in a folder, which runs for the duration of a `with` block and follows edits."""
    with subprocess.Popen([*COMMAND, str(folder)], stderr=subprocess.PIPE, text=True) as process:
        guard = Timer(LONGEST, process.kill)
        guard.start()
        try:
            yield LaptopMesh(process)
        finally:
            guard.cancel()
            process.send_signal(signal.SIGINT)
