"""Kubernetes ConfigMap: mesh configuration, and CA certificates."""

from collections.abc import Mapping
from typing import Literal

from meshcompile.models.kubernetes.base import KubernetesResource, TextValue


class ConfigMap(KubernetesResource):
    """A Kubernetes ConfigMap: `istio` in the root namespace holds the mesh configuration."""

    api_version: Literal["v1"] = "v1"
    kind: Literal["ConfigMap"] = "ConfigMap"
    data: Mapping[str, TextValue] = {}
    """Values by key, as plain text."""
    binary_data: Mapping[str, TextValue] = {}
    """Values by key, in base64."""
