"""Kubernetes Pod: labels, identity, ports and addresses of a workload."""

from typing import Literal

from pydantic import Field

from meshcompile.models.common import Bool
from meshcompile.models.kubernetes.base import Int, IntOrString, KubernetesNode, KubernetesResource


class ContainerPort(KubernetesNode):
    """A port that a container listens on."""

    name: str = ""
    """Name of the port, for the `targetPort` of a Service."""
    container_port: Int = 0
    """Port number."""
    protocol: str = "TCP"
    """Transport protocol: `TCP`, `UDP` or `SCTP`."""


class EnvVar(KubernetesNode):
    """An environment variable of a container."""

    name: str = ""
    """Name of the variable."""
    value: str = ""
    """Value of the variable. Empty if it comes from another source."""


class SecurityContext(KubernetesNode):
    """The security settings of a container or of all containers of a pod."""

    run_as_user: Int | None = None
    """User ID of the process. Envoy runs as 1337: traffic of that user is not captured."""


class HTTPGetAction(KubernetesNode):
    """An HTTP probe."""

    path: str = ""
    """Path of the request."""
    port: IntOrString = 0
    """Number or name of the port."""
    host: str = ""
    """Host to connect to. If empty, the pod."""
    scheme: str = "HTTP"
    """`HTTP` or `HTTPS`."""


class TCPSocketAction(KubernetesNode):
    """A TCP probe."""

    port: IntOrString = 0
    """Number or name of the port."""
    host: str = ""
    """Host to connect to. If empty, the pod."""


class GRPCAction(KubernetesNode):
    """A probe that uses the gRPC health checking protocol."""

    port: Int = 0
    """Port number."""
    service: str | None = None
    """Service name in the health check request."""


class Probe(KubernetesNode):
    """How the kubelet probes a container."""

    http_get: HTTPGetAction | None = None
    """HTTP probe."""
    tcp_socket: TCPSocketAction | None = None
    """TCP probe."""
    grpc: GRPCAction | None = None
    """gRPC health probe."""


class Container(KubernetesNode):
    """A container of a pod."""

    name: str = ""
    """Name of the container. `istio-proxy` runs Envoy."""
    image: str = ""
    """Image of the container. The injector replaces `auto` with the image of Envoy."""
    args: tuple[str, ...] = ()
    """Arguments. `proxy ztunnel` means ztunnel, which is not an Envoy proxy."""
    ports: tuple[ContainerPort, ...] = ()
    """Ports that the container listens on."""
    env: tuple[EnvVar, ...] = ()
    """Environment variables. `ISTIO_META_...` variables of `istio-proxy` become node metadata."""
    security_context: SecurityContext | None = None
    """Security settings of the container."""
    restart_policy: str | None = None
    """`Always` makes an init container a native sidecar."""
    readiness_probe: Probe | None = None
    """Probe that decides whether the container accepts traffic."""
    liveness_probe: Probe | None = None
    """Probe that decides whether the container is restarted."""
    startup_probe: Probe | None = None
    """Probe that decides whether the container has started."""


PROXY_CONTAINER = "istio-proxy"


class PodSpec(KubernetesNode):
    """The specification of a pod."""

    containers: tuple[Container, ...] = ()
    """Containers of the pod."""
    init_containers: tuple[Container, ...] = ()
    """Containers that run before the others. Native sidecars are among them."""
    service_account_name: str = ""
    """Service account of the pod, as written; see `service_account`."""
    node_name: str = ""
    """Node that runs the pod. It determines the locality."""
    host_network: Bool = False
    """Whether the pod shares the network of its node. Such a pod has no sidecar."""
    security_context: SecurityContext | None = None
    """Security settings of containers that have none of their own."""
    hostname: str = ""
    """DNS name of the pod in a headless Service."""
    subdomain: str = ""
    """Headless Service that the DNS name belongs to."""

    @property
    def proxy(self) -> Container | None:
        """The container that runs Envoy. The container of a ztunnel has the same name."""
        containers = (*self.containers, *self.init_containers)
        return next((c for c in containers if c.name == PROXY_CONTAINER and "ztunnel" not in c.args), None)

    @property
    def service_account(self) -> str:
        """Name of the service account. The default in Kubernetes is `default`."""
        return self.service_account_name or "default"


class PodIP(KubernetesNode):
    """An IP address of a pod."""

    ip: str = ""
    """IP address."""


class PodCondition(KubernetesNode):
    """A condition of a pod."""

    type: str = ""
    """Type of the condition, for example `Ready`."""
    status: str = ""
    """`True`, `False` or `Unknown`."""


class PodStatus(KubernetesNode):
    """The status of a Pod."""

    phase: str = ""
    """`Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`. Terminated pods are ignored."""
    pod_ip: str = Field(default="", alias="podIP")
    """First IP address of the pod."""
    pod_ips: tuple[PodIP, ...] = Field(default=(), alias="podIPs")
    """All IP addresses of the pod, one per IP family."""
    host_ip: str = Field(default="", alias="hostIP")
    """IP address of the node."""
    conditions: tuple[PodCondition, ...] = ()
    """Conditions of the pod."""


class Pod(KubernetesResource):
    """A Kubernetes Pod. It is an endpoint of Services and, if Envoy is injected, a proxy."""

    api_version: Literal["v1"] = "v1"
    kind: Literal["Pod"] = "Pod"
    spec: PodSpec = Field(default_factory=PodSpec)
    """Specification of the pod."""
    status: PodStatus = Field(default_factory=PodStatus)
    """Status of the pod."""
