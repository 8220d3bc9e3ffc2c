"""Kubernetes ConfigMap: mesh configuration, and CA certificates."""

from collections.abc import Mapping

from meshcompile.models.kubernetes.base import KubernetesResource


class ConfigMap(KubernetesResource):
    """A Kubernetes ConfigMap: `istio` in the root namespace holds the mesh configuration."""

    data: Mapping[str, str] = {}
    """Values by key, as plain text."""
    binary_data: Mapping[str, str] = {}
    """Values by key, in base64."""
