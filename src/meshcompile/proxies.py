"""The proxies of a mesh: one per Pod that runs Envoy, found by the names that istioctl accepts.

This module takes the role of the injector and the agent: it computes the node metadata of a Pod's bootstrap.
"""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from msgspec import Struct

from meshcompile.errors import UnknownProxy
from meshcompile.inject.labels import template_names
from meshcompile.models.kubernetes.pod import PROXY_CONTAINER, Pod
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.mesh.proxy_config import ProxyConfig, TracingServiceName
from meshcompile.proxy import Proxy, ProxyType
from meshcompile.snapshot.proxy_configs import ProxyConfigIndex
from meshcompile.values.ip import is_ip
from meshcompile.values.labels import NETWORK, Labels, canonical_name

# The injector's templates that run Envoy as a gateway, without an application container.
_GATEWAY_TEMPLATES = frozenset({"gateway", "kube-gateway"})
# Labels that name a workload's application, in order of precedence. The order differs from the canonical name's.
_APP_LABELS = ("app", "app.kubernetes.io/name", "service.istio.io/canonical-name")
_METADATA_PREFIX = "ISTIO_META_"
_ENDED = frozenset({"Succeeded", "Failed"})
# Short names of workload kinds, as kubectl has them.
_KINDS = {
    "deploy": "deployment",
    "sts": "statefulset",
    "ds": "daemonset",
    "rs": "replicaset",
    "rc": "replicationcontroller",
    "cj": "cronjob",
    "po": "pod",
    "ro": "rollout",
    "dc": "deploymentconfig",
    "kservice": "ksvc",
    "gtw": "gateway",
}
# The label of a Pod's Knative Service. kubectl calls this kind ksvc.
_KNATIVE_SERVICE = "serving.knative.dev/service"
# The label of a Pod that istiod deploys for a Gateway of the Gateway API.
_GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"
# Labels of Pods with the hash in the name of their ReplicaSet, and the kind that owns the ReplicaSet.
_TEMPLATE_HASHES = {"pod-template-hash": "deployment", "rollouts-pod-template-hash": "rollout"}


class NamedProxy(Struct, frozen=True, eq=False, dict=True):
    """A proxy, created on first use, and the names by which users refer to it."""

    pod: Pod
    release: str
    cluster: str
    configs: ProxyConfigIndex

    @cached_property
    def proxy(self) -> Proxy:
        return Proxy.from_node(_node(self.pod, self.release, self.cluster, self.configs))

    @property
    def pod_id(self) -> str:
        """The id of its proxy: `POD.NAMESPACE`."""
        return f"{self.pod.name}.{self.pod.namespace}"

    @property
    def names(self) -> Iterator[str]:
        """Its names: `POD.NAMESPACE`, `pod/POD.NAMESPACE`, `KIND/NAME.NAMESPACE`, `gateway/NAME.NAMESPACE`."""
        return pod_names(self.pod)

    @property
    def workload(self) -> str:
        """The name of its workload: `KIND/NAME.NAMESPACE`."""
        kind, name = _workload(self.pod)
        return f"{kind}/{name}.{self.pod.namespace}"


def pod_names(pod: Pod) -> Iterator[str]:
    """The names of a Pod, of its workload and of its Gateway: `POD.NAMESPACE`, `KIND/NAME.NAMESPACE` etc."""
    kind, workload = _workload(pod)
    names = [pod.name, f"pod/{pod.name}", f"{kind}/{workload}"]
    if service := pod.metadata.labels.get(_KNATIVE_SERVICE):
        names.append(f"ksvc/{service}")
    if gateway := pod.metadata.labels.get(_GATEWAY_NAME):
        names.append(f"gateway/{gateway}")
    return (f"{name}.{pod.namespace}" for name in names)


def proxies(pods: Iterable[Pod], release: str, cluster: str, configs: ProxyConfigIndex) -> tuple[NamedProxy, ...]:
    """Every proxy that the Pods run, sorted by namespace and name."""
    running = sorted((pod for pod in pods if _runs_proxy(pod)), key=lambda pod: (pod.namespace, pod.name))
    return tuple(NamedProxy(pod, release, cluster, configs) for pod in running)


def by_name(known: Iterable[NamedProxy]) -> Mapping[str, NamedProxy]:
    """The proxies by all their names. If several share a name, it refers to the first one."""
    names: dict[str, NamedProxy] = {}
    for candidate in known:
        for name in candidate.names:
            names.setdefault(name, candidate)
    return names


def proxy_named(name: str, known: Mapping[str, NamedProxy], namespace: str) -> Proxy:
    """The proxy with this name. A name without a namespace refers to `namespace`.

    Raises UnknownProxy, with similar names.
    """
    kind, slash, rest = name.rpartition("/")
    full_name = f"{_KINDS.get(kind.lower(), kind.lower())}{slash}{rest}"
    for spelling in (full_name, f"{full_name}.{namespace}"):
        if spelling in known:
            return known[spelling].proxy
    raise UnknownProxy(name, _close(full_name, known))


def _close(name: str, known: Mapping[str, NamedProxy]) -> tuple[str, ...]:
    """Similar names, the most similar first. Each proxy contributes only its most similar name."""
    names: dict[NamedProxy, str] = {}
    for close in get_close_matches(name, known, n=9, cutoff=0.5):
        names.setdefault(known[close], close)
    return tuple(names.values())[:3]


def has_node_id(pod: Pod) -> bool:
    """True if a Pod has a valid IP address and no `~` in its names, so that the id of its proxy can be read."""
    return is_ip(_addresses(pod)[0]) and "~" not in f"{pod.name}{pod.namespace}"


def _runs_proxy(pod: Pod) -> bool:
    """True if Envoy is a container of a Pod whose proxy has an id, and that has not terminated."""
    return has_node_id(pod) and pod.status.phase not in _ENDED and pod.spec.proxy is not None


def _addresses(pod: Pod) -> tuple[str, ...]:
    return tuple(ip.ip for ip in pod.status.pod_ips) or (pod.status.pod_ip,)


def _node(pod: Pod, release: str, cluster: str, configs: ProxyConfigIndex) -> Mapping[str, Any]:
    """The bootstrap node of the Pod's proxy."""
    _, workload_name = _workload(pod)
    namespace, annotations = pod.metadata.namespace, pod.metadata.annotations
    config = configs.effective(namespace, pod.metadata.labels, annotations)
    addresses = _addresses(pod)
    return {
        "id": f"{_proxy_type(pod)}~{addresses[0]}~{pod.name}.{namespace}~{namespace}.svc.cluster.local",
        "cluster": _service_cluster(config, pod.metadata.labels, workload_name, namespace),
        "metadata": {
            "APP_CONTAINERS": ",".join(c.name for c in pod.spec.containers if c.name != PROXY_CONTAINER),
            "CLUSTER_ID": cluster,
            "INSTANCE_IPS": ",".join(addresses),
            "INTERCEPTION_MODE": annotations.get("sidecar.istio.io/interceptionMode", config.interception_mode.value),
            "ISTIO_VERSION": release,
            "LABELS": dict(pod.metadata.labels),
            "ANNOTATIONS": dict(annotations),
            "MESH_ID": configs.mesh.trust_domain,
            "NAME": pod.name,
            "NAMESPACE": namespace,
            "NODE_NAME": pod.spec.node_name,
            "SERVICE_ACCOUNT": pod.spec.service_account,
            "WORKLOAD_NAME": workload_name,
            **_network(pod.metadata.labels),
            **_reported(config, configs.mesh),
            **_metadata_from_environment(pod, config),
        },
    }


def _network(labels: Labels) -> Mapping[str, str]:
    """The network that injection reads from the label of a Pod, as `ISTIO_META_NETWORK`."""
    return {"NETWORK": labels[NETWORK]} if labels.get(NETWORK) else {}


def _service_cluster(config: ProxyConfig, labels: Labels, workload_name: str, namespace: str) -> str:
    """The name of the proxy's service in traces. Follows the agent's `getServiceCluster`."""
    canonical = canonical_name(labels, workload_name)
    match config.tracing_service_name:
        case TracingServiceName.CANONICAL_NAME_AND_NAMESPACE:
            return f"{canonical}.{namespace}"
        case TracingServiceName.CANONICAL_NAME_ONLY:
            return canonical
        case _:
            pass
    named = config.service_cluster or PROXY_CONTAINER
    app = next((labels[key] for key in _APP_LABELS if key in labels), workload_name)
    return f"{app}.{namespace}" if named == PROXY_CONTAINER else named


def _reported(config: ProxyConfig, mesh: MeshConfig) -> Mapping[str, Any]:
    """The settings that the proxy reports; empty if they equal the mesh's defaults, which apply anyway."""
    if config == mesh.default_config:
        return {}
    return {"PROXY_CONFIG": config.model_dump(mode="json", by_alias=True, exclude_defaults=True)}


def _metadata_from_environment(pod: Pod, config: ProxyConfig) -> Mapping[str, str]:
    """Node metadata from `ISTIO_META_...` variables: first those of the settings, then those of the proxy's
    container.

    Variables with a `valueFrom` are skipped, because their values are already known.
    """
    container = pod.spec.proxy
    own = {variable.name: variable.value for variable in container.env if variable.value} if container else {}
    variables = {**config.proxy_metadata, **own}
    return {
        name.removeprefix(_METADATA_PREFIX): value
        for name, value in variables.items()
        if name.startswith(_METADATA_PREFIX)
    }


def _proxy_type(pod: Pod) -> ProxyType:
    """WAYPOINT if the arguments of Envoy's container say so; ROUTER for a Pod from a gateway template, or with Envoy as
    its only container.
    """
    if pod.spec.proxy is not None and ProxyType.WAYPOINT in pod.spec.proxy.args:
        return ProxyType.WAYPOINT
    alone = all(c.name == PROXY_CONTAINER for c in pod.spec.containers)
    return (
        ProxyType.ROUTER
        if alone or _GATEWAY_TEMPLATES.intersection(template_names(pod.metadata.annotations))
        else ProxyType.SIDECAR
    )


def _workload(pod: Pod) -> tuple[str, str]:
    """Kind (lower case) and name of the Pod's controller. A ReplicaSet of a Deployment counts as the Deployment."""
    owner = next((o for o in pod.metadata.owner_references if o.controller is not False), None)
    if owner is None:
        return "pod", pod.name
    for label, kind in _TEMPLATE_HASHES.items():
        template_hash = pod.metadata.labels.get(label, "")
        if owner.kind == "ReplicaSet" and template_hash and owner.name.endswith(f"-{template_hash}"):
            return kind, owner.name.removesuffix(f"-{template_hash}")
    if owner.kind == "ReplicationController" and (config := pod.metadata.labels.get("deploymentconfig")):
        return "deploymentconfig", config
    return owner.kind.lower(), owner.name
