"""How compiling one gateway grows with its Gateways, and one sidecar with the routes of a VirtualService.

`python -m bench.scaling gateways|routes COUNT` measures one size in a process of its own, and prints seconds.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
SIZES: Mapping[str, tuple[int, ...]] = {"gateways": (250, 500, 1000), "routes": (1250, 2500, 5000)}

SERVICES = "\n---\n".join(
    f"apiVersion: v1\nkind: Service\nmetadata: {{name: s{number}, namespace: shop}}\n"
    f"spec: {{clusterIP: 10.0.0.{number + 1}, ports: [{{name: http, port: 80}}]}}"
    for number in range(10)
)
GATEWAY = """\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: g{number}, namespace: shop}}
spec:
  selector: {{istio: ingressgateway}}
  servers:
    - port: {{number: 80, name: http, protocol: HTTP}}
      hosts: [h{number}.example.com]
    - port: {{number: 443, name: https, protocol: HTTPS}}
      hosts: [h{number}.example.com]
      tls: {{mode: SIMPLE, credentialName: c{number}}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: v{number}, namespace: shop}}
spec:
  hosts: [h{number}.example.com]
  gateways: [g{number}]
  http:
    - match: [{{uri: {{prefix: /api}}}}]
      route: [{{destination: {{host: s1}}}}]
    - route: [{{destination: {{host: s2}}}}]
"""
VIRTUAL_SERVICE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: big, namespace: shop}
spec:
  hosts: [s1]
  http:
"""
ROUTE = "    - {{match: [{{uri: {{prefix: /p{number}}}}}], route: [{{destination: {{host: s{service}}}}}]}}\n"


def growth(rounds: int) -> Iterator[tuple[str, float]]:
    """What is measured -> how much longer twice as much takes, at most."""
    for what, sizes in SIZES.items():
        seconds = [median(_in_child(what, size) for _ in range(rounds)) for size in sizes]
        steps = pairwise(seconds)
        yield f"{what}: growth per doubling up to {sizes[-1]}", max(later / earlier for earlier, later in steps)


def _in_child(what: str, size: int) -> float:
    command = [sys.executable, "-m", "bench.scaling", what, str(size)]
    return float(subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout)


def gateways(count: int) -> str:
    """Gateways on the same two ports of one ingress gateway, each with a VirtualService."""
    return "\n---\n".join((SERVICES, *(GATEWAY.format(number=number) for number in range(count))))


def routes(count: int) -> str:
    """One VirtualService with many routes, for every sidecar."""
    rules = (ROUTE.format(number=number, service=number % 10) for number in range(count))
    return f"{SERVICES}\n---\n{VIRTUAL_SERVICE}{''.join(rules)}"


def compiled_in(text: str, node: str, labels: Mapping[str, str]) -> float:
    """Seconds of processor time that compiling the proxy of a node takes, once the mesh is indexed."""
    import meshcompile

    mesh = meshcompile.load(text)
    proxy = meshcompile.Proxy.from_node({"id": node, "metadata": {"LABELS": labels, "CLUSTER_ID": "Kubernetes"}})
    assert mesh.snapshot
    mesh.compile(meshcompile.Proxy.from_node({"id": node.replace("shop", "other")}))  # imports, and builds models
    started = time.process_time()
    mesh.compile(proxy)
    return time.process_time() - started


if __name__ == "__main__":
    made: dict[str, Callable[[], float]] = {
        "gateways": lambda: compiled_in(
            gateways(int(sys.argv[2])),
            "router~10.1.0.1~ingress.istio-system~istio-system.svc.cluster.local",
            {"istio": "ingressgateway"},
        ),
        "routes": lambda: compiled_in(
            routes(int(sys.argv[2])), "sidecar~10.1.0.2~client.shop~shop.svc.cluster.local", {}
        ),
    }
    print(made[sys.argv[1]]())
