"""The mesh, indexed and merged once: istiod's PushContext.

Every index answers its lookups in constant time, and no later stage scans the mesh. The function of its module builds
an index from the accepted resources. An index keeps its objects in istiod's order of precedence: oldest first, then by
name, then by namespace.
"""

from collections.abc import Mapping
from functools import cached_property

from msgspec import Struct, field

from meshcompile.behaviour import Behaviour
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.mesh.mesh_networks import MeshNetworks
from meshcompile.queries import Answers
from meshcompile.snapshot.authentication import AuthenticationIndex
from meshcompile.snapshot.authorization import AuthorizationIndex
from meshcompile.snapshot.destination_rules import DestinationRuleIndex
from meshcompile.snapshot.endpoints import EndpointIndex
from meshcompile.snapshot.envoy_filters import EnvoyFilterIndex
from meshcompile.snapshot.extensions import ExtensionIndex
from meshcompile.snapshot.findings import findings_of_routes
from meshcompile.snapshot.gateways import GatewayIndex
from meshcompile.snapshot.networks import NetworkIndex
from meshcompile.snapshot.proxy_configs import ProxyConfigIndex
from meshcompile.snapshot.services import ServiceIndex
from meshcompile.snapshot.sidecars import SidecarIndex
from meshcompile.snapshot.telemetry import TelemetryIndex
from meshcompile.snapshot.virtual_services import VirtualServiceIndex
from meshcompile.snapshot.workloads import WorkloadIndex


class Snapshot(Struct, frozen=True, eq=False, dict=True):
    """The input of all queries; immutable, and shared by all proxies."""

    mesh: MeshConfig
    networks: MeshNetworks
    behaviour: Behaviour
    cluster: str  # name of the config cluster
    workloads: WorkloadIndex
    services: ServiceIndex
    topology: NetworkIndex
    endpoints: EndpointIndex
    virtual_services: VirtualServiceIndex
    destination_rules: DestinationRuleIndex
    gateways: GatewayIndex
    sidecars: SidecarIndex
    authentication: AuthenticationIndex
    authorization: AuthorizationIndex
    telemetry: TelemetryIndex
    extensions: ExtensionIndex
    envoy_filters: EnvoyFilterIndex
    proxy_configs: ProxyConfigIndex
    jwks: Mapping[str, str] = field(default_factory=dict)  # keys of issuers by their URI, as the caller provides them
    answers: Answers = field(default_factory=Answers)  # to queries, which proxies share

    @cached_property
    def findings(self) -> tuple[Diagnostic, ...]:
        """Findings about the mesh that do not depend on the proxy."""
        return findings_of_routes(self.virtual_services)
