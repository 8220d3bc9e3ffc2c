"""The Deployment and the Service that istiod makes for a Gateway, as far as anything reads them.

Follows istiod's `deploymentcontroller.go` and its templates `kube-gateway` and `waypoint`. The ServiceAccount, the
HorizontalPodAutoscaler and the PodDisruptionBudget are not made, because nothing reads them.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from pydantic import ValidationError

from meshcompile.codes.gateway_api import NOT_DEPLOYED
from meshcompile.codes.proxies import ASSUMED_DEPLOYMENT
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.base import Resource, placed
from meshcompile.models.gateway_api.gateway import GatewayClass, KubernetesGateway, Listener, ListenerSet
from meshcompile.models.kubernetes.config_map import ConfigMap
from meshcompile.models.kubernetes.namespace import Namespace
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.models.kubernetes.service import Service
from meshcompile.models.kubernetes.workloads import Deployment
from meshcompile.snapshot.gateway_api.classes import (
    TRAITS,
    Controller,
    controllers,
    is_managed,
)
from meshcompile.snapshot.gateway_api.deployment_template import (
    CONTROLLER_VERSION,
    DATAPLANE_MODE,
    Data,
    GatewayTemplate,
    infrastructure_labels,
)
from meshcompile.snapshot.gateway_api.gateways import takes_listeners_from
from meshcompile.snapshot.gateway_api.listeners import Namespaces
from meshcompile.snapshot.gateway_api.overlays import SYSTEM_NAMESPACE, Overlays, RefusedOverlay
from meshcompile.snapshot.resources import Assumed, R, oldest_first
from meshcompile.values.labels import NETWORK, Labels

OWN_RANK = 5
"""The value of the annotation `controller-version` with which this release marks Gateways as its own."""

_DECIDING = (KubernetesGateway, GatewayClass, ListenerSet, Namespace, ConfigMap)


class DeployedGateway(Struct, frozen=True):
    """A Gateway with the objects that istiod makes for it. `refused` says why it makes none."""

    gateway: KubernetesGateway
    objects: tuple[Resource, ...] = ()
    refused: Diagnostic | None = None


def deployment_inputs(resources: Iterable[Resource]) -> tuple[Resource, ...]:
    """The objects that decide what istiod makes."""
    return tuple(resource for resource in resources if isinstance(resource, _DECIDING))


def deployed_gateways(given: tuple[Resource, ...], ambient: bool) -> tuple[DeployedGateway, ...]:
    """The Gateways that istiod makes objects for, by namespace and name."""
    builder = DeploymentBuilder.of(given, ambient)
    gateways = sorted(_of_kind(given, KubernetesGateway), key=lambda each: (each.namespace, each.name))
    return tuple(builder.of_gateway(each) for each in gateways if builder.deploys(each))


def assumed_deployments(deployed: Iterable[DeployedGateway], resources: Iterable[Resource]) -> Assumed:
    """The objects of a cluster with what is missing.

    A cluster with a running Pod is complete: what is not there was not made.
    """
    given, gateways = tuple(resources), tuple(deployed)
    refused = tuple(each.refused for each in gateways if each.refused is not None)
    if any(isinstance(each, Pod) and each.status.pod_ip for each in given):
        return Assumed(given, refused)
    there = {(each.kind, each.namespace, each.name) for each in given if isinstance(each, Deployment | Service)}
    missing = [
        (each.gateway, tuple(made for made in each.objects if (made.kind, made.namespace, made.name) not in there))
        for each in gateways
    ]
    return Assumed(
        (*given, *(made for _, objects in missing for made in objects)),
        (*refused, *(_assumption(gateway, objects) for gateway, objects in missing if objects)),
    )


def _assumption(gateway: KubernetesGateway, objects: Iterable[Resource]) -> Diagnostic:
    return ASSUMED_DEPLOYMENT(gateway, objects=" and ".join(f"{each.kind} `{each.name}`" for each in objects))


def _of_kind(resources: Iterable[Resource], kind: type[R]) -> tuple[R, ...]:
    """The objects of a kind, oldest first."""
    return tuple(sorted((each for each in resources if isinstance(each, kind)), key=oldest_first))


class DeploymentBuilder(Struct, frozen=True):
    """Makes the objects of Gateways."""

    controllers: Mapping[str, Controller]
    namespaces: Namespaces
    listener_sets: tuple[ListenerSet, ...]
    config_maps: tuple[ConfigMap, ...]
    ambient: bool

    @classmethod
    def of(cls, resources: tuple[Resource, ...], ambient: bool) -> "DeploymentBuilder":
        """The builder for the Gateways among some objects."""
        return cls(
            controllers=controllers(_of_kind(resources, GatewayClass), ambient),
            namespaces=Namespaces.of(_of_kind(resources, Namespace)),
            listener_sets=_of_kind(resources, ListenerSet),
            config_maps=_of_kind(resources, ConfigMap),
            ambient=ambient,
        )

    def deploys(self, gateway: KubernetesGateway) -> bool:
        """True if istiod makes objects for a Gateway."""
        controller = self.controllers.get(gateway.spec.gateway_class_name)
        if controller is None or not TRAITS[controller].service_type:
            return False
        return is_managed(gateway.spec) and _is_own(gateway)

    def of_gateway(self, gateway: KubernetesGateway) -> DeployedGateway:
        """A Gateway with its objects."""
        controller = self.controllers[gateway.spec.gateway_class_name]
        labels = {**infrastructure_labels(gateway), **self._added_labels(gateway)}
        template = GatewayTemplate(gateway, controller, self._listeners(gateway), labels, self._network)
        try:
            overlays = Overlays.of(gateway, self.config_maps)
            return DeployedGateway(gateway, tuple(_model(data, gateway) for data in template.objects(overlays)))
        except RefusedOverlay as found:
            place = found.origin or gateway.origin
            return DeployedGateway(gateway, refused=NOT_DEPLOYED(place, problem=found.problem))

    @property
    def _network(self) -> str:
        """The network of the cluster, as the namespace of Istio has it: Helm's value `global.network`."""
        return self.namespaces.labels.get(SYSTEM_NAMESPACE, {}).get(NETWORK, "")

    def _added_labels(self, gateway: KubernetesGateway) -> Labels:
        """The labels that istiod adds, unless the Gateway has them: the network of waypoints, and that ztunnel leaves
        other gateways of an ambient mesh alone.
        """
        name, own = gateway.spec.gateway_class_name, gateway.metadata.labels
        if "waypoint" in name or "east-west" in name:
            return {NETWORK: self._network} if self._network and NETWORK not in own else {}
        has_mode = DATAPLANE_MODE in own or DATAPLANE_MODE in infrastructure_labels(gateway)
        return {DATAPLANE_MODE: "none"} if self.ambient and not has_mode else {}

    def _listeners(self, gateway: KubernetesGateway) -> Iterator[Listener]:
        """The listeners of a Gateway, and those of the ListenerSets that it takes."""
        yield from gateway.spec.listeners
        for each in self.listener_sets:
            parent = each.spec.parent_ref
            is_parent = (parent.namespace or each.namespace, parent.name) == (gateway.namespace, gateway.name)
            if is_parent and takes_listeners_from(gateway, each.namespace, self.namespaces):
                yield from each.spec.listeners


def _is_own(gateway: KubernetesGateway) -> bool:
    """False for a Gateway that a newer istiod manages."""
    rank = gateway.metadata.annotations.get(CONTROLLER_VERSION)
    return rank is None or (rank.isdecimal() and int(rank) <= OWN_RANK)


def _model(data: Data, gateway: KubernetesGateway) -> Resource:
    model = Deployment if data["kind"] == "Deployment" else Service
    try:
        return placed(model.model_validate(data), gateway.origin)
    except ValidationError as error:
        found = error.errors()[0]
        field = ".".join(str(key) for key in found["loc"])
        raise RefusedOverlay(f"the overlay of the {data['kind']} is invalid: {field}: {found['msg']}") from None
