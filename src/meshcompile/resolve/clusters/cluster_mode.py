"""The two kinds of clusters that a service has. Follows istiod's `ClusterMode`."""

from msgspec import Struct

from meshcompile.queries import Key
from meshcompile.resolve.scope.clients import ClientKey
from meshcompile.snapshot.destination_rules import MergedDestinationRule
from meshcompile.snapshot.service import Service
from meshcompile.values.names import outbound, outbound_sni


class ClusterMode(Struct, frozen=True, cache_hash=True):
    """What depends on the kind of a cluster.

    `sni_names` gives clusters the SNI of Istio mutual TLS as names. `only_mutual_tls` leaves out endpoints that accept
    plain text alone. `originates_tls` is False for connections that have TLS already. `detects_tunnels` marks clusters
    whose endpoints accept HBONE. `prefers_client_labels` balances by the labels that endpoints share with the client.
    `keeps_draining` lets persistent sessions reach endpoints that drain.
    """

    sni_names: bool = False
    only_mutual_tls: bool = False
    originates_tls: bool = True
    detects_tunnels: bool = True
    prefers_client_labels: bool = True
    keeps_draining: bool = True

    def cluster_name(self, port: int, subset: str, host: str) -> str:
        return outbound_sni(port, subset, host) if self.sni_names else outbound(port, subset, host)


OUTBOUND = ClusterMode()
# The clusters of AUTO_PASSTHROUGH gateways, which pass mutual TLS of other networks on.
SNI_DNAT = ClusterMode(
    sni_names=True,
    only_mutual_tls=True,
    originates_tls=False,
    detects_tunnels=False,
    prefers_client_labels=False,
    keeps_draining=False,
)


class HostKey(Key, frozen=True):
    """A service, its DestinationRule and the client. The clusters are the same in every scope."""

    client: ClientKey
    service: Service
    rule: MergedDestinationRule | None
    mode: ClusterMode = OUTBOUND
