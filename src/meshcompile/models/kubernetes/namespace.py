"""Kubernetes Namespace: its labels and annotations apply to everything in it."""

from typing import Literal

from meshcompile.models.kubernetes.base import KubernetesResource


class Namespace(KubernetesResource):
    """A Kubernetes Namespace. Its labels control injection, discovery, network and ambient mode."""

    api_version: Literal["v1"] = "v1"
    kind: Literal["Namespace"] = "Namespace"
