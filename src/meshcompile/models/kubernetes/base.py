"""What all Kubernetes models share.

Kubernetes kinds have hundreds of fields that say nothing about a mesh (resources, volumes, tolerations ...). Only the
fields that decide what a proxy gets are modelled, and these are checked; all others are accepted and passed over, so
that a manifest of any Kubernetes release reads.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Strict

from meshcompile.models.base import Node, Resource

Int = Annotated[int, Strict()]
"""A whole number: Kubernetes takes none in quotes, unlike protobuf."""
IntOrString = Int | str
"""A port by its number or by its name; a number in quotes is a name."""
TextValue = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
"""A text in a map. Go reads null as empty text there."""


class KubernetesNode(Node):
    """A part of a Kubernetes object: strict about the fields it models, indifferent to all others."""

    model_config = ConfigDict(extra="ignore")


class KubernetesResource(Resource):
    """A Kubernetes object: strict about the fields it models, indifferent to all others."""

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
