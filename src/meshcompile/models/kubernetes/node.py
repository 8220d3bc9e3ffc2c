"""Kubernetes Node: the locality of the Pods that run on it."""

from typing import Literal

from pydantic import Field

from meshcompile.models.kubernetes.base import KubernetesNode, KubernetesResource


class NodeAddress(KubernetesNode):
    """One address of a Node."""

    type: str = ""
    """`ExternalIP`, `InternalIP`, `Hostname`, `ExternalDNS` or `InternalDNS`."""
    address: str = ""
    """The address."""


class NodeStatus(KubernetesNode):
    """What is known of a Node."""

    addresses: tuple[NodeAddress, ...] = ()
    """Its addresses; the external ones are a network gateway's when its Service is of type NodePort."""


class Node(KubernetesResource):
    """A Kubernetes Node: its labels give region and zone."""

    api_version: Literal["v1"] = "v1"
    kind: Literal["Node"] = "Node"
    status: NodeStatus = Field(default_factory=NodeStatus)
    """What is known of it."""
