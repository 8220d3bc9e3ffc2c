"""What one proxy sees: every question that emitting asks, answered once.

The shared answers are cached properties of the View; what only one kind of resource needs is resolved by its own
module (`resolve.clusters`, `resolve.routes`, ...) from a View into frozen pieces, which `emit` turns into messages.
"""

from dataclasses import dataclass, field
from functools import cached_property

from meshcompile.durations import Duration
from meshcompile.memo import Memo
from meshcompile.models.mesh.proxy_config import ProxyConfig
from meshcompile.proxy import Proxy
from meshcompile.resolve.findings import Findings
from meshcompile.resolve.gateways import MergedGateway, merged_gateway
from meshcompile.resolve.mtls import PeerPolicy, peer_policy
from meshcompile.resolve.proxy_config import proxy_config
from meshcompile.resolve.scope import SidecarScope, sidecar_scope
from meshcompile.resolve.service_targets import ServiceTarget, service_targets
from meshcompile.snapshot.snapshot import Snapshot


@dataclass(frozen=True, eq=False)
class View:
    """One proxy's view of one snapshot."""

    snapshot: Snapshot
    proxy: Proxy
    findings: Findings = field(default_factory=Findings)
    memo: Memo = field(default_factory=Memo, repr=False)  # answers of modules that build on the view

    @cached_property
    def scope(self) -> SidecarScope:
        """The services and rules that the proxy imports; gateways and waypoints import everything visible."""
        return sidecar_scope(self.snapshot, self.proxy)

    @cached_property
    def targets(self) -> tuple[ServiceTarget, ...]:
        """The service ports that this proxy's workload serves, oldest service first, then by host name."""
        return service_targets(self.snapshot, self.proxy)

    @cached_property
    def gateway(self) -> MergedGateway:
        """All Gateways that select this router, merged per port; empty for other proxies."""
        merged = merged_gateway(self.snapshot.gateways, self.proxy, self.targets)
        self.findings.extend(merged.findings)
        return merged

    @cached_property
    def proxy_config(self) -> ProxyConfig:
        """The ProxyConfig in force: what the proxy reports, else the mesh's default."""
        return proxy_config(self.snapshot, self.proxy)

    @cached_property
    def idle_timeout(self) -> Duration | None:
        """The idle timeout of connections that the node metadata ask for."""
        try:
            return Duration.parse(str(self.proxy.metadata["IDLE_TIMEOUT"]))
        except (KeyError, ValueError):
            return None

    @cached_property
    def peer_policy(self) -> PeerPolicy:
        """The mutual TLS modes of the proxy's own ports."""
        return peer_policy(self.snapshot.authentication, self.proxy.namespace, self.proxy.labels)
