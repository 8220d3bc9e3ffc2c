"""Clusters that need no control plane: endpoints and certificates are inlined."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from meshcompile.codes.output import CALLED_WITHOUT_CERTIFICATE
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.envoy.config.cluster import Cluster, ClusterTransportSocketMatch, Filter
from meshcompile.envoy.config.core import TransportSocket
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment
from meshcompile.envoy.message import replaced
from meshcompile.output.bootstrap.endpoints import hosts, static_assignment
from meshcompile.output.bootstrap.options import Flavour, Options
from meshcompile.output.bootstrap.secret_store import MissingSecret
from meshcompile.output.bootstrap.tls import TlsMaterial
from meshcompile.output.bootstrap.upstream import for_upstream, omission
from meshcompile.values.ip import is_ip


@dataclass(frozen=True, slots=True)
class StaticCluster:
    """Builds one static cluster from the available resources, and collects findings about omitted parts."""

    name: str
    origin: Origin
    assignments: Mapping[str, ClusterLoadAssignment]
    tls: TlsMaterial
    found: list[Diagnostic] = field(default_factory=list)

    @property
    def options(self) -> Options:
        return self.tls.store.options

    @property
    def resource(self) -> str:
        return f"cluster {self.name}"

    def of(self, cluster: Cluster) -> Cluster:
        """The cluster with all data that Envoy would fetch for it."""
        filters = tuple(filter(self._is_supported, cluster.filters))
        static = self._with_endpoints(self._with_sockets(replaced(cluster, filters=filters)))
        if self.options.flavour is Flavour.ISTIO:
            return static
        changed, findings = for_upstream(static, self.resource, self.origin)
        self.found.extend(findings)
        return changed

    def _is_supported(self, item: Filter) -> bool:
        """True for a filter that the flavour of Envoy includes."""
        if self.options.flavour is Flavour.ISTIO or item.typed_config is None:
            return True
        reason = omission(item.typed_config)
        if reason is not None:
            origin = next(iter(item.origins), self.origin)
            self.found.append(reason.code(origin, extension=item.name, resource=self.resource, reason=reason.reason))
        return reason is None

    def _with_endpoints(self, cluster: Cluster) -> Cluster:
        """The cluster with its endpoints; one without any answers 503."""
        if cluster.type != "EDS":
            own = cluster.load_assignment
            moved = None if own is None else static_assignment(own, self.options)
            return replaced(cluster, load_assignment=moved, eds_cluster_config=None)
        config = cluster.eds_cluster_config
        assignment = self.assignments.get((config and config.service_name) or cluster.name)
        if assignment is None:
            return replaced(cluster, type="STATIC", eds_cluster_config=None)
        static = static_assignment(assignment, self.options)
        kind = "STATIC" if all(map(is_ip, hosts(static))) else "STRICT_DNS"
        return replaced(cluster, type=kind, load_assignment=static, eds_cluster_config=None)

    def _with_sockets(self, cluster: Cluster) -> Cluster:
        """The cluster with the transport sockets that can be made; without a certificate it is called in plaintext."""
        own = cluster.transport_socket
        return replaced(
            cluster,
            transport_socket_matches=tuple(self._matches(cluster)),
            transport_socket=None if own is None else self._socket(own),
        )

    def _matches(self, cluster: Cluster) -> Iterator[ClusterTransportSocketMatch]:
        for item in cluster.transport_socket_matches:
            if item.transport_socket is None:
                yield item
            elif (socket := self._socket(item.transport_socket)) is not None:
                yield replaced(item, transport_socket=socket)

    def _socket(self, socket: TransportSocket) -> TransportSocket | None:
        try:
            return self.tls.socket(socket)
        except MissingSecret as missing:
            code = CALLED_WITHOUT_CERTIFICATE
            self.found.extend((*missing.findings, code(self.origin, resource=self.resource, secret=missing.name)))
            return None
