"""Kubernetes Secret: certificates and keys for Gateways and DestinationRules."""

from collections.abc import Mapping
from typing import Literal

from meshcompile.models.kubernetes.base import KubernetesResource, TextValue


class Secret(KubernetesResource):
    """A Kubernetes Secret: the certificate and key that `credentialName` refers to."""

    api_version: Literal["v1"] = "v1"
    kind: Literal["Secret"] = "Secret"
    type: str = "Opaque"
    """Type of the content, for example `kubernetes.io/tls`."""
    data: Mapping[str, TextValue] = {}
    """Values by key, in base64."""
    string_data: Mapping[str, TextValue] = {}
    """Values by key, as plain text. They override `data`."""
