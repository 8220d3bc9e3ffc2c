"""How the time for indexing a mesh and compiling one proxy grows with one kind of resource.

`python -m bench.scaling CASE COUNT` measures one size in its own process, and prints JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.child import peak

ROOT = Path(__file__).resolve().parent.parent
GATEWAY_NODE = "router~10.1.0.1~ingress.istio-system~istio-system.svc.cluster.local"
SIDECAR_NODE = "sidecar~10.1.0.2~client.shop~shop.svc.cluster.local"

SERVICE = """\
apiVersion: v1
kind: Service
metadata: {{name: s{number}, namespace: {namespace}}}
spec: {{clusterIP: 10.{high}.{low}.1, ports: [{{name: http, port: 80}}]}}
"""
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
ENDPOINT_SLICE = """\
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: s{number}, namespace: {namespace}, labels: {{kubernetes.io/service-name: s{number}}}}}
addressType: IPv4
ports: [{{name: http, port: 8080}}]
endpoints: [{endpoints}]
"""
DESTINATION_RULE = """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: s{number}, namespace: {namespace}}}
spec:
  host: s{number}.{namespace}.svc.cluster.local
  trafficPolicy: {{outlierDetection: {{consecutive5xxErrors: 5}}}}
  subsets:
    - {{name: v1, labels: {{version: v1}}}}
    - {{name: v2, labels: {{version: v2}}, trafficPolicy: {{loadBalancer: {{simple: RANDOM}}}}}}
    - {{name: v3, labels: {{version: v3}}}}
"""
POLICY = """\
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: p{number}, namespace: shop}}
spec:
  rules:
    - from: [{{source: {{principals: [cluster.local/ns/n{number}/sa/default]}}}}]
      to: [{{operation: {{methods: [GET], paths: [/p{number}/*]}}}}]
"""
SIDECAR = """\
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: shop}
spec:
  egress: [{hosts: [./*, team-1/*]}]
"""


def _joined(*documents: str) -> str:
    return "---\n".join(documents)


def services(count: int, namespace: Callable[[int], str] = lambda number: "shop") -> str:
    return _joined(
        *(
            SERVICE.format(number=number, namespace=namespace(number), high=number >> 8, low=number & 255)
            for number in range(count)
        )
    )


def team(number: int) -> str:
    return f"team-{number % 10}"


def gateways(count: int) -> str:
    """Gateways on the same two ports of one ingress gateway, each with a VirtualService."""
    return _joined(services(10), *(GATEWAY.format(number=number) for number in range(count)))


def routes(count: int) -> str:
    """One VirtualService with many routes, for every sidecar."""
    rules = (ROUTE.format(number=number, service=number % 10) for number in range(count))
    return _joined(services(10), VIRTUAL_SERVICE + "".join(rules))


def endpoints(count: int) -> str:
    """Services with ten endpoints each."""
    return _joined(services(count, team), *map(_slice, range(count)))


def _slice(number: int) -> str:
    addresses = (f"{{addresses: [10.{100 + last}.{number >> 8}.{number & 255}]}}" for last in range(10))
    return ENDPOINT_SLICE.format(number=number, namespace=team(number), endpoints=", ".join(addresses))


def subsets(count: int) -> str:
    """Services with a DestinationRule of three subsets each."""
    rules = (DESTINATION_RULE.format(number=number, namespace=team(number)) for number in range(count))
    return _joined(services(count, team), *rules)


def policies(count: int) -> str:
    """AuthorizationPolicies for every workload of the namespace."""
    return _joined(services(10), *(POLICY.format(number=number) for number in range(count)))


def scoped(count: int) -> str:
    """Services in ten namespaces. A Sidecar imports one of the namespaces."""
    return _joined(SIDECAR, services(count, team))


@dataclass(frozen=True, slots=True)
class Case:
    """What grows, its maximum size, and the compiled proxy. `what` describes the size in a table."""

    what: str
    most: int
    text: Callable[[int], str]
    node: str = SIDECAR_NODE
    labels: Mapping[str, str] = field(default_factory=dict)


CASES: Mapping[str, Case] = {
    "gateways": Case(
        "Gateways and VirtualServices of one ingress gateway", 1000, gateways, GATEWAY_NODE, {"istio": "ingressgateway"}
    ),
    "routes": Case("routes of one VirtualService", 5000, routes),
    "endpoints": Case("Services with ten endpoints each", 5000, endpoints),
    "subsets": Case("DestinationRules with three subsets each", 1000, subsets),
    "policies": Case("AuthorizationPolicies for one workload", 1000, policies),
    "services": Case("Services without a Sidecar", 5000, lambda count: services(count, team)),
    "scoped": Case("Services of which a Sidecar imports a tenth", 5000, scoped),
}


@dataclass(frozen=True, slots=True)
class Grown:
    """One case at its full size, and its growth from half the size. `memory` is in multiples of the text."""

    case: str
    snapshot: float
    sidecar: float
    memory: float
    growth: float

    @property
    def what(self) -> str:
        case = CASES[self.case]
        return f"{case.most:,} {case.what}"


def grown(rounds: int) -> Iterator[Grown]:
    """Every case. `snapshot` and `sidecar` are in readings of the YAML."""
    for name, case in CASES.items():
        half, full = ([_in_child(name, size) for _ in range(rounds)] for size in (case.most // 2, case.most))
        snapshot, sidecar, memory, unit = (
            median(run[key] for run in full) for key in ("snapshot", "sidecar", "memory", "yaml")
        )
        before = median(run["snapshot"] + run["sidecar"] for run in half)
        after = median(run["snapshot"] + run["sidecar"] for run in full)
        yield Grown(name, snapshot / unit, sidecar / unit, memory, after / before)


def _in_child(what: str, size: int) -> Mapping[str, float]:
    command = [sys.executable, "-m", "bench.scaling", what, str(size)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def measured(case: Case, count: int) -> Mapping[str, float]:
    """The processor time for indexing the mesh and compiling the proxy, and the memory of both."""
    import yaml

    import meshcompile

    text = case.text(count)
    proxy = meshcompile.Proxy.from_node({"id": case.node, "metadata": {"LABELS": case.labels}})
    meshcompile.load(case.text(2)).compile(proxy).to_json()  # imports, and builds models
    started, before = time.process_time(), peak()
    mesh = meshcompile.load(text)
    loaded = time.process_time()
    assert mesh.snapshot.indexed()
    indexed = time.process_time()
    mesh.compile(proxy)
    done = time.process_time()
    memory = (peak() - before) / len(text)
    list(yaml.load_all(text, Loader=yaml.CSafeLoader))
    unit = time.process_time() - done
    return {
        "load": loaded - started,
        "snapshot": indexed - loaded,
        "sidecar": done - indexed,
        "memory": memory,
        "yaml": unit,
    }


if __name__ == "__main__":
    print(json.dumps(measured(CASES[sys.argv[1]], int(sys.argv[2]))))
