"""Labels of namespaces for injection, and Pods that lack a sidecar. Follows istioctl's `injection.Analyzer`."""

import json
from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.in_mesh import is_assumed, is_created, is_written_with_proxy
from meshcompile.analyze.places import named, whole
from meshcompile.codes.injection import (
    INJECTED_BY_DEFAULT,
    NAMESPACE_NOT_INJECTED,
    POD_WITHOUT_PROXY,
    SEVERAL_INJECTION_LABELS,
)
from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.inject.decision import DATAPLANE_MODE, INJECT, NAMESPACE_INJECTION, REVISION
from meshcompile.models.kubernetes.config_map import ConfigMap
from meshcompile.models.kubernetes.namespace import Namespace
from meshcompile.models.kubernetes.pod import Pod

INJECTOR = "istio-sidecar-injector"
CONTROL_PLANE = "istio-system"
NEW = "meshcompile assumes that it is injected when it is created"
GATEWAY = "meshcompile assumes that it is a gateway, because a Gateway selects it"


def injected_namespaces(context: Context) -> Iterator[Diagnostic]:
    """A finding for each namespace without a label for injection, or with several, and for each Pod without sidecar."""
    written = context.written
    defaults = {each.name: _injects_by_default(each) for each in written.all(ConfigMap)}
    for namespace in written.namespaces.values():
        if namespace.name != CONTROL_PLANE:
            yield from _of_namespace(namespace, defaults)
    for name, pods in written.pods.by_namespace.items():
        labels = written.namespaces[name].metadata.labels if name in written.namespaces else {}
        if (
            name != CONTROL_PLANE
            and labels.get(NAMESPACE_INJECTION) == "enabled"
            and labels.get(DATAPLANE_MODE) != "ambient"
        ):
            yield from (_without_proxy(context, pod) for pod in pods if _lacks_proxy(pod))


def _of_namespace(namespace: Namespace, defaults: dict[str, bool]) -> Iterator[Diagnostic]:
    labels = namespace.metadata.labels
    injection = labels.get(NAMESPACE_INJECTION)
    others = (REVISION, DATAPLANE_MODE) if injection in (None, "enabled") else ()
    found = [f"{key}={labels[key]}" for key in (NAMESPACE_INJECTION, *others) if key in labels]
    if len(found) > 1:
        first = namespace.origin.at("metadata", "labels", found[0].partition("=")[0])
        yield SEVERAL_INJECTION_LABELS(first, reported=whole(namespace), labels=", ".join(found))
    if labels.get(DATAPLANE_MODE) == "ambient" or injection or REVISION in labels:
        return
    if defaults.get(INJECTOR):
        yield INJECTED_BY_DEFAULT(namespace, reported=whole(namespace))
    else:
        yield NAMESPACE_NOT_INJECTED(named(namespace))


def _injects_by_default(config_map: ConfigMap) -> bool:
    """True for the injector's settings if they inject into namespaces without a label."""
    if config_map.name != INJECTOR:
        return False
    try:
        values = json.loads(config_map.data.get("values", ""))
    except ValueError:
        return False
    webhook = values.get("sidecarInjectorWebhook") if isinstance(values, dict) else None
    return isinstance(webhook, dict) and webhook.get("enableNamespacesByDefault") is True


def _lacks_proxy(pod: Pod) -> bool:
    """True if a Pod is written without a sidecar that injection should add."""
    injection = pod.metadata.labels.get(INJECT, pod.metadata.annotations.get(INJECT, ""))
    return not (is_assumed(pod) or injection.lower() == "false" or pod.spec.host_network or is_written_with_proxy(pod))


def _without_proxy(context: Context, pod: Pod) -> Diagnostic:
    """The finding about a Pod. It is an info if the Pod is assumed to have a proxy."""
    basis = GATEWAY if context.serves_gateway(pod) else "" if is_created(pod) else NEW
    effect = basis or "it is outside of the mesh"
    severity = Severity.INFO if basis else None
    return POD_WITHOUT_PROXY(pod, reported=whole(pod), pod=pod.full_name, effect=effect, severity=severity)
