"""Kubernetes CustomResourceDefinition: a kind that is installed in a cluster."""

from typing import Literal

from pydantic import Field

from meshcompile.models.kubernetes.base import KubernetesNode, KubernetesResource


class CustomResourceDefinitionNames(KubernetesNode):
    """The names of a kind."""

    kind: str = ""
    """The kind."""


class CustomResourceDefinitionSpec(KubernetesNode):
    """What a CustomResourceDefinition installs."""

    group: str = ""
    """The API group of the kind."""
    names: CustomResourceDefinitionNames = Field(default_factory=CustomResourceDefinitionNames)
    """The names of the kind."""


class CustomResourceDefinition(KubernetesResource):
    """A kind that is installed in a cluster, such as Istio's own or the Gateway API's."""

    api_version: Literal["apiextensions.k8s.io/v1"] = "apiextensions.k8s.io/v1"
    kind: Literal["CustomResourceDefinition"] = "CustomResourceDefinition"
    spec: CustomResourceDefinitionSpec = Field(default_factory=CustomResourceDefinitionSpec)
    """What it installs."""
