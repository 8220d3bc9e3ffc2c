"""What the networking kinds share."""

from collections.abc import Mapping
from typing import Annotated, Literal

from meshcompile.models.base import Node
from meshcompile.models.common import size

ApiVersion = Literal["networking.istio.io/v1", "networking.istio.io/v1beta1", "networking.istio.io/v1alpha3"]


class WorkloadSelector(Node):
    """The workloads of the same namespace (of every namespace in the root namespace) with all these labels."""

    labels: Annotated[Mapping[str, Annotated[str, size(63)]], size(256)] = {}
    """Labels that a pod or workload entry must carry; none selects all."""
