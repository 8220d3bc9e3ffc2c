"""Kubernetes Node: the locality of the pods that run on it."""

from typing import Literal

from pydantic import Field

from meshcompile.models.kubernetes.base import KubernetesNode, KubernetesResource


class NodeAddress(KubernetesNode):
    """An address of a node."""

    type: str = ""
    """`ExternalIP`, `InternalIP`, `Hostname`, `ExternalDNS` or `InternalDNS`."""
    address: str = ""
    """The address."""


class NodeStatus(KubernetesNode):
    """The status of a node."""

    addresses: tuple[NodeAddress, ...] = ()
    """Addresses of the node. A network gateway with a Service of type NodePort has the external ones."""


class Node(KubernetesResource):
    """A Kubernetes Node. Its labels determine region and zone."""

    api_version: Literal["v1"] = "v1"
    kind: Literal["Node"] = "Node"
    status: NodeStatus = Field(default_factory=NodeStatus)
    """Status of the node."""
