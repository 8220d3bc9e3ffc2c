"""What a request can meet: the proxies by name and address, the workloads, and their applications."""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, Protocol

from meshcompile.config import Config
from meshcompile.config_dump import ConfigDump
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document, Origin
from meshcompile.errors import UnknownProxy
from meshcompile.explain.request import Given
from meshcompile.explain.ztunnel import snapshot_policies
from meshcompile.models.base import Resource
from meshcompile.models.kubernetes.pod import PROXY_CONTAINER, Pod
from meshcompile.proxies import NamedProxy, pod_names
from meshcompile.proxy import Proxy
from meshcompile.settings import MeshSettings
from meshcompile.simulate import ProxyEvaluator
from meshcompile.snapshot.ambient.waypoints import GATEWAY_NAME
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.snapshot.workloads import workload_name
from meshcompile.status.objects import ObjectStatus
from meshcompile.values.spiffe import workload_identity
from meshcompile.ztunnel.policies import ZtunnelPolicies


class ReadMesh(Protocol):
    """What explanations and descriptions ask of a mesh."""

    @property
    def snapshot(self) -> Snapshot: ...

    @property
    def settings(self) -> MeshSettings: ...

    @property
    def objects(self) -> tuple[Resource, ...]: ...

    @property
    def named_proxies(self) -> tuple[NamedProxy, ...]: ...

    def proxy(self, name: str) -> Proxy: ...

    def status(self) -> tuple[ObjectStatus, ...]: ...


class ExplainableMesh(ReadMesh, Protocol):
    """A mesh whose proxies are compiled when a request meets them."""

    def proxies(self) -> tuple[Proxy, ...]: ...

    def compile(self, proxy: Proxy) -> Config: ...

    def analyze(self, *, about: Callable[[Origin], bool]) -> tuple[Diagnostic, ...]: ...


NO_VERSION = "latest"
"""The canonical revision of workloads that name none."""


class World:
    """The mesh as a request meets it. What is compiled is kept for further requests."""

    def __init__(self, mesh: ExplainableMesh, dumps: Iterable[ConfigDump] = ()) -> None:
        """The proxies of the dumps have the configuration that they run; the others are compiled.

        Raises UnknownProxy for a dump of a proxy that the mesh does not have.
        """
        self.mesh = mesh
        self.snapshot = mesh.snapshot
        self._evaluators: dict[str, tuple[Config, ProxyEvaluator]] = {
            self._dumped(dump): (dump.config, ProxyEvaluator(dump.config)) for dump in dumps
        }

    def _dumped(self, dump: ConfigDump) -> str:
        """The id in the mesh of the proxy of a dump: that of its Pod, or of another Pod of its workload."""
        proxy = dump.config.proxy
        workload = f"{proxy.node_metadata.workload_name}.{proxy.namespace}"
        ids = [each.pod_id for each in self.mesh.named_proxies]
        same = [each.pod_id for each in self.mesh.named_proxies if each.workload.partition("/")[2] == workload]
        if proxy.id not in ids and not same:
            raise UnknownProxy(proxy.id)
        return proxy.id if proxy.id in ids else same[0]

    @cached_property
    def pods(self) -> Mapping[str, Pod]:
        """The Pods by address."""
        clusters = self.snapshot.workloads.clusters.values()
        return {
            address: pod
            for cluster in clusters
            for address, several in cluster.ready_pods_by_ip.items()
            for pod in several[:1]
        }

    def findings(self, about: Callable[[Origin], bool]) -> tuple[Diagnostic, ...]:
        """The findings about some places of the mesh, by position."""
        return self.mesh.analyze(about=about)

    @cached_property
    def resources(self) -> Mapping[Document, Resource]:
        """The accepted objects by their documents."""
        return {each.origin.document: each for each in self.mesh.objects}

    @cached_property
    def proxies(self) -> Mapping[str, Proxy]:
        """The proxies by address."""
        return {address: proxy for proxy in self.mesh.proxies() for address in proxy.ip_addresses}

    @cached_property
    def ztunnel_policies(self) -> ZtunnelPolicies:
        """The policies that the ztunnels of an ambient mesh enforce."""
        return snapshot_policies(self.snapshot)

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The workloads of the proxies, by `POD.NAMESPACE`."""
        return {each.pod_id: each.workload for each in self.mesh.named_proxies}

    def name(self, proxy: Proxy) -> str:
        """The name of a proxy that people use: `deployment/catalog.shop`."""
        return self.names.get(proxy.id, proxy.id)

    def serves(self, proxy: Proxy, gateway: str) -> bool:
        """Whether a proxy runs for a Gateway of the Gateway API with this name."""
        return proxy.labels.get(GATEWAY_NAME) == gateway

    def evaluated(self, proxy: Proxy) -> tuple[Config, ProxyEvaluator]:
        """The configuration of a proxy, and what evaluates it."""
        if proxy.id not in self._evaluators:
            config = self.mesh.compile(proxy)
            self._evaluators[proxy.id] = config, ProxyEvaluator(config)
        return self._evaluators[proxy.id]

    def pod(self, name: str) -> Pod | None:
        """The Pod of a workload without a proxy: by `POD.NAMESPACE`, `pod/POD.NAMESPACE` or `KIND/NAME.NAMESPACE`."""
        clusters = self.snapshot.workloads.clusters.values()
        pods = (pod for cluster in clusters for pod in cluster.pods.values())
        return next((pod for pod in pods if name in pod_names(pod)), None)

    def identity(self, proxy: Proxy) -> str:
        """The SPIFFE identity of a proxy's workload."""
        trust_domain = self.mesh.settings.mesh.trust_domain
        return workload_identity(trust_domain, proxy.namespace, proxy.service_account)

    def answering(self, pod: Pod) -> str:
        """`NAME.NAMESPACE VERSION` of a Pod."""
        labels = pod.metadata.labels
        name = labels.get("service.istio.io/canonical-name") or labels.get("app") or workload_name(pod)
        revision = labels.get("service.istio.io/canonical-revision") or labels.get("version") or ""
        version = "" if revision == NO_VERSION else revision
        return f"{name}.{pod.namespace} {version}".rstrip()

    def app(self, pod: Pod, given: Given) -> Mapping[str, Any]:
        """What is known of a Pod's application."""
        names = (
            pod.name,
            workload_name(pod),
            f"{workload_name(pod)}.{pod.namespace}",
            pod.metadata.labels.get("app", ""),
        )
        return next((given.apps[name] for name in names if name in given.apps), {})

    def listens(self, pod: Pod, port: int) -> bool:
        """Whether a container declares a port. Without any declared port, all are assumed to be open."""
        ports = [
            port.container_port for each in pod.spec.containers if each.name != PROXY_CONTAINER for port in each.ports
        ]
        return not ports or port in ports
