"""What the clusters and endpoints of a proxy depend on beside its scope.

Proxies of one scope with equal clients get the same outbound clusters and endpoints: these are made once.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from meshcompile.labels import HOSTNAME, NETWORK, REGION, SUBZONE, ZONE
from meshcompile.localities import Locality
from meshcompile.proxy import Proxy, ProxyType
from meshcompile.resolve.view import View
from meshcompile.snapshot.service import TrafficDistribution

DISTRIBUTION_LABELS = {
    TrafficDistribution.ANY: (),
    TrafficDistribution.PREFER_SAME_ZONE: (NETWORK, REGION, ZONE),
    TrafficDistribution.PREFER_SAME_NODE: (NETWORK, REGION, ZONE, SUBZONE, HOSTNAME),
}


@dataclass(frozen=True, slots=True)
class ClientCertificates:
    """The files that the proxy's metadata name for its own certificate, key and roots."""

    chain: str
    key: str
    roots: str


@dataclass(frozen=True, slots=True)
class Client:
    """The traits of a proxy that its outbound clusters and endpoints depend on.

    `labels` are those of its labels that some rule looks at; `node_name` is "" where no service asks for it.
    `visible_networks` is None for a proxy that sees every network.
    """

    type: ProxyType
    cluster: str
    network: str
    visible_networks: frozenset[str] | None
    locality: Locality
    node_name: str
    labels: tuple[tuple[str, str], ...]
    has_labels: bool
    ipv4: bool
    ipv6: bool
    certificates: ClientCertificates | None
    preserves_header_case: bool
    credential_socket: bool
    file_credential_socket: bool

    @property
    def is_sidecar(self) -> bool:
        return self.type is ProxyType.SIDECAR

    @property
    def is_router(self) -> bool:
        return self.type is ProxyType.ROUTER

    def in_network(self, network: str) -> bool:
        """True when the network is the proxy's, or when either is not known."""
        return not network or not self.network or network == self.network

    def sees(self, network: str) -> bool:
        return self.visible_networks is None or not network or network in self.visible_networks


def client(view: View) -> Client:
    """The traits of the proxy of a view."""
    proxy = view.proxy
    keys = view.scope.memo.once("client labels", lambda: frozenset(_label_keys(view)))
    by_node = view.scope.memo.once("by node", lambda: any(service.node_local for service in view.scope.services))
    headers = view.proxy_config.proxy_headers
    return Client(
        type=proxy.type,
        cluster=proxy.cluster,
        network=str(proxy.metadata.get("NETWORK") or ""),
        visible_networks=_visible_networks(proxy),
        locality=proxy.locality,
        node_name=proxy.node_name if by_node else "",
        labels=tuple(sorted((key, value) for key, value in proxy.labels.items() if key in keys)),
        has_labels=bool(proxy.labels),
        ipv4=proxy.supports_ipv4,
        ipv6=proxy.supports_ipv6,
        certificates=_certificates(proxy),
        preserves_header_case=headers is not None and headers.preserve_http1_header_case is True,
        credential_socket=proxy.metadata.get("credential") == "true",
        file_credential_socket=proxy.metadata.get("file-credential") == "true",
    )


def _label_keys(view: View) -> Iterator[str]:
    """The labels of clients that rules, the mesh's locality settings and services of the scope look at."""
    yield from view.snapshot.destination_rules.label_keys
    settings = view.snapshot.mesh.locality_lb_setting
    if settings is not None:
        yield from (priority.partition("=")[0] for priority in settings.failover_priority)
    for distribution in {service.traffic_distribution for service in view.scope.services}:
        yield from DISTRIBUTION_LABELS[distribution]


def _visible_networks(proxy: Proxy) -> frozenset[str] | None:
    requested = proxy.metadata.get("REQUESTED_NETWORK_VIEW")
    networks = requested.split(",") if isinstance(requested, str) else requested or ()
    return frozenset(map(str, networks)) or None


def _certificates(proxy: Proxy) -> ClientCertificates | None:
    names = ("TLS_CLIENT_CERT_CHAIN", "TLS_CLIENT_KEY", "TLS_CLIENT_ROOT_CERT")
    chain, key, roots = (str(proxy.metadata.get(name) or "") for name in names)
    return ClientCertificates(chain, key, roots) if chain else None
