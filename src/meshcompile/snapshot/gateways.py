"""Gateways, oldest first. Follows istiod's `PushContext.initGateways` and the selection of `mergeGateways`."""

from msgspec import Struct

from meshcompile.models.networking.gateway import Gateway
from meshcompile.snapshot.ingress import FromIngresses
from meshcompile.snapshot.resources import ConfigStore, oldest_first
from meshcompile.values.labels import Labels, selects


class GatewayIndex(Struct, frozen=True):
    """Gateways, including those generated from Ingresses, oldest first."""

    all: tuple[Gateway, ...] = ()

    def selecting(self, labels: Labels) -> tuple[Gateway, ...]:
        """The Gateways of all namespaces that select a workload. A Gateway without a selector selects every
        workload.
        """
        return tuple(gateway for gateway in self.all if selects(gateway.spec.selector, labels))


def gateway_index(resources: ConfigStore, ingresses: FromIngresses) -> GatewayIndex:
    """The index of the accepted Gateways, and of those generated from Ingresses."""
    return GatewayIndex(tuple(sorted((*resources.all(Gateway), *ingresses.gateways), key=oldest_first)))
