"""Kubernetes Namespace: labels and annotations that hold for all that is in it."""

from meshcompile.models.kubernetes.base import KubernetesResource


class Namespace(KubernetesResource):
    """A Kubernetes Namespace: its labels decide on injection, discovery, network and ambient mode."""
