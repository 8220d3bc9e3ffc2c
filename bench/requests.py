"""What explaining and testing requests takes, measured against compiling the proxies that they meet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.meshes import sidecars

TESTS = 1000
SENDERS = 100
COMPILING = "import meshcompile, sys; mesh = meshcompile.load(sys.argv[1]); [mesh.compile(n) for n in sys.argv[2:]]"
"""A program that compiles proxies: the other side of the comparison."""


def explaining(path: Path, services: int) -> tuple[Sequence[str], Sequence[str]]:
    """The arguments of Python for explaining a request, and for compiling its client and its server."""
    client, server = sidecars(services, 2)
    url = f"http://{_host(server)}/items"
    command = ("-m", "meshcompile", "explain", url, "--from", client, "-f", str(path), "-o", "json")
    return command, ("-c", COMPILING, str(path), client, server)


def suite(services: int) -> dict[str, Any]:
    """A suite of 1,000 tests: each of 100 workloads calls ten services."""
    names = sidecars(services, services)
    calls = [(names[n % SENDERS], names[(n * 7 + n // SENDERS) % services]) for n in range(TESTS)]
    tests = [
        {
            "name": f"test {number}",
            "request": {"url": f"http://{_host(server)}/items", "from": client, "headers": {"x-version": "v2"}},
            "expect": {"status": 200},
        }
        for number, (client, server) in enumerate(calls)
    ]
    return {"tests": tests}


def _host(proxy: str) -> str:
    """`NAME.NAMESPACE` of the service of a proxy `deployment/NAME-VERSION.NAMESPACE`."""
    name, _, namespace = proxy.removeprefix("deployment/").partition(".")
    return f"{name.rpartition('-')[0]}.{namespace}"
