"""IstioOperator: the input of `istioctl install`. meshcompile reads only the mesh config and the mesh networks."""

from collections.abc import Mapping
from typing import Any, Literal

from meshcompile.models.kubernetes.base import KubernetesResource


class IstioOperator(KubernetesResource):
    """An installation of Istio. `spec` is untyped; `meshcompile.settings` reads it."""

    api_version: Literal["install.istio.io/v1alpha1"] = "install.istio.io/v1alpha1"
    kind: Literal["IstioOperator"] = "IstioOperator"
    spec: Mapping[str, Any] = {}
    """What to install, and with which settings."""
