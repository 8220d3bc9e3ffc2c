"""The base of all Kubernetes models.

Kubernetes kinds have hundreds of fields that do not affect a mesh (resources, volumes, tolerations ...). The models
define and check only the fields that affect proxies. They accept and ignore all other fields, so that they can read
manifests of any Kubernetes release.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Strict

from meshcompile.models.base import NOTHING, Node, Resource

Int = Annotated[int, Strict()]
"""An integer. Unlike protobuf, Kubernetes does not accept it in quotes."""
IntOrString = Int | str
"""A port by number or by name. A quoted number is a name."""
TextValue = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
"""A string in a map. Go reads null as an empty string there."""


class KubernetesNode(Node):
    """A part of a Kubernetes object. It checks modelled fields and ignores all others."""

    model_config = ConfigDict(extra="ignore")


class KubernetesResource(Resource):
    """A Kubernetes object. It checks modelled fields and ignores all others."""

    model_config = ConfigDict(extra="ignore")


class Condition(KubernetesNode):
    """One observation about an object, made by a controller."""

    type: str = ""
    """What is observed."""
    status: str = ""
    """`True`, `False` or `Unknown`."""
    reason: str = ""
    """Reason of the last change, one word."""
    message: str = ""
    """Details of the last change."""


class LabelSelectorRequirement(KubernetesNode):
    """A requirement on a label."""

    key: str = ""
    """Key of the label."""
    operator: str = ""
    """`In`, `NotIn`, `Exists` or `DoesNotExist`."""
    values: tuple[str, ...] = ()
    """Values for `In` and `NotIn`. Empty for the other operators."""


class LabelSelector(KubernetesNode):
    """A label selector: all labels and all expressions must match. An empty selector selects everything."""

    match_labels: Mapping[str, TextValue] = NOTHING
    """Labels with their required values."""
    match_expressions: tuple[LabelSelectorRequirement, ...] = ()
    """Further requirements, all of which must hold."""
