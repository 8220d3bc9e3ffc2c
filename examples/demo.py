"""Compile the coolstore, run its ingress gateway in a real Envoy, and ask it for pages.

Run by `make demo`. Everything stays on loopback, and every process is ended.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import meshcompile
from meshcompile.output import tables
from tests.envoy.backends import http_backend
from tests.envoy.client import Answer, request
from tests.envoy.runner import Envoy, on_free_ports, running

COOLSTORE = Path(__file__).parent / "coolstore"
BOOTSTRAP = Path(__file__).parent.parent / ".cache" / "demo" / "gateway.json"
GATEWAY = "deployment/istio-ingressgateway.istio-system"
WEBAPP = "deployment/webapp.istioinaction"
BACKENDS = ("webapp", "catalog-v1", "catalog-v2")


class Visit(NamedTuple):
    """A request, and what must answer it: a backend, or a status of Envoy itself."""

    host: str
    headers: Mapping[str, str]
    expected: str


VISITS = (
    Visit("webapp.istioinaction.io", {}, "webapp"),
    Visit("catalog.istioinaction.io", {}, "catalog-v1"),
    Visit("catalog.istioinaction.io", {"x-dark-launch": "v2"}, "catalog-v2"),
    Visit("unknown.istioinaction.io", {}, "404"),
)


def main() -> int:
    mesh = meshcompile.load(COOLSTORE)
    for proxy in (GATEWAY, WEBAPP):
        print_tables(proxy, mesh.compile(proxy).to_dict())
    with ExitStack() as stack:
        ports = {name: stack.enter_context(http_backend(name)) for name in BACKENDS}
        pods = {name: mesh.proxy(f"deployment/{name}.istioinaction").ip_addresses[0] for name in BACKENDS}
        moved = {pods[name]: f"127.0.0.1:{ports[name]}" for name in BACKENDS}
        write(on_free_ports(mesh.compile(GATEWAY).bootstrap(endpoints=moved).to_dict()))
        envoy = stack.enter_context(running(BOOTSTRAP))
        print_title(f"Envoy is live with {BOOTSTRAP.relative_to(Path.cwd())}")
        right = [visit(envoy, wanted) for wanted in VISITS]
    return 0 if all(right) else 1


def print_tables(proxy: str, resources: Mapping[str, list[dict[str, Any]]]) -> None:
    for kind, table in (
        ("listeners", tables.listener_table),
        ("routes", tables.route_table),
        ("clusters", tables.cluster_table),
    ):
        print_title(f"meshcompile proxy-config {kind} {proxy} -f examples/coolstore")
        print(table(resources[kind]))


def print_title(title: str) -> None:
    print(f"\n\N{BLACK RIGHT-POINTING POINTER} {title}")


def write(bootstrap: Mapping[str, Any]) -> None:
    BOOTSTRAP.parent.mkdir(parents=True, exist_ok=True)
    BOOTSTRAP.write_text(json.dumps(bootstrap, indent=2) + "\n")


def visit(envoy: Envoy, wanted: Visit) -> bool:
    """Send the request, say what answered, and whether it should have."""
    answer = request(envoy.listener_port("0.0.0.0_8080"), host=wanted.host, headers=wanted.headers)
    answered = answered_by(answer)
    headers = "".join(f" -H '{name}: {value}'" for name, value in wanted.headers.items())
    wrong = "" if answered == wanted.expected else f" (expected {wanted.expected})"
    print(f"  curl http://{wanted.host}/{headers}\n    {answer.status} from {answer.backend or 'Envoy'}{wrong}")
    return answered == wanted.expected


def answered_by(answer: Answer) -> str:
    """The backend's name; the status when Envoy answered itself."""
    return answer.backend or str(answer.status)


if __name__ == "__main__":
    sys.exit(main())
