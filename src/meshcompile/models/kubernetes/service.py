"""Kubernetes Service: a name, its ports, and where its traffic goes."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from meshcompile.models.common import Bool
from meshcompile.models.kubernetes.base import Int, IntOrString, KubernetesNode, KubernetesResource, TextValue

HEADLESS = "None"
"""The clusterIP of a Service that wants none: its name resolves to the Pods themselves."""


class ServicePort(KubernetesNode):
    """One port of a Service."""

    name: str = ""
    """Name by which EndpointSlices repeat the port; its prefix (`http-`, `tcp`, ...) says which protocol it speaks."""
    port: Int = 0
    """Port that clients connect to, part of listener, route and cluster names."""
    protocol: str = "TCP"
    """Transport: `TCP`, `UDP` or `SCTP`."""
    app_protocol: str | None = None
    """Application protocol; wins over the prefix of the name."""
    target_port: IntOrString | None = None
    """Port of the Pods, a number or the name of a container port; see `effective_target_port`."""
    node_port: Int = 0
    """Port on every Node, for type NodePort and LoadBalancer."""

    @property
    def effective_target_port(self) -> IntOrString:
        """The port of the Pods: Kubernetes takes `port` where `targetPort` is absent, zero or empty."""
        return self.target_port or self.port


class ServiceSpec(KubernetesNode):
    """The specification of a Service."""

    type: str = "ClusterIP"
    """`ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`."""
    ports: tuple[ServicePort, ...] = ()
    """The ports, each with a listener, route or cluster of its own."""
    selector: Mapping[str, TextValue] = {}
    """Labels of the Pods behind the Service; empty means that endpoints are written by hand."""
    cluster_ip: str = Field(default="", alias="clusterIP")
    """Virtual address of the Service, bound by TCP listeners; `None` makes it headless."""
    cluster_ips: tuple[str, ...] = Field(default=(), alias="clusterIPs")
    """All virtual addresses, one per IP family; the first repeats `clusterIP`."""
    ip_families: tuple[str, ...] = ()
    """`IPv4`, `IPv6`, in order of preference."""
    ip_family_policy: str = ""
    """`SingleStack`, `PreferDualStack` or `RequireDualStack`."""
    external_ips: tuple[str, ...] = Field(default=(), alias="externalIPs")
    """Further addresses at which Nodes take traffic of the Service."""
    external_name: str = ""
    """The DNS name that a Service of type ExternalName stands for."""
    load_balancer_ip: str = Field(default="", alias="loadBalancerIP")
    """Address asked of the load balancer."""
    session_affinity: str = ""
    """`None` or `ClientIP`; Envoy's load balancing does not follow it."""
    internal_traffic_policy: str = ""
    """`Cluster` or `Local`: with `Local` a proxy only gets the endpoints of its own Node."""
    external_traffic_policy: str = ""
    """`Cluster` or `Local`, for traffic from outside; it does not change Envoy's configuration."""
    publish_not_ready_addresses: Bool = False
    """Whether Pods that are not ready take traffic as well."""
    traffic_distribution: str = ""
    """`PreferClose`, `PreferSameZone` or `PreferSameNode`: endpoints nearby get a higher priority."""


class LoadBalancerIngress(KubernetesNode):
    """One entrance of a load balancer."""

    ip: str = ""
    """Its address, where it has a fixed one."""
    hostname: str = ""
    """Its DNS name, where it has no fixed address."""


class LoadBalancerStatus(KubernetesNode):
    """The entrances that a load balancer has."""

    ingress: tuple[LoadBalancerIngress, ...] = ()
    """The entrances."""


class ServiceStatus(KubernetesNode):
    """The status of a Service."""

    load_balancer: LoadBalancerStatus | None = None
    """The addresses from outside: those of a network's gateway come from here."""


class Service(KubernetesResource):
    """A Kubernetes Service: listeners, routes and clusters of every proxy that can see it."""

    api_version: Literal["v1"] = "v1"
    kind: Literal["Service"] = "Service"
    spec: ServiceSpec = Field(default_factory=ServiceSpec)
    """Its specification."""
    status: ServiceStatus | None = None
    """Its status."""

    @property
    def is_headless(self) -> bool:
        """Whether clients are meant to reach the Pods directly."""
        return self.spec.cluster_ip == HEADLESS
