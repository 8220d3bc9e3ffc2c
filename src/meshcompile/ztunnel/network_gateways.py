"""Gateways of other networks: those of the class `istio-remote`.

Follows `localK8sGatewayToNetworkGateways` of istiod's `ambient/networks.go` and `convertGateway` of `workloads.go`.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from meshcompile.documents import Origin
from meshcompile.envoy.message import at
from meshcompile.envoy.workload import GatewayAddress, Workload
from meshcompile.models.gateway_api.gateway import KubernetesGateway
from meshcompile.snapshot.ambient.addresses import HostnameAddress, NetworkAddress, ip_text
from meshcompile.snapshot.ambient.waypoints import status_addresses
from meshcompile.snapshot.gateway_api.deployment_template import SERVICE_ACCOUNT
from meshcompile.values.labels import NETWORK
from meshcompile.ztunnel.addresses import gateway_address, packed_ip

REMOTE_CLASS = "istio-remote"


class RemoteGateway(Struct, frozen=True):
    """An address of a gateway, and the network that it leads to."""

    network: str
    address: str
    port: int
    namespace: str
    service_account: str
    origin: Origin

    @property
    def uid(self) -> str:
        return f"NetworkGateway/{self.network}/{self.address}/{self.port}"

    def as_address(self) -> GatewayAddress:
        """How workloads of the network name the gateway."""
        ip = ip_text(self.address)
        if ip is None:
            return gateway_address(HostnameAddress(self.namespace, self.address), self.port)
        return gateway_address(NetworkAddress(self.network, ip), self.port)

    def as_workload(self, trust_domain: str) -> Workload:
        """The workload that stands for the gateway."""
        ip = ip_text(self.address)
        made = Workload(
            uid=self.uid,
            name=self.uid,
            namespace=self.namespace,
            addresses=() if ip is None else (packed_ip(ip),),
            hostname="" if ip else self.address,
            network=self.network,
            trust_domain=trust_domain,
            service_account=self.service_account,
        )
        return at(made, self.origin)


def remote_gateways(gateways: Iterable[KubernetesGateway]) -> Iterator[RemoteGateway]:
    """The gateways of other networks. istiod copies the addresses of their specification to their status."""
    for gateway in gateways:
        network = gateway.metadata.labels.get(NETWORK, "")
        port = next((each.port for each in gateway.spec.listeners if each.protocol == "HBONE"), None)
        if gateway.spec.gateway_class_name != REMOTE_CLASS or not network or port is None:
            continue
        stated = tuple((each.type, each.value) for each in gateway.spec.addresses)
        account = gateway.metadata.annotations.get(SERVICE_ACCOUNT) or f"{gateway.name}-{REMOTE_CLASS}"
        for kind, address in status_addresses(gateway) or stated:
            if kind in ("IPAddress", "Hostname"):
                yield RemoteGateway(network, address, port, gateway.namespace, account, gateway.origin)
