"""Gateways, oldest first. Follows istiod's `PushContext.initGateways` and the selection of `mergeGateways`."""

from collections.abc import Collection, Mapping

from msgspec import Struct

from meshcompile.models.networking.gateway import Gateway
from meshcompile.snapshot.gateway_api.converted import BoundServices, FromGatewayApi
from meshcompile.snapshot.ingress import FromIngresses
from meshcompile.snapshot.resources import ConfigStore, oldest_first
from meshcompile.values.labels import Labels, selects

# The annotation with which istiod binds the Gateways that it makes of the Gateway API to Services.
SERVICES_ANNOTATION = "internal.istio.io/gateway-service"


class GatewayIndex(Struct, frozen=True):
    """Gateways, including those generated from Ingresses and the Gateway API, oldest first.

    `bound` has the Services of the Gateways that are bound to Services, as those of the Gateway API are, by
    `namespace/name`. These Gateways select no labels.
    """

    all: tuple[Gateway, ...] = ()
    bound: Mapping[str, BoundServices] = {}

    def selecting(self, labels: Labels) -> tuple[Gateway, ...]:
        """The Gateways of all namespaces that select a workload by its labels. A Gateway without a selector selects
        every workload.
        """
        return tuple(
            gateway
            for gateway in self.all
            if gateway.full_name not in self.bound and selects(gateway.spec.selector, labels)
        )

    def serving(
        self, labels: Labels, services: Collection[tuple[str, str]], *, strict: bool = False
    ) -> tuple[Gateway, ...]:
        """The Gateways that select a workload by its labels, or by a Service of it (host and namespace).

        If it is `strict`, a workload that istiod deploys for Gateways serves no unbound ones of other namespaces.
        """
        served = tuple(gateway for gateway in self.all if self.is_served(gateway, labels, services))
        own = {each.namespace for each in served if self._is_deployed(each)} if strict else None
        return tuple(each for each in served if not own or each.full_name in self.bound or each.namespace in own)

    def _is_deployed(self, gateway: Gateway) -> bool:
        bound = self.bound.get(gateway.full_name)
        return bound is not None and bound.is_deployed

    def is_served(self, gateway: Gateway, labels: Labels, services: Collection[tuple[str, str]]) -> bool:
        """Whether a workload with these labels and Services serves a Gateway."""
        bound = self.bound.get(gateway.full_name)
        if bound is None:
            return selects(gateway.spec.selector, labels)
        return any((host, bound.namespace) in services for host in bound.hosts)


def gateway_index(resources: ConfigStore, ingresses: FromIngresses, gateway_api: FromGatewayApi) -> GatewayIndex:
    """The index of the accepted Gateways, and of those generated from Ingresses and the Gateway API."""
    every = (*resources.all(Gateway), *ingresses.gateways, *gateway_api.gateways)
    annotated = {gateway.full_name: bound for gateway in every if (bound := _annotated(gateway)) is not None}
    return GatewayIndex(tuple(sorted(every, key=oldest_first)), {**gateway_api.bound, **annotated})


def _annotated(gateway: Gateway) -> BoundServices | None:
    """The Services in the namespace of a Gateway that its annotation names in place of a selector."""
    named = gateway.metadata.annotations.get(SERVICES_ANNOTATION)
    return None if named is None else BoundServices(tuple(named.split(",")), gateway.namespace)
