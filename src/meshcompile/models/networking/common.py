"""Messages that several networking kinds share."""

from collections.abc import Mapping
from typing import Annotated, Literal

from meshcompile.models.base import NOTHING, Node
from meshcompile.models.common import size

ApiVersion = Literal["networking.istio.io/v1", "networking.istio.io/v1beta1", "networking.istio.io/v1alpha3"]


class WorkloadSelector(Node):
    """Selects workloads by label, in the namespace of the resource or, for a resource in the root namespace, in all."""

    labels: Annotated[Mapping[str, Annotated[str, size(63)]], size(256)] = NOTHING
    """Labels that a pod or workload entry must have, all of them. Empty selects every workload."""
