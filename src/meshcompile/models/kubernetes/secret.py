"""Kubernetes Secret: certificates and keys that Gateways and DestinationRules name."""

from collections.abc import Mapping
from typing import Literal

from meshcompile.models.kubernetes.base import KubernetesResource, TextValue


class Secret(KubernetesResource):
    """A Kubernetes Secret: the TLS material behind `credentialName`."""

    api_version: Literal["v1"] = "v1"
    kind: Literal["Secret"] = "Secret"
    type: str = "Opaque"
    """What it holds, such as `kubernetes.io/tls`."""
    data: Mapping[str, TextValue] = {}
    """Values by key, in base64."""
    string_data: Mapping[str, TextValue] = {}
    """Values by key, as plain text; they win over `data`."""
