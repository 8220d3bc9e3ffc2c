"""Kubernetes Service: a name, its ports, and the workloads behind it."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from meshcompile.models.base import NOTHING
from meshcompile.models.common import Bool
from meshcompile.models.kubernetes.base import (
    Condition,
    Int,
    IntOrString,
    KubernetesNode,
    KubernetesResource,
    TextValue,
)

HEADLESS = "None"
"""The `clusterIP` of a headless Service. Its name resolves to the pods."""


class ServicePort(KubernetesNode):
    """A port of a Service."""

    name: str = ""
    """Name of the port. EndpointSlices refer to it. Its prefix (`http-`, `tcp`, ...) selects the protocol."""
    port: Int = 0
    """Port that clients connect to. It is part of the names of listeners, routes and clusters."""
    protocol: str = "TCP"
    """Transport protocol: `TCP`, `UDP` or `SCTP`."""
    app_protocol: str | None = None
    """Application protocol. Takes precedence over the prefix of the name."""
    target_port: IntOrString | None = None
    """Port of the pods: a number, or the name of a container port. See `effective_target_port`."""
    node_port: Int = 0
    """Port on every node, for the types NodePort and LoadBalancer."""

    @property
    def effective_target_port(self) -> IntOrString:
        """The port of the pods. Kubernetes uses `port` if `targetPort` is absent, zero or empty."""
        return self.target_port or self.port


class ServiceSpec(KubernetesNode):
    """The specification of a Service."""

    type: str = "ClusterIP"
    """`ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`."""
    ports: tuple[ServicePort, ...] = ()
    """Ports. Each gets listeners, routes or clusters of its own."""
    selector: Mapping[str, TextValue] = NOTHING
    """Labels of the pods behind the Service. If empty, endpoints are defined by separate objects."""
    cluster_ip: str = Field(default="", alias="clusterIP")
    """Virtual IP address, which TCP listeners bind to. `None` makes the Service headless."""
    cluster_ips: tuple[str, ...] = Field(default=(), alias="clusterIPs")
    """All virtual IP addresses, one per IP family. The first is the same as `clusterIP`."""
    ip_families: tuple[str, ...] = ()
    """`IPv4` and `IPv6`, in order of preference."""
    ip_family_policy: str = ""
    """`SingleStack`, `PreferDualStack` or `RequireDualStack`."""
    external_ips: tuple[str, ...] = Field(default=(), alias="externalIPs")
    """Additional IP addresses at which nodes accept traffic for the Service."""
    external_name: str = ""
    """DNS name that a Service of type ExternalName is an alias for."""
    load_balancer_ip: str = Field(default="", alias="loadBalancerIP")
    """IP address to request for the load balancer."""
    session_affinity: str = ""
    """`None` or `ClientIP`. It does not affect Envoy's load balancing."""
    internal_traffic_policy: str = ""
    """`Cluster` or `Local`. With `Local`, a proxy receives only the endpoints on its own node."""
    external_traffic_policy: str = ""
    """`Cluster` or `Local`, for external traffic. It does not affect Envoy's configuration."""
    publish_not_ready_addresses: Bool = False
    """Whether pods that are not ready accept traffic too."""
    traffic_distribution: str = ""
    """`PreferClose`, `PreferSameZone` or `PreferSameNode`: nearby endpoints get a higher priority."""


class LoadBalancerIngress(KubernetesNode):
    """An address of a load balancer."""

    ip: str = ""
    """IP address, if it is fixed."""
    hostname: str = ""
    """DNS name, if there is no fixed IP address."""


class LoadBalancerStatus(KubernetesNode):
    """The addresses of a load balancer."""

    ingress: tuple[LoadBalancerIngress, ...] = ()
    """Addresses of the load balancer."""


class ServiceStatus(KubernetesNode):
    """The status of a Service."""

    load_balancer: LoadBalancerStatus | None = None
    """External addresses. A network gateway uses them."""
    conditions: tuple[Condition, ...] = ()
    """Observations of controllers."""


class Service(KubernetesResource):
    """A Kubernetes Service. It becomes listeners, routes and clusters of every proxy that can see it."""

    api_version: Literal["v1"] = "v1"
    kind: Literal["Service"] = "Service"
    spec: ServiceSpec = Field(default_factory=ServiceSpec)
    """Specification of the Service."""
    status: ServiceStatus | None = None
    """Status of the Service."""

    @property
    def is_headless(self) -> bool:
        """Whether clients connect to the pods directly."""
        return self.spec.cluster_ip == HEADLESS
