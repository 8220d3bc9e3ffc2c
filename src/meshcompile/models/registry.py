"""Every kind that is understood, and where its model is: modules are imported when a document needs them."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import cast

from msgspec import Struct

from meshcompile.models.base import Resource


class Kind(Struct, frozen=True):
    """A kind of object: ``group`` is empty for Kubernetes' core, ``versions`` start with the preferred one."""

    name: str
    group: str
    versions: tuple[str, ...]
    module: str
    namespaced: bool = True
    named: bool = True

    @property
    def api_versions(self) -> tuple[str, ...]:
        """What ``apiVersion`` may be."""
        return tuple(f"{self.group}/{version}" if self.group else version for version in self.versions)

    @property
    def model(self) -> type[Resource]:
        """The model of the kind, imported on first use; its class has the kind's name."""
        return _model(self.module, self.name)


@cache
def _model(module: str, name: str) -> type[Resource]:
    return cast(type[Resource], getattr(import_module(f"meshcompile.models.{module}"), name))


ISTIO_VERSIONS = ("v1", "v1beta1", "v1alpha3")

KINDS: tuple[Kind, ...] = (
    Kind("Gateway", "networking.istio.io", ISTIO_VERSIONS, "networking.gateway"),
    Kind("VirtualService", "networking.istio.io", ISTIO_VERSIONS, "networking.virtual_service"),
    Kind("DestinationRule", "networking.istio.io", ISTIO_VERSIONS, "networking.destination_rule"),
    Kind("ServiceEntry", "networking.istio.io", ISTIO_VERSIONS, "networking.service_entry"),
    Kind("Sidecar", "networking.istio.io", ISTIO_VERSIONS, "networking.sidecar"),
    Kind("WorkloadEntry", "networking.istio.io", ISTIO_VERSIONS, "networking.workload_entry"),
    Kind("WorkloadGroup", "networking.istio.io", ISTIO_VERSIONS, "networking.workload_group"),
    Kind("EnvoyFilter", "networking.istio.io", ("v1alpha3",), "networking.envoy_filter"),
    Kind("ProxyConfig", "networking.istio.io", ("v1beta1",), "networking.proxy_config"),
    Kind("AuthorizationPolicy", "security.istio.io", ("v1", "v1beta1"), "security.authorization_policy"),
    Kind("PeerAuthentication", "security.istio.io", ("v1", "v1beta1"), "security.peer_authentication"),
    Kind("RequestAuthentication", "security.istio.io", ("v1", "v1beta1"), "security.request_authentication"),
    Kind("Telemetry", "telemetry.istio.io", ("v1", "v1alpha1"), "telemetry.telemetry"),
    Kind("WasmPlugin", "extensions.istio.io", ("v1alpha1",), "extensions.wasm_plugin"),
    Kind("TrafficExtension", "extensions.istio.io", ("v1alpha1",), "extensions.traffic_extension"),
    Kind("Service", "", ("v1",), "kubernetes.service"),
    Kind("Endpoints", "", ("v1",), "kubernetes.endpoints"),
    Kind("EndpointSlice", "discovery.k8s.io", ("v1", "v1beta1"), "kubernetes.endpoint_slice"),
    Kind("Pod", "", ("v1",), "kubernetes.pod"),
    Kind("Node", "", ("v1",), "kubernetes.node", namespaced=False),
    Kind("Namespace", "", ("v1",), "kubernetes.namespace", namespaced=False),
    Kind("Secret", "", ("v1",), "kubernetes.secret"),
    Kind("ConfigMap", "", ("v1",), "kubernetes.config_map"),
    Kind("Deployment", "apps", ("v1",), "kubernetes.workloads"),
    Kind("StatefulSet", "apps", ("v1",), "kubernetes.workloads"),
    Kind("DaemonSet", "apps", ("v1",), "kubernetes.workloads"),
    Kind("ReplicaSet", "apps", ("v1",), "kubernetes.workloads"),
    Kind("Job", "batch", ("v1",), "kubernetes.workloads"),
    Kind("CronJob", "batch", ("v1",), "kubernetes.workloads"),
    Kind("Ingress", "networking.k8s.io", ("v1",), "kubernetes.ingress"),
    Kind("IngressClass", "networking.k8s.io", ("v1",), "kubernetes.ingress", namespaced=False),
)

CUSTOM_WORKLOAD = Kind("CustomWorkload", "", (), "kubernetes.custom_workload")
"""What an object of any other kind is read as if it has a Pod template."""

ISTIO_OPERATOR = Kind("IstioOperator", "install.istio.io", ("v1alpha1",), "mesh.istio_operator", named=False)
"""What istioctl reads from a file, often without a name; the API server need not know it."""

BY_TYPE: Mapping[tuple[str, str], Kind] = {
    (api_version, kind.name): kind for kind in (*KINDS, ISTIO_OPERATOR) for api_version in kind.api_versions
}


def find(api_version: str, kind: str) -> Kind | None:
    """The kind that a document names by its ``apiVersion`` and ``kind``, if it is understood."""
    return BY_TYPE.get((api_version, kind))


def is_built_in_group(api_version: str) -> bool:
    """Whether a group can be one of Kubernetes' own: these have no dot in their name, or end in `.k8s.io`."""
    group = api_version.rpartition("/")[0]
    return "." not in group or group.endswith(".k8s.io")


def has_pods(api_version: str, kind: str) -> bool:
    """True for Pods and for what makes them: objects of kinds that are not listed are read only if they do."""
    found = find(api_version, kind)
    return found is None or found.module in ("kubernetes.pod", "kubernetes.workloads")
