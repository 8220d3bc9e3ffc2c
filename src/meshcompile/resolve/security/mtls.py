"""Mutual TLS: what the ports of a workload accept, and what its clients assume.

Servers follow istiod's `authn.ComposePeerAuthentication`. Clients know less. Clusters use only namespace-wide and mesh-
wide policies (`PushContext.BestEffortInferServiceMTLSMode`). Endpoints use the policies of their own workload
(`endpoints.mtlsChecker`).
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from meshcompile.models.networking.destination_rule import SimpleLB, TrafficPolicy
from meshcompile.models.security.peer_authentication import PeerAuthentication
from meshcompile.proxy import Proxy
from meshcompile.resolve.security.policy_attachment import Refusal
from meshcompile.resolve.skipped import Skipped, of_namespace
from meshcompile.snapshot.authentication import (
    AuthenticationIndex,
    MutualTlsMode,
    is_wide,
    mutual_tls_mode,
    own_mode,
    peer_selector,
)
from meshcompile.snapshot.service import DISABLED_TLS_MODE, Service, ServicePort
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.labels import Labels, selects


class PeerPolicy(Struct, frozen=True):
    """The mutual TLS mode of a workload, and the modes of ports that differ.

    `policies` are all PeerAuthentications that contribute.
    """

    mode: MutualTlsMode
    ports: Mapping[int, MutualTlsMode]
    policies: tuple[PeerAuthentication, ...] = ()

    def for_port(self, port: int) -> MutualTlsMode:
        """The mode of a port of the workload. This is the target port, not the port of the service."""
        return self.ports.get(port, self.mode)


NO_PEER_POLICY = PeerPolicy(MutualTlsMode.PERMISSIVE, {})


def peer_policy(index: AuthenticationIndex, namespace: str, labels: Labels) -> PeerPolicy:
    """The policy of a workload. The narrowest level that sets a mode applies; PERMISSIVE is the default."""
    return composed(index.root_namespace, index.peer_for(namespace, labels))


def composed(root_namespace: str, policies: Iterable[PeerAuthentication]) -> PeerPolicy:
    """The merged policies of a workload: the oldest of each of the mesh, namespace and workload levels.

    Port levels apply only at the workload level. A policy with a selector has no effect in the root namespace.
    """
    applying = tuple(policies)
    if not applying:
        return NO_PEER_POLICY
    mesh = _oldest(policy for policy in applying if is_wide(policy) and policy.namespace == root_namespace)
    namespace = _oldest(policy for policy in applying if is_wide(policy) and policy.namespace != root_namespace)
    workload = _oldest(policy for policy in applying if not is_wide(policy) and policy.namespace != root_namespace)
    levels = tuple(policy for policy in (workload, namespace, mesh) if policy is not None)
    mode = next((mode for policy in levels if (mode := own_mode(policy)) is not None), MutualTlsMode.PERMISSIVE)
    return PeerPolicy(mode, {} if workload is None else _port_modes(workload, mode), levels)


def skipped_peer_policies(index: AuthenticationIndex, proxy: Proxy) -> Iterator[Skipped]:
    """The PeerAuthentications that do not apply to a proxy."""
    for namespace, policies in index.peer.items():
        for policy in policies:
            if namespace not in (proxy.namespace, index.root_namespace):
                yield Skipped(policy.origin, of_namespace(namespace))
            elif not selects(peer_selector(policy), proxy.labels):
                yield Skipped(policy.origin, Refusal.SELECTOR)


def service_mode(
    snapshot: Snapshot, service: Service, port: ServicePort, policy: TrafficPolicy | None
) -> MutualTlsMode | None:
    """The mode that a client's cluster assumes for a service; None outside the mesh.

    Policies with a selector and port levels do not count. A service whose clients resolve its endpoints themselves has
    mutual TLS only if every endpoint has a sidecar.
    """
    if service.mesh_external:
        return None
    if _is_passthrough(service, policy):
        endpoints = snapshot.endpoints.numbered(service, port.number)
        if not endpoints or any(endpoint.workload.tls_mode == DISABLED_TLS_MODE for endpoint in endpoints):
            return MutualTlsMode.DISABLE
    return snapshot.authentication.namespace_mode(service.namespace) or MutualTlsMode.PERMISSIVE


def _is_passthrough(service: Service, policy: TrafficPolicy | None) -> bool:
    balancer = None if policy is None else policy.load_balancer
    return service.is_headless or (balancer is not None and balancer.simple is SimpleLB.PASSTHROUGH)


def _oldest(policies: Iterable[PeerAuthentication]) -> PeerAuthentication | None:
    """The oldest policy, which is the first in an index."""
    return next(iter(policies), None)


def _port_modes(workload: PeerAuthentication, mode: MutualTlsMode) -> Mapping[int, MutualTlsMode]:
    """The modes that the workload's policy sets for ports. `mode` replaces UNSET."""
    return {
        int(port): mutual_tls_mode(settings.mode) or mode for port, settings in workload.spec.port_level_mtls.items()
    }
