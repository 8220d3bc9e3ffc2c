"""istiod's templates `kube-gateway` and `waypoint`: the Deployment and the Service of a Gateway."""

from collections.abc import Iterable, Iterator
from typing import Any

from meshcompile.models.gateway_api.gateway import KubernetesGateway, Listener
from meshcompile.models.kubernetes.pod import PROXY_CONTAINER
from meshcompile.snapshot.gateway_api.classes import TRAITS, Controller, deployment_name
from meshcompile.snapshot.gateway_api.gateways import NAME_OVERRIDE, SERVICE_TYPE
from meshcompile.snapshot.gateway_api.overlays import Overlays
from meshcompile.snapshot.kubernetes_services import TRAFFIC_DISTRIBUTION
from meshcompile.values.labels import MANAGED, NETWORK, Labels

GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"
CLASS_NAME = "gateway.networking.k8s.io/gateway-class-name"
RESERVED = "gateway.networking.k8s.io/"
SERVICE_ACCOUNT = "gateway.istio.io/service-account"
CONTROLLER_VERSION = "gateway.istio.io/controller-version"
DATAPLANE_MODE = "istio.io/dataplane-mode"
LONGEST_PORT_NAME = 63
NOT_COPIED = frozenset(
    {"kubectl.kubernetes.io/last-applied-configuration", NAME_OVERRIDE, SERVICE_ACCOUNT, CONTROLLER_VERSION}
)
"""Annotations of a Gateway that its objects do not get."""

Data = dict[str, Any]


class GatewayTemplate:
    """The template for a Gateway, filled in. `network` is that of the cluster."""

    def __init__(
        self,
        gateway: KubernetesGateway,
        controller: Controller,
        listeners: Iterable[Listener],
        labels: Labels,
        network: str,
    ) -> None:
        default = deployment_name(gateway.name, gateway.spec, controller)
        self._gateway, self._controller, self._listeners = gateway, controller, tuple(listeners)
        self._name = gateway.metadata.annotations.get(NAME_OVERRIDE) or default
        self._account = gateway.metadata.annotations.get(SERVICE_ACCOUNT) or default
        self._labels, self._network = labels, network
        self._annotations = _infrastructure_annotations(gateway)

    def objects(self, overlays: Overlays) -> Iterator[Data]:
        """The Deployment and the Service. Raises RefusedOverlay."""
        yield overlays.applied("deployment", self._deployment())
        yield overlays.applied("service", self._service())

    @property
    def _is_waypoint(self) -> bool:
        return self._controller is Controller.WAYPOINT

    @property
    def _own_labels(self) -> Labels:
        return {GATEWAY_NAME: self._gateway.name, CLASS_NAME: self._gateway.spec.gateway_class_name}

    @property
    def _managed(self) -> Labels:
        return {MANAGED: self._controller.value.replace("/", "-")}

    def _metadata(self, annotations: Labels) -> Data:
        created = self._gateway.metadata.creation_timestamp
        return {
            "name": self._name,
            "namespace": self._gateway.namespace,
            "labels": {**self._labels, **self._own_labels, **self._managed},
            "annotations": dict(annotations),
            **({"creationTimestamp": created} if created else {}),
        }

    # ---- the Deployment

    def _deployment(self) -> Data:
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": self._metadata(self._annotations),
            "spec": {
                "selector": {"matchLabels": {GATEWAY_NAME: self._gateway.name}},
                "template": {
                    "metadata": {"annotations": self._pod_annotations(), "labels": self._pod_labels()},
                    "spec": {"serviceAccountName": self._account, "containers": [self._container()]},
                },
            },
        }

    def _pod_annotations(self) -> Labels:
        return {
            **self._annotations,
            "istio.io/rev": "default",
            "prometheus.io/path": "/stats/prometheus",
            "prometheus.io/port": "15020",
            "prometheus.io/scrape": "true",
        }

    def _pod_labels(self) -> Labels:
        return {
            "sidecar.istio.io/inject": "false",
            **({DATAPLANE_MODE: "none"} if self._is_waypoint else {}),
            "service.istio.io/canonical-name": self._name,
            "service.istio.io/canonical-revision": "latest",
            **self._labels,
            **self._own_labels,
            **self._managed,
        }

    def _container(self) -> Data:
        ports = {"metrics": 15020, "status-port": 15021, "http-envoy-prom": 15090}
        return {
            "name": PROXY_CONTAINER,
            "image": "auto",
            "args": ["proxy", "waypoint" if self._is_waypoint else "router"],
            "ports": [{"name": name, "containerPort": number} for name, number in ports.items()],
            "env": [{"name": name, "value": value} for name, value in self._environment().items()],
        }

    def _environment(self) -> Labels:
        network, own = self._labels.get(NETWORK) or self._network, self._labels.get(NETWORK)
        requested = {"ISTIO_META_REQUESTED_NETWORK_VIEW": own} if own and not self._is_waypoint else {}
        return {**({"ISTIO_META_NETWORK": network} if network else {}), **requested}

    # ---- the Service

    def _service(self) -> Data:
        default = TRAITS[self._controller].service_type
        kind = self._gateway.metadata.annotations.get(SERVICE_TYPE, default)
        nearby = {TRAFFIC_DISTRIBUTION: "PreferClose"} if self._is_waypoint else {}
        addresses = self._gateway.spec.addresses
        balanced = {"loadBalancerIP": addresses[0].value} if addresses and kind == "LoadBalancer" else {}
        return {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": self._metadata({**nearby, **self._annotations}),
            "spec": {
                "ipFamilyPolicy": "PreferDualStack",
                "ports": list(self._ports()),
                "selector": {GATEWAY_NAME: self._gateway.name},
                **balanced,
                "type": kind,
            },
        }

    def _ports(self) -> Iterator[Data]:
        """The port for health checks, and one port for each port of the listeners."""
        yield {"name": "status-port", "port": 15021, "protocol": "TCP", "appProtocol": "tcp"}
        first = {each.port: each for each in reversed(self._listeners)}
        for number in dict.fromkeys(each.port for each in self._listeners):
            listener = first[number]
            name = listener.name.replace(".", "-")[:LONGEST_PORT_NAME]
            yield {"name": name, "port": number, "protocol": "TCP", "appProtocol": listener.protocol.lower()}


# ---- labels and annotations


def infrastructure_labels(gateway: KubernetesGateway) -> Labels:
    """The labels that the Gateway asks for, else its own."""
    infrastructure = gateway.spec.infrastructure
    if infrastructure is not None and infrastructure.labels:
        return _unreserved(infrastructure.labels)
    return gateway.metadata.labels


def _infrastructure_annotations(gateway: KubernetesGateway) -> Labels:
    """The annotations that the Gateway asks for, else its own, without those for istiod."""
    infrastructure = gateway.spec.infrastructure
    if infrastructure is not None and infrastructure.annotations:
        wanted = _unreserved(infrastructure.annotations)
    else:
        wanted = gateway.metadata.annotations
    return {name: value for name, value in wanted.items() if name not in NOT_COPIED}


def _unreserved(metadata: Labels) -> Labels:
    return {name: value for name, value in metadata.items() if not name.startswith(RESERVED)}
