"""Kubernetes Pod: labels, identity, ports and addresses of what runs."""

from typing import Literal

from pydantic import Field

from meshcompile.models.common import Bool
from meshcompile.models.kubernetes.base import Int, IntOrString, KubernetesNode, KubernetesResource


class ContainerPort(KubernetesNode):
    """A port that a container listens on."""

    name: str = ""
    """Name that a Service's `targetPort` may use."""
    container_port: Int = 0
    """The port."""
    protocol: str = "TCP"
    """Transport: `TCP`, `UDP` or `SCTP`."""


class EnvVar(KubernetesNode):
    """An environment variable of a container, where its value is written out."""

    name: str = ""
    """Its name."""
    value: str = ""
    """Its value; empty where it comes from elsewhere."""


class SecurityContext(KubernetesNode):
    """Who a container runs as."""

    run_as_user: Int | None = None
    """User ID; Envoy's own is 1337, whose traffic is not captured."""


class HTTPGetAction(KubernetesNode):
    """A probe by an HTTP request."""

    path: str = ""
    """Path that is asked for."""
    port: IntOrString = 0
    """Number or name of the port."""
    host: str = ""
    """Host that is asked; the Pod itself where empty."""
    scheme: str = "HTTP"
    """`HTTP` or `HTTPS`."""


class TCPSocketAction(KubernetesNode):
    """A probe by opening a connection."""

    port: IntOrString = 0
    """Number or name of the port."""
    host: str = ""
    """Host that is tried; the Pod itself where empty."""


class GRPCAction(KubernetesNode):
    """A probe by gRPC's health service."""

    port: Int = 0
    """The port."""
    service: str | None = None
    """The service name in the health request."""


class Probe(KubernetesNode):
    """How the kubelet asks a container for its health."""

    http_get: HTTPGetAction | None = None
    """By an HTTP request."""
    tcp_socket: TCPSocketAction | None = None
    """By opening a connection."""
    grpc: GRPCAction | None = None
    """By gRPC's health service."""


class Container(KubernetesNode):
    """One container of a Pod."""

    name: str = ""
    """Its name; `istio-proxy` is Envoy."""
    image: str = ""
    """Its image; `auto` asks the injector for Envoy's."""
    args: tuple[str, ...] = ()
    """Its arguments; `proxy ztunnel` makes it a ztunnel, which is no Envoy."""
    ports: tuple[ContainerPort, ...] = ()
    """Ports it listens on."""
    env: tuple[EnvVar, ...] = ()
    """Its environment; `ISTIO_META_...` of `istio-proxy` becomes node metadata."""
    security_context: SecurityContext | None = None
    """Who it runs as."""
    restart_policy: str | None = None
    """`Always` makes an init container a native sidecar."""
    readiness_probe: Probe | None = None
    """Whether it takes traffic."""
    liveness_probe: Probe | None = None
    """Whether it must be restarted."""
    startup_probe: Probe | None = None
    """Whether it has started."""


PROXY_CONTAINER = "istio-proxy"


class PodSpec(KubernetesNode):
    """What runs in a Pod."""

    containers: tuple[Container, ...] = ()
    """The containers."""
    init_containers: tuple[Container, ...] = ()
    """Containers that run before them, native sidecars among them."""
    service_account_name: str = ""
    """The identity of the Pod; see `service_account`."""
    node_name: str = ""
    """The Node it runs on, which gives it a locality."""
    host_network: Bool = False
    """Whether it shares the Node's network: such a Pod has no sidecar."""
    hostname: str = ""
    """Its own DNS name within a headless Service."""
    subdomain: str = ""
    """The headless Service that its DNS name belongs to."""

    @property
    def proxy(self) -> Container | None:
        """The container that runs Envoy; ztunnel's has the same name."""
        containers = (*self.containers, *self.init_containers)
        return next((c for c in containers if c.name == PROXY_CONTAINER and "ztunnel" not in c.args), None)

    @property
    def service_account(self) -> str:
        """The name of its service account: Kubernetes takes `default` where none is named."""
        return self.service_account_name or "default"


class PodIP(KubernetesNode):
    """One address of a Pod."""

    ip: str = ""
    """The address."""


class PodCondition(KubernetesNode):
    """One observation about a Pod."""

    type: str = ""
    """What was observed, such as `Ready`."""
    status: str = ""
    """`True`, `False` or `Unknown`."""


class PodStatus(KubernetesNode):
    """The status of a Pod."""

    phase: str = ""
    """`Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`; a Pod that has terminated is ignored."""
    pod_ip: str = Field(default="", alias="podIP")
    """Its first address."""
    pod_ips: tuple[PodIP, ...] = Field(default=(), alias="podIPs")
    """All its addresses, one per IP family."""
    host_ip: str = Field(default="", alias="hostIP")
    """Address of its Node."""
    conditions: tuple[PodCondition, ...] = ()
    """What was observed about it."""


class Pod(KubernetesResource):
    """A Kubernetes Pod: an endpoint of Services, and a proxy where Envoy is injected."""

    api_version: Literal["v1"] = "v1"
    kind: Literal["Pod"] = "Pod"
    spec: PodSpec = Field(default_factory=PodSpec)
    """What runs in it."""
    status: PodStatus = Field(default_factory=PodStatus)
    """Its status."""
