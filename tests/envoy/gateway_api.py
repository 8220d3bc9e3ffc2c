"""A Gateway of the Gateway API, its routes and backends, and its proxy in the real Envoy.

Only the Gateway is in the input: its proxy is the one that istiod would deploy.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import meshcompile
from tests.envoy.certificates import KeyPair
from tests.envoy.client import Answer, request
from tests.envoy.runner import Envoy, on_free_ports, running
from tests.envoy.sidecars import documents

Object = dict[str, Any]
HOST = "shop.example"
ADDRESS = "192.0.2.1"


def gateway_api(kind: str, name: str, namespace: str = "shop", **spec: Any) -> Object:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def edge(*listeners: Object) -> Object:
    """The Gateway, with one listener for all namespaces unless others are given."""
    everyone = {"allowedRoutes": {"namespaces": {"from": "All"}}}
    default = ({"name": "http", "port": 80, "protocol": "HTTP", **everyone},)
    return gateway_api("Gateway", "edge", "infra", gatewayClassName="istio", listeners=list(listeners or default))


def route(*rules: Object, name: str = "web", namespace: str = "shop", **more: Any) -> Object:
    parent = {"name": "edge", "namespace": "infra"}
    return gateway_api("HTTPRoute", name, namespace, **{"parentRefs": [parent], "rules": list(rules), **more})


def to(name: str, **more: Any) -> Object:
    """A reference to a backend."""
    return {"name": name, "port": 80, **more}


def rule(*backends: str, matches: list[Object] | None = None, filters: list[Object] | None = None) -> Object:
    return {"matches": matches or [], "filters": filters or [], "backendRefs": [to(name) for name in backends]}


def service(name: str, port: int, namespace: str = "shop") -> list[Object]:
    """A Service with one endpoint, which the bootstrap moves to loopback."""
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"ports": [{"name": "http", "port": 80}]},
        },
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": f"{name}-1", "namespace": namespace, "labels": {"kubernetes.io/service-name": name}},
            "addressType": "IPv4",
            "ports": [{"name": "http", "port": port}],
            "endpoints": [{"addresses": [ADDRESS]}],
        },
    ]


@contextmanager
def serving(
    ports: Mapping[str, int],
    *objects: Object,
    gateway: Object | None = None,
    **settings: Any,
) -> Iterator[Envoy]:
    """The proxy of the Gateway, with Services for the backends and these objects. `settings` are those of `load`."""
    services = [each for name, port in ports.items() for each in service(name, port)]
    mesh = meshcompile.load(documents(gateway or edge(), *services, *objects), **settings)
    assert [str(d) for d in mesh.diagnostics if d.severity is meshcompile.Severity.ERROR] == []
    config = mesh.compile("gateway/edge.infra")
    moved = {f"{ADDRESS}:{port}": f"127.0.0.1:{port}" for port in ports.values()}
    with running(on_free_ports(config.bootstrap(endpoints=moved).to_dict())) as envoy:
        yield envoy


def ask(envoy: Envoy, path: str = "/", **more: Any) -> Answer:
    return request(envoy.listener_port("0.0.0.0_80"), path, **{"host": HOST, **more})


def backend(envoy: Envoy, path: str = "/", **more: Any) -> str:
    """The backend that answers; the status if Envoy answers itself."""
    answer = ask(envoy, path, **more)
    return answer.backend or str(answer.status)


def location(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.headers.get("location", "")


def secret(name: str, pair: KeyPair) -> Object:
    data = {"tls.crt": pair.certificate, "tls.key": pair.private_key}
    metadata = {"name": name, "namespace": "infra"}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "type": "kubernetes.io/tls",
        "data": {key: b64encode(value.encode()).decode() for key, value in data.items()},
    }
