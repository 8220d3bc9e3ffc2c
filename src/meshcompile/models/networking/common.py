"""What the networking kinds share."""

from collections.abc import Mapping
from typing import Literal

from meshcompile.models.base import Node

ApiVersion = Literal["networking.istio.io/v1", "networking.istio.io/v1beta1", "networking.istio.io/v1alpha3"]


class WorkloadSelector(Node):
    """The workloads of the same namespace (of every namespace in the root namespace) with all these labels."""

    labels: Mapping[str, str] = {}
    """Labels that a pod or workload entry must carry; none selects all."""
