"""Kubernetes Namespace: labels and annotations that hold for all that is in it."""

from typing import Literal

from meshcompile.models.kubernetes.base import KubernetesResource


class Namespace(KubernetesResource):
    """A Kubernetes Namespace: its labels decide on injection, discovery, network and ambient mode."""

    api_version: Literal["v1"] = "v1"
    kind: Literal["Namespace"] = "Namespace"
