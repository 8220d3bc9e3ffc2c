"""WorkloadEntry: a workload outside Kubernetes, for example a virtual machine."""

from collections.abc import Mapping
from typing import Annotated, Literal

from meshcompile.models.base import Node
from meshcompile.models.common import IstioResource, PortNumber, UInt32, size
from meshcompile.models.networking.common import ApiVersion


class WorkloadEntrySpec(Node):
    """An address with its ports and labels. It becomes an Envoy endpoint."""

    address: Annotated[str, size(256)] = ""
    """IP address, hostname (only for services resolved by DNS) or `unix://` path."""
    ports: Annotated[Mapping[str, PortNumber], size(128)] = {}
    """Port numbers by the name of the service port. A port without an entry uses the target port of the service."""
    labels: Annotated[Mapping[str, str], size(256)] = {}
    """Labels that services and subsets select."""
    network: Annotated[str, size(2048)] = ""
    """Network of the address. Other networks reach it through gateways."""
    locality: Annotated[str, size(2048)] = ""
    """Locality of the endpoint, as `region/zone/sub-zone`."""
    weight: UInt32 = 0
    """Load balancing weight. 0 means 1."""
    service_account: Annotated[str, size(253)] = ""
    """Service account of the workload. Clients verify that identity."""


class WorkloadEntry(IstioResource):
    """A workload outside Kubernetes. Services can select it like a pod."""

    api_version: ApiVersion = "networking.istio.io/v1"
    kind: Literal["WorkloadEntry"] = "WorkloadEntry"
    spec: WorkloadEntrySpec
