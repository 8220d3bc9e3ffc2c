"""IstioOperator: what `istioctl install` is told, of which only the mesh config and the networks are read."""

from collections.abc import Mapping
from typing import Any, Literal

from meshcompile.models.kubernetes.base import KubernetesResource


class IstioOperator(KubernetesResource):
    """How a control plane is installed; `spec` is plain data, which `meshcompile.settings` reads."""

    api_version: Literal["install.istio.io/v1alpha1"] = "install.istio.io/v1alpha1"
    kind: Literal["IstioOperator"] = "IstioOperator"
    spec: Mapping[str, Any] = {}
    """What is installed, and how."""
