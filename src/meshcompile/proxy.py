"""A proxy: its identity, its location, and the settings in its node metadata.

Follows istiod's `model.ParseServiceNodeWithMetadata` and `pilot/pkg/xds/ads.go`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from ipaddress import ip_address
from typing import Any, Self

from meshcompile.behaviour import ProxyCapabilities, Version, capabilities
from meshcompile.errors import InvalidArgument
from meshcompile.node_metadata import NodeMetadata, node_metadata
from meshcompile.values.ip import is_ip
from meshcompile.values.labels import NO_LABELS, Labels
from meshcompile.values.localities import NO_LOCALITY, Locality

# The version of a proxy that reports none: newer than every gate.
LATEST_VERSION = (65535, 65535, 65535)


class ProxyType(StrEnum):
    """The first part of a node id. A router is a gateway."""

    SIDECAR = "sidecar"
    ROUTER = "router"
    WAYPOINT = "waypoint"


class InterceptionMode(StrEnum):
    """How traffic reaches the proxy: iptables REDIRECT or TPROXY, or not at all."""

    REDIRECT = "REDIRECT"
    TPROXY = "TPROXY"
    NONE = "NONE"


@dataclass(frozen=True)
class Proxy:
    """A proxy, as its bootstrap node describes it.

    `labels` are the labels of the workload, without the topology labels that istiod adds. `locality` comes from the
    labels or the node. `metadata` is the raw node metadata. `node_metadata` has its known keys, with types.
    """

    type: ProxyType
    id: str  # pod.namespace
    namespace: str
    ip_addresses: tuple[str, ...]
    domain: str = ""  # DNS domain: shop.svc.cluster.local
    labels: Labels = field(default_factory=lambda: NO_LABELS, hash=False)
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False, repr=False)
    locality: Locality = NO_LOCALITY
    cluster: str = "Kubernetes"
    network: str = ""
    service_account: str = ""
    node_name: str = ""
    service_cluster: str = ""  # the node's `cluster`, which names the proxy's service in traces: catalog.shop

    def __post_init__(self) -> None:
        """Raises InvalidArgument for a proxy without an address. istiod rejects such a proxy, too."""
        if not self.ip_addresses:
            raise InvalidArgument(f"proxy {self.id!r} has no IP address")

    @classmethod
    def from_node(cls, node: Mapping[str, Any]) -> Self:
        """The proxy of an Envoy bootstrap node with an ID such as `sidecar~10.0.0.1~web-0.shop~shop.svc.cluster.local`.

        Raises InvalidArgument if the ID has another form, if there is no valid address, or if a field that must be an
        object has another type.
        """
        if not isinstance(node, Mapping):
            raise InvalidArgument("a node must be an object with the fields `id` and `metadata`")
        parts = str(node.get("id", "")).split("~")
        if len(parts) != 4 or parts[0] not in tuple(ProxyType):
            raise InvalidArgument(f"node id {node.get('id')!r} is not TYPE~IP~POD.NAMESPACE~NAMESPACE.svc.DOMAIN")
        metadata = _object(node, "metadata")
        _object(metadata, "LABELS")
        known = node_metadata(metadata)
        where = _object(node, "locality")
        return cls(
            type=ProxyType(parts[0]),
            id=parts[2],
            namespace=known.namespace or parts[3].partition(".")[0],
            ip_addresses=_addresses(known.instance_ips, parts[1]),
            domain=parts[3],
            labels=known.labels,
            metadata=metadata,
            locality=Locality(
                where.get("region", ""), where.get("zone", ""), where.get("subZone", where.get("sub_zone", ""))
            ),
            cluster=known.cluster_id or "Kubernetes",
            network=known.network or known.labels.get("topology.istio.io/network", ""),
            service_account=known.service_account,
            node_name=known.node_name,
            service_cluster=str(node.get("cluster") or ""),
        )

    @property
    def name(self) -> str:
        """The name of the pod."""
        return self.id.rpartition(".")[0] or self.id

    @property
    def is_router(self) -> bool:
        """True for gateways."""
        return self.type is ProxyType.ROUTER

    @property
    def is_waypoint(self) -> bool:
        """True for waypoints of an ambient mesh."""
        return self.type is ProxyType.WAYPOINT

    @property
    def is_sidecar(self) -> bool:
        """True for the proxy in an application's Pod."""
        return self.type is ProxyType.SIDECAR

    @cached_property
    def node_metadata(self) -> NodeMetadata:
        """The node metadata that affects the configuration, with a typed field for each key."""
        return node_metadata(self.metadata)

    @cached_property
    def version(self) -> Version:
        """The proxy's Istio version; LATEST_VERSION if it reports none, with 65535 for a missing patch number."""
        numbers = self.node_metadata.istio_version.split("-")[0].split(".")
        if not all(n.isdecimal() for n in numbers) or len(numbers) < 2:
            return LATEST_VERSION
        return (int(numbers[0]), int(numbers[1]), int(numbers[2]) if len(numbers) > 2 else LATEST_VERSION[2])

    @cached_property
    def capabilities(self) -> ProxyCapabilities:
        """The features that the proxy's Envoy supports."""
        return capabilities(self.version)

    @property
    def interception_mode(self) -> InterceptionMode:
        """How traffic reaches the proxy. The default is REDIRECT."""
        mode = self.node_metadata.interception_mode
        return InterceptionMode(mode) if mode in tuple(InterceptionMode) else InterceptionMode.REDIRECT

    def flag(self, key: str) -> bool:
        """A boolean of the raw metadata: a JSON boolean, "true" or "1". False if it is missing.

        `node_metadata` has a typed field for each key that the compiler reads.
        """
        return str(self.metadata.get(key, "")).lower() in ("true", "1")

    @cached_property
    def supports_ipv4(self) -> bool:
        """True if one of the addresses is IPv4."""
        return any(ip_address(a).version == 4 for a in self.ip_addresses)

    @cached_property
    def supports_ipv6(self) -> bool:
        """True if one of the addresses is IPv6."""
        return any(ip_address(a).version == 6 for a in self.ip_addresses)

    @property
    def is_dual_stack(self) -> bool:
        """True if there are addresses of both families."""
        return self.supports_ipv4 and self.supports_ipv6

    @property
    def wildcards(self) -> tuple[str, ...]:
        """The wildcard addresses of listeners, IPv4 first: `0.0.0.0`, `::`."""
        return self._of_families("0.0.0.0", "::")

    @property
    def loopbacks(self) -> tuple[str, ...]:
        """The addresses of the application, IPv4 first: `127.0.0.1`, `::1`."""
        return self._of_families("127.0.0.1", "::1")

    def _of_families(self, ipv4: str, ipv6: str) -> tuple[str, ...]:
        return ((ipv4,) if self.supports_ipv4 else ()) + ((ipv6,) if self.supports_ipv6 else ())

    @cached_property
    def global_unicast_address(self) -> str:
        """The first address that others can reach; "" if there is none."""
        return next((a for a in self.ip_addresses if _is_global_unicast(a)), "")

    @property
    def wildcard(self) -> str:
        """The wildcard address of listeners: `0.0.0.0` or `::`."""
        return self.wildcards[0]


def _object(owner: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The object under this key of a node; empty if it is missing."""
    value = owner.get(key) or {}
    if not isinstance(value, Mapping):
        raise InvalidArgument(f"`{key}` of a node must be an object")
    return value


def _addresses(instance_ips: tuple[str, ...], of_id: str) -> tuple[str, ...]:
    """The addresses of the metadata if all of them are valid, else the address of the node id."""
    addresses = tuple(address.strip() for address in instance_ips if address.strip())
    valid_addresses = addresses if addresses and all(map(is_ip, addresses)) else (of_id,)
    if not all(map(is_ip, valid_addresses)):
        raise InvalidArgument(f"neither the node id nor its INSTANCE_IPS have a valid IP address: {of_id!r}")
    return valid_addresses


def _is_global_unicast(address: str) -> bool:
    """True for a unicast address that is not link-local. As in Go, this includes private addresses."""
    ip = ip_address(address)
    return not (ip.is_unspecified or ip.is_loopback or ip.is_multicast or ip.is_link_local)
