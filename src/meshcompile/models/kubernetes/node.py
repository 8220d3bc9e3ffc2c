"""Kubernetes Node: the locality of the Pods that run on it."""

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

    status: NodeStatus = NodeStatus()
    """What is known of it."""
