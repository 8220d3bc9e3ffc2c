"""WorkloadEntry: a workload outside Kubernetes, such as a virtual machine."""

from collections.abc import Mapping
from typing import Literal

from meshcompile.models.base import Node
from meshcompile.models.common import IstioResource, UInt32
from meshcompile.models.networking.common import ApiVersion


class WorkloadEntrySpec(Node):
    """An address with its ports and labels: an endpoint of Envoy."""

    address: str = ""
    """IP address, host name (for services resolved by DNS) or `unix://` path."""
    ports: Mapping[str, UInt32] = {}
    """Port numbers by the name of the service's port; where none is given, the service's target port."""
    labels: Mapping[str, str] = {}
    """Labels that services and subsets select by."""
    network: str = ""
    """Network of the address; other networks reach it through gateways."""
    locality: str = ""
    """Locality of the endpoint, as `region/zone/sub-zone`."""
    weight: UInt32 = 0
    """Load balancing weight; 0 means 1."""
    service_account: str = ""
    """Service account of the workload, whose identity clients expect."""


class WorkloadEntry(IstioResource):
    """A workload outside Kubernetes that services may select as they select pods."""

    api_version: ApiVersion = "networking.istio.io/v1"
    kind: Literal["WorkloadEntry"] = "WorkloadEntry"
    spec: WorkloadEntrySpec
