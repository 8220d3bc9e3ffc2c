"""The injection of one Pod, in the order of istiod's `injectPod` (pkg/kube/inject/webhook.go)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from meshcompile.golang.json import in_order
from meshcompile.inject.earlier import STATUS, seen_by_templates
from meshcompile.inject.gateway import gateway_patch
from meshcompile.inject.grpc import grpc_agent_patch, grpc_simple_patch
from meshcompile.inject.input import NATIVE_SIDECAR, PROXY, TemplateInput, WorkloadOwner
from meshcompile.inject.labels import TEMPLATES, template_names
from meshcompile.inject.merge import patched_pod
from meshcompile.inject.order import in_order_of_start
from meshcompile.inject.overrides import with_own_containers, with_own_user
from meshcompile.inject.parts import Patch
from meshcompile.inject.pods import (
    CONTAINERS,
    INIT_CONTAINERS,
    annotations_of,
    containers_of,
    labels_of,
    named,
    with_annotations,
    with_changed,
    with_metadata,
    with_spec,
)
from meshcompile.inject.probes import with_rewritten_probes
from meshcompile.inject.problems import InjectionProblem
from meshcompile.inject.prometheus import with_merged_metrics
from meshcompile.inject.proxy_rules import proxy_config_problems
from meshcompile.inject.rules import invalid_annotations
from meshcompile.inject.settings import InjectionSettings, annotated_config
from meshcompile.inject.sidecar import sidecar_patch
from meshcompile.inject.typed import Json, typed
from meshcompile.models.mesh.defaults import CODE_DEFAULTS
from meshcompile.models.mesh.merge import merged_proxy_configs

PROXY_CONFIG_ANNOTATION = "proxy.istio.io/config"
NETWORK_LABEL = "topology.istio.io/network"
SIDECAR = "sidecar"
NO_POD: Json = {"metadata": {}, "spec": {"containers": None}, "status": {}}

_PATCHES: Mapping[str, Callable[[TemplateInput], Patch]] = {
    SIDECAR: sidecar_patch,
    "gateway": gateway_patch,
    "grpc-agent": grpc_agent_patch,
    "grpc-simple": grpc_simple_patch,
}
OF_GATEWAYS = ("waypoint", "kube-gateway", "agentgateway")
"""Templates of the chart for what istiod creates itself. They have no Pod to inject into."""


def injected_pod(pod: Json, owner: WorkloadOwner, settings: InjectionSettings) -> Json:
    """A Pod after injection. `settings` has the proxy config of the Pod.

    Raises InjectionProblem for an annotation or a setting that stops the injection.
    """
    _check_annotations(annotations_of(pod))
    given = TemplateInput(
        owner,
        seen_by_templates(pod, settings.proxy_config.status_port),
        settings.proxy_config,
        settings.mesh,
        settings.values,
        settings.revision,
        settings.native_sidecars,
    )
    template, result = NO_POD, pod
    for name in template_names(annotations_of(pod), SIDECAR):
        patch = _patch(name, given)
        template = patched_pod(template, patch)
        result = patched_pod(_with_moved_proxy(result, template, native=settings.native_sidecars), patch)
    result = with_own_user(with_own_containers(result, pod, template), pod, settings.proxy_config)
    return _completed(result, pod, template, settings)


def _completed(result: Json, original: Json, template: Json, settings: InjectionSettings) -> Json:
    """The Pod with what no template adds."""
    config, values = settings.proxy_config, settings.values
    environment = _cluster_environment(original, settings)
    result = with_changed(result, PROXY, lambda proxy: _with_environment(proxy, environment))
    result = with_merged_metrics(result, settings.mesh, config.status_port)
    rewrites = values.sidecar_injector_webhook.rewrite_app_http_probe is True
    result = with_rewritten_probes(result, config.status_port, by_default=rewrites)
    if network := environment.get("ISTIO_META_NETWORK"):
        result = with_metadata(result, "labels", {**labels_of(result), NETWORK_LABEL: network})
    status = injection_status(template, settings.revision)
    result = with_annotations(result, {**annotations_of(result), STATUS: status})
    first = config.hold_application_until_proxy_starts or values.proxy.hold_application_until_proxy_starts
    return typed(in_order_of_start(result, proxy_first=bool(first)), "Pod", coerce=False)


def injection_status(template: Json, revision: str) -> str:
    """The names of what the templates added, as JSON."""
    spec = template["spec"]
    fields = ("initContainers", "containers", "volumes", "imagePullSecrets")
    names = {field: [each.get("name", "") for each in spec.get(field) or ()] or None for field in fields}
    return in_order({**names, "revision": revision or "default"})


def _check_annotations(annotations: Mapping[str, str]) -> None:
    """Raise InjectionProblem for the first invalid annotation."""
    for name, expected in _problems(annotations):
        place = ("metadata", "annotations", name)
        raise InjectionProblem(f"annotation {name}: expected {expected}, found {annotations[name]!r}", place)


def _problems(annotations: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield from invalid_annotations(annotations)
    if PROXY_CONFIG_ANNOTATION in annotations:
        own = annotated_config(annotations[PROXY_CONFIG_ANNOTATION])
        for problem in proxy_config_problems(merged_proxy_configs(CODE_DEFAULTS.default_config, own)):
            raise InjectionProblem(problem, ("metadata", "annotations", PROXY_CONFIG_ANNOTATION))


def _patch(name: str, given: TemplateInput) -> Patch:
    """What a template adds. Raises InjectionProblem for a template that cannot be run."""
    place = ("metadata", "annotations", TEMPLATES)
    if name in given.values.sidecar_injector_webhook.templates:
        raise InjectionProblem(
            f"template {name!r} is a custom template in Go's template language, which meshcompile does not run", place
        )
    if name in OF_GATEWAYS:
        raise InjectionProblem(f"template {name!r} is for proxies that istiod creates, not for injection", place)
    if name not in _PATCHES:
        raise InjectionProblem(f"no such template: {name!r}; there are {', '.join(_PATCHES)}", place)
    return _PATCHES[name](given)


def _with_moved_proxy(pod: Json, template: Json, *, native: bool) -> Json:
    """The Pod with the user's proxy among the init containers, where a template has a native sidecar."""
    said = annotations_of(pod).get(NATIVE_SIDECAR)
    native = {"true": True, "false": False}.get(said or "", native)
    containers = containers_of(pod, CONTAINERS)
    own = named(containers, PROXY)
    if not native or own is None or named(containers_of(template, INIT_CONTAINERS), PROXY) is None:
        return pod
    place = next(index for index, each in enumerate(containers) if each is own)
    rest = [*containers[:place], *containers[place + 1 :]]
    return with_spec(pod, {CONTAINERS: rest, INIT_CONTAINERS: [*containers_of(pod, INIT_CONTAINERS), own]})


def _cluster_environment(pod: Json, settings: InjectionSettings) -> Mapping[str, str]:
    """The names of the cluster and the network, if they are known."""
    values = settings.values.global_
    network = labels_of(pod).get(NETWORK_LABEL, values.network or "")
    named_cluster = {"ISTIO_META_CLUSTER_ID": values.multi_cluster.cluster_name or "", "ISTIO_META_NETWORK": network}
    return {name: value for name, value in named_cluster.items() if value}


def _with_environment(container: Json, values: Mapping[str, str]) -> Json:
    """The container with these variables last, instead of those of the same names."""
    if not values:
        return container
    kept = [each for each in container.get("env", ()) if each["name"] not in values]
    return {**container, "env": [*kept, *({"name": name, "value": values[name]} for name in sorted(values))]}
