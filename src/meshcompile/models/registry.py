"""All supported kinds, and the modules of their models. A module is imported when a document first needs it."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import cast

from msgspec import Struct

from meshcompile.models.base import Resource


class Kind(Struct, frozen=True):
    """A kind of object. ``group`` is empty for the core group. The first of ``versions`` is the preferred one."""

    name: str
    group: str
    versions: tuple[str, ...]
    module: str
    namespaced: bool = True
    named: bool = True
    class_name: str = ""  # of the model, where it is not the kind's

    @property
    def api_versions(self) -> tuple[str, ...]:
        """The accepted values of ``apiVersion``."""
        return tuple(f"{self.group}/{version}" if self.group else version for version in self.versions)

    @property
    def model(self) -> type[Resource]:
        """The model of the kind, imported on first use. Its class has the name of the kind, or `class_name`."""
        return _model(self.module, self.class_name or self.name)


@cache
def _model(module: str, name: str) -> type[Resource]:
    return cast(type[Resource], getattr(import_module(f"meshcompile.models.{module}"), name))


GATEWAY_API = "gateway.networking.k8s.io"
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
    Kind(
        "MutatingWebhookConfiguration", "admissionregistration.k8s.io", ("v1",), "kubernetes.webhooks", namespaced=False
    ),
    Kind(
        "ValidatingWebhookConfiguration",
        "admissionregistration.k8s.io",
        ("v1",),
        "kubernetes.webhooks",
        namespaced=False,
    ),
    Kind(
        "CustomResourceDefinition",
        "apiextensions.k8s.io",
        ("v1",),
        "kubernetes.custom_resource_definition",
        namespaced=False,
    ),
    Kind("IngressClass", "networking.k8s.io", ("v1",), "kubernetes.ingress", namespaced=False),
    Kind("GatewayClass", GATEWAY_API, ("v1", "v1beta1"), "gateway_api.gateway", namespaced=False),
    Kind("Gateway", GATEWAY_API, ("v1", "v1beta1"), "gateway_api.gateway", class_name="KubernetesGateway"),
    Kind("ListenerSet", GATEWAY_API, ("v1",), "gateway_api.gateway"),
    Kind("HTTPRoute", GATEWAY_API, ("v1", "v1beta1"), "gateway_api.http_route"),
    Kind("GRPCRoute", GATEWAY_API, ("v1",), "gateway_api.grpc_route"),
    Kind("TLSRoute", GATEWAY_API, ("v1", "v1alpha3", "v1alpha2"), "gateway_api.l4_routes"),
    Kind("TCPRoute", GATEWAY_API, ("v1alpha2", "v1"), "gateway_api.l4_routes"),
    Kind("UDPRoute", GATEWAY_API, ("v1alpha2",), "gateway_api.l4_routes"),
    Kind("ReferenceGrant", GATEWAY_API, ("v1", "v1beta1"), "gateway_api.reference_grant"),
    Kind("BackendTLSPolicy", GATEWAY_API, ("v1", "v1alpha3"), "gateway_api.backend_policies"),
    Kind("XBackendTrafficPolicy", "gateway.networking.x-k8s.io", ("v1alpha1",), "gateway_api.backend_policies"),
)

GATEWAY_API_MODELS = frozenset(kind.class_name or kind.name for kind in KINDS if kind.module.startswith("gateway_api."))
"""The names of the models of the Gateway API."""

CUSTOM_WORKLOAD = Kind("CustomWorkload", "", (), "kubernetes.custom_workload")
"""The kind for objects of any other kind that have a pod template."""

ISTIO_OPERATOR = Kind("IstioOperator", "install.istio.io", ("v1alpha1",), "mesh.istio_operator", named=False)
"""The input file of istioctl. It often has no name, and the API server may not know the kind."""

BY_TYPE: Mapping[tuple[str, str], Kind] = {
    (api_version, kind.name): kind for kind in (*KINDS, ISTIO_OPERATOR) for api_version in kind.api_versions
}


def find(api_version: str, kind: str) -> Kind | None:
    """The supported kind with this ``apiVersion`` and ``kind``, or None."""
    return BY_TYPE.get((api_version, kind))


def is_built_in_group(api_version: str) -> bool:
    """Whether a group can be part of Kubernetes: its name has no dot, or ends in `.k8s.io`."""
    group = api_version.rpartition("/")[0]
    return "." not in group or group.endswith(".k8s.io")


def is_gateway_api(api_version: str) -> bool:
    """Whether a group is one of the Gateway API."""
    return api_version.startswith(("gateway.networking.k8s.io/", "gateway.networking.x-k8s.io/"))


def has_pods(api_version: str, kind: str) -> bool:
    """Whether the kind is Pod or creates pods. Only such objects of unlisted kinds are read."""
    listed = find(api_version, kind)
    return listed is None or listed.module in ("kubernetes.pod", "kubernetes.workloads")
