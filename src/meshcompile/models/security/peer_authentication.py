"""PeerAuthentication: whether a workload accepts mutual TLS, plaintext or both."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from meshcompile.models.base import Node, ProtoEnum
from meshcompile.models.common import IstioResource, PortKey, WorkloadSelector


class MutualTLSMode(ProtoEnum):
    """Which inbound connections a workload accepts."""

    UNSET = "UNSET"
    DISABLE = "DISABLE"
    PERMISSIVE = "PERMISSIVE"
    STRICT = "STRICT"


class MutualTLS(Node):
    """Which inbound connections a workload accepts."""

    mode: MutualTLSMode = MutualTLSMode.UNSET
    """STRICT accepts only mutual TLS, DISABLE only plaintext, PERMISSIVE both. UNSET inherits from the wider policy;
    the mesh-wide default is PERMISSIVE.
    """


class PeerAuthenticationSpec(Node):
    """Mutual TLS settings of workloads: the filter chains of `virtualInbound`, and what clients use towards them."""

    selector: WorkloadSelector | None = None
    """Workloads in the namespace of the policy. If absent, the whole namespace or, in the root namespace, the whole
    mesh.
    """
    mtls: MutualTLS | None = None
    """Mode for all ports: the filter chains of `virtualInbound`."""
    port_level_mtls: Annotated[Mapping[PortKey, MutualTLS], Field(min_length=1)] = {}
    """Mode for individual ports, by port of the workload. Requires a selector."""


class PeerAuthentication(IstioResource):
    """Controls which workloads require mutual TLS. The most specific policy applies, then the oldest."""

    api_version: Literal["security.istio.io/v1", "security.istio.io/v1beta1"] = "security.istio.io/v1"
    kind: Literal["PeerAuthentication"] = "PeerAuthentication"
    spec: PeerAuthenticationSpec = Field(default_factory=PeerAuthenticationSpec)
