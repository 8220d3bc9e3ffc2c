"""The base of all Kubernetes models.

Kubernetes kinds have hundreds of fields without effect on a mesh (resources, volumes, tolerations ...). Only the fields
that affect proxies are modelled and checked. All other fields are accepted and ignored, so that manifests of any
Kubernetes release can be read.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Strict

from meshcompile.models.base import Node, Resource

Int = Annotated[int, Strict()]
"""A whole number. Unlike protobuf, Kubernetes does not accept it in quotes."""
IntOrString = Int | str
"""A port by its number or by its name. A quoted number is a name."""
TextValue = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
"""A text in a map. Go reads null as empty text there."""


class KubernetesNode(Node):
    """A part of a Kubernetes object: strict about modelled fields, and lenient about all others."""

    model_config = ConfigDict(extra="ignore")


class KubernetesResource(Resource):
    """A Kubernetes object: strict about modelled fields, and lenient about all others."""

    model_config = ConfigDict(extra="ignore")


class LabelSelectorRequirement(KubernetesNode):
    """One requirement on one label."""

    key: str = ""
    """The label that the requirement is about."""
    operator: str = ""
    """`In`, `NotIn`, `Exists` or `DoesNotExist`."""
    values: tuple[str, ...] = ()
    """The values of `In` and `NotIn`; empty for the other operators."""


class LabelSelector(KubernetesNode):
    """A query over labels: every label and every expression must hold. An empty selector selects everything."""

    match_labels: Mapping[str, TextValue] = {}
    """Labels that must be there with exactly these values."""
    match_expressions: tuple[LabelSelectorRequirement, ...] = ()
    """Further requirements, joined by AND."""
