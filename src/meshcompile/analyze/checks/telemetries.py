"""Telemetries that conflict, or that name no provider for their logs. Follows istioctl's `telemetry` analyzers."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from meshcompile.analyze.context import Context
from meshcompile.analyze.in_mesh import assumption, is_assumed
from meshcompile.analyze.places import named, selector_place, whole
from meshcompile.analyze.workloads import selector_text
from meshcompile.codes.references import NOT_FOUND
from meshcompile.codes.telemetry import PROVIDER_MISSING, SEVERAL_FOR_NAMESPACE, SEVERAL_FOR_WORKLOAD
from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.models.telemetry.telemetry import Telemetry
from meshcompile.values.labels import Labels


def telemetries(context: Context) -> Iterator[Diagnostic]:
    """A finding for each Telemetry that logs to no provider, selects nothing, or conflicts with another one."""
    yield from _without_provider(context)
    yield from _without_selector(context)
    yield from _selecting(context)


def _without_provider(context: Context) -> Iterator[Diagnostic]:
    """A finding for each Telemetry with access logging that has no provider, and none to inherit."""
    defaults = context.snapshot.mesh.default_providers
    if defaults is not None and defaults.access_logging:
        return
    for telemetry in context.written.all(Telemetry):
        blocks = [each for each in telemetry.spec.access_logging if not each.disabled and not each.providers]
        if blocks:
            yield PROVIDER_MISSING(blocks[0], reported=whole(telemetry))


def _without_selector(context: Context) -> Iterator[Diagnostic]:
    """A finding for each of several Telemetries without a selector in one namespace, regardless of their targets."""
    namespaces: dict[str, list[Telemetry]] = defaultdict(list)
    for telemetry in context.written.all(Telemetry):
        if telemetry.spec.selector is None:
            namespaces[telemetry.namespace].append(telemetry)
    for of, group in namespaces.items():
        names = ", ".join(sorted(telemetry.name for telemetry in group))
        if len(group) > 1:
            yield from (SEVERAL_FOR_NAMESPACE(each, reported=whole(each), names=names, of=of) for each in group)


def _labels(telemetry: Telemetry) -> Labels:
    return {} if telemetry.spec.selector is None else telemetry.spec.selector.match_labels


def _selecting(context: Context) -> Iterator[Diagnostic]:
    """A finding for each selector that matches nothing in its own namespace, or a Pod that others select too."""
    by_pod: dict[str, list[Telemetry]] = defaultdict(list)
    for telemetry in context.written.all(Telemetry):
        labels = _labels(telemetry)
        pods = tuple(context.written.pods.selected(labels, telemetry.namespace)) if labels else ()
        for pod in pods:
            by_pod[pod.full_name].append(telemetry)
        if pods and all(map(is_assumed, pods)):
            yield _selecting_assumed(telemetry, labels, pods)
        elif labels and not pods and not context.workloads.has(labels, telemetry.namespace):
            yield _selecting_nothing(context, telemetry, labels)
    for full_name, same in by_pod.items():
        if len(same) > 1:
            names, pod_name = ", ".join(sorted(telemetry.name for telemetry in same)), full_name.rpartition("/")[2]
            yield from (SEVERAL_FOR_WORKLOAD(named(each), names=names, pod=pod_name) for each in same)


def _selecting_assumed(telemetry: Telemetry, labels: Labels, pods: Sequence[Pod]) -> Diagnostic:
    return NOT_FOUND(
        selector_place(telemetry, labels, "spec", "selector", "matchLabels"),
        problem=f"the input has no Pod with the labels {selector_text(labels)}",
        effect=assumption(pods),
        severity=Severity.INFO,
    )


def _selecting_nothing(context: Context, telemetry: Telemetry, labels: Labels) -> Diagnostic:
    namespace, labels_text = telemetry.namespace, selector_text(labels)
    return NOT_FOUND(
        selector_place(telemetry, labels, "spec", "selector", "matchLabels"),
        problem=f"no workload of namespace {namespace} has the labels {labels_text} that this Telemetry selects",
        effect="it has no effect",
        severity=context.of_workloads,
    )
