"""PeerAuthentication: whether a workload takes mutual TLS, plain text or both."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from meshcompile.models.base import Node, ProtoEnum
from meshcompile.models.common import IstioResource, PortKey, WorkloadSelector


class MutualTLSMode(ProtoEnum):
    """What inbound connections may be."""

    UNSET = "UNSET"
    DISABLE = "DISABLE"
    PERMISSIVE = "PERMISSIVE"
    STRICT = "STRICT"


class MutualTLS(Node):
    """What inbound connections may be."""

    mode: MutualTLSMode = MutualTLSMode.UNSET
    """Mutual TLS only, plain text only, or both; UNSET takes the wider policy's, in the end PERMISSIVE."""


class PeerAuthenticationSpec(Node):
    """Mutual TLS of workloads: the filter chains of `virtualInbound`, and what clients use towards them."""

    selector: WorkloadSelector | None = None
    """Workloads of its namespace; if absent, all, or in the root namespace the whole mesh."""
    mtls: MutualTLS | None = None
    """What connections to every port may be: the filter chains of `virtualInbound`."""
    port_level_mtls: Annotated[Mapping[PortKey, MutualTLS], Field(min_length=1)] = {}
    """What connections to single ports may be, by the workload's port; only with a selector."""


class PeerAuthentication(IstioResource):
    """Decides which workloads require mutual TLS. Of several, the most specific wins, then the oldest."""

    api_version: Literal["security.istio.io/v1", "security.istio.io/v1beta1"] = "security.istio.io/v1"
    kind: Literal["PeerAuthentication"] = "PeerAuthentication"
    spec: PeerAuthenticationSpec = Field(default_factory=PeerAuthenticationSpec)
