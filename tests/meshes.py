"""Small meshes and proxies, for tests of the configuration of one proxy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from textwrap import dedent
from typing import Any

import meshcompile
from meshcompile.emit.clusters import clusters as emitted_clusters
from meshcompile.emit.endpoints import load_assignments as emitted_assignments
from meshcompile.emit.listeners import listeners as emitted_listeners
from meshcompile.emit.routes import route_configuration
from meshcompile.envoy.message import to_builtins
from meshcompile.models.mesh.defaults import INSTALLED_DEFAULTS
from meshcompile.models.mesh.merge import merged_mesh_config
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.proxy import Proxy, ProxyType
from meshcompile.resolve.clusters import clusters as resolved_clusters
from meshcompile.resolve.endpoints.load_assignments import load_assignments as resolved_assignments
from meshcompile.resolve.extensions import ListenerExtensions, listener_extensions
from meshcompile.resolve.facts import ProxyFacts, proxy_facts
from meshcompile.resolve.listeners.proxy_listeners import Listeners
from meshcompile.resolve.listeners.proxy_listeners import listeners as resolved_listeners
from meshcompile.resolve.listeners.traffic import TrafficClass
from meshcompile.resolve.routes import RouteTable, route_table
from meshcompile.resolve.scope.workload import placed
from meshcompile.resolve.telemetry import Telemetry, traced_telemetry
from meshcompile.snapshot.snapshot import Snapshot

SHOP = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  clusterIP: 10.0.0.1
  ports: [{name: http, port: 80}, {name: http-alt, port: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: catalog, namespace: shop}
spec:
  clusterIP: 10.0.0.2
  ports: [{name: http, port: 80}]
---
"""


def mesh(*texts: str, **mesh_config: Any) -> meshcompile.Mesh:
    """The mesh of some documents. Each text is dedented."""
    joined = "\n---\n".join(dedent(text) for text in texts)
    return meshcompile.load(joined + "\n", mesh_config=mesh_config or None)


def sidecar(namespace: str = "shop", labels: Mapping[str, str] | None = None, **metadata: Any) -> Proxy:
    """A sidecar of a pod without a document."""
    return Proxy(
        type=ProxyType.SIDECAR,
        id=f"client.{namespace}",
        namespace=namespace,
        ip_addresses=("10.1.0.1",),
        domain=f"{namespace}.svc.cluster.local",
        labels=labels or {},
        metadata=metadata,
    )


def gateway(namespace: str = "istio-system", labels: Mapping[str, str] | None = None, **metadata: Any) -> Proxy:
    """A gateway with Istio's usual label."""
    return Proxy(
        type=ProxyType.ROUTER,
        id=f"ingress.{namespace}",
        namespace=namespace,
        ip_addresses=("10.1.0.2",),
        domain=f"{namespace}.svc.cluster.local",
        labels={"istio": "ingressgateway"} if labels is None else labels,
        metadata=metadata,
    )


@dataclass(frozen=True)
class Asked:
    """A proxy and its configuration, with the given labels."""

    snapshot: Snapshot
    proxy: Proxy

    @cached_property
    def facts(self) -> ProxyFacts:
        return proxy_facts(self.snapshot, self.proxy)

    @cached_property
    def listeners(self) -> Listeners:
        return resolved_listeners(self.snapshot, self.facts)

    def slugs(self) -> list[str]:
        """The slugs of findings about the listeners."""
        return [finding.slug for finding in self.listeners.findings]

    def route_table(self, name: str) -> RouteTable:
        return route_table(self.snapshot, self.facts, name)

    def telemetry(self, traffic: TrafficClass) -> Telemetry:
        return traced_telemetry(self.snapshot, self.facts, traffic)

    def extensions(self, traffic: TrafficClass) -> ListenerExtensions:
        return listener_extensions(self.snapshot, self.proxy, traffic)


def asked(of: meshcompile.Mesh, proxy: Proxy) -> Asked:
    """A proxy of a mesh."""
    return Asked(of.snapshot, proxy)


def routes(of: meshcompile.Mesh, proxy: Proxy, name: str) -> dict[str, Any]:
    """A route configuration as JSON data."""
    return to_builtins(route_configuration(asked(of, proxy).route_table(name)))


def virtual_hosts(of: meshcompile.Mesh, proxy: Proxy, name: str) -> dict[str, dict[str, Any]]:
    """The virtual hosts of a route configuration, by name."""
    return {host["name"]: host for host in routes(of, proxy, name).get("virtualHosts", [])}


def listeners(of: meshcompile.Mesh, proxy: Proxy) -> dict[str, dict[str, Any]]:
    """The listeners of a proxy as JSON data, by name."""
    return {each.name: to_builtins(each) for each in emitted_listeners(asked(of, proxy).listeners)}


def clusters(of: meshcompile.Mesh, proxy: Proxy) -> dict[str, dict[str, Any]]:
    """The clusters of a proxy as JSON data, by name."""
    facts = proxy_facts(of.snapshot, placed(of.snapshot, proxy))
    return {each.name: to_builtins(each) for each in emitted_clusters(resolved_clusters(of.snapshot, facts))}


def endpoints(of: meshcompile.Mesh, proxy: Proxy) -> dict[str, list[dict[str, Any]]]:
    """The locality groups of a proxy's EDS clusters as JSON data, by cluster name."""
    facts = proxy_facts(of.snapshot, placed(of.snapshot, proxy))
    assignments = emitted_assignments(resolved_assignments(of.snapshot, facts))
    return {each.cluster_name: [to_builtins(group) for group in each.endpoints] for each in assignments}


def installed_mesh_config(**overrides: Any) -> MeshConfig:
    """Istio's installed mesh config with some fields changed, in protobuf's JSON form."""
    return merged_mesh_config(INSTALLED_DEFAULTS, MeshConfig.model_validate(overrides))
