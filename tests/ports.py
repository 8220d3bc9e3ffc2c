"""Ports of loopback for programs that tests start."""

from __future__ import annotations

import os
import random
import re
import socket
from collections.abc import Iterator

LOWEST, WORKERS, PER_WORKER = 10_000, 16, 1_400
"""All ports are below those that systems give to outgoing connections and to listeners at port 0."""


def free_ports(number: int) -> list[int]:
    """Different ports that nobody listens at. No other test of this run gets one of them."""
    free = (port for port in _UNUSED if _is_free(port))
    return [next(free) for _ in range(number)]


def _ports_of_this_process() -> Iterator[int]:
    """The ports of this worker of pytest-xdist, each once, from one by chance: runs side by side rarely meet."""
    worker = int("".join(re.findall(r"\d+", os.environ.get("PYTEST_XDIST_WORKER", "0")))) % WORKERS
    start = random.randrange(PER_WORKER)
    for index in range(PER_WORKER):
        yield LOWEST + worker * PER_WORKER + (start + index) % PER_WORKER


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


_UNUSED = _ports_of_this_process()
