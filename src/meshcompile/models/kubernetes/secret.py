"""Kubernetes Secret: certificates and keys that Gateways and DestinationRules name."""

from collections.abc import Mapping

from meshcompile.models.kubernetes.base import KubernetesResource


class Secret(KubernetesResource):
    """A Kubernetes Secret: the TLS material behind `credentialName`."""

    type: str = "Opaque"
    """What it holds, such as `kubernetes.io/tls`."""
    data: Mapping[str, str] = {}
    """Values by key, in base64."""
    string_data: Mapping[str, str] = {}
    """Values by key, as plain text; they win over `data`."""
