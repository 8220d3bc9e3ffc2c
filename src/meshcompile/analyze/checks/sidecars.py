"""Sidecars and the workloads that they select. Follows istioctl's `sidecar.SelectorAnalyzer`."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from meshcompile.analyze.context import Context
from meshcompile.analyze.in_mesh import assumption, is_ambient_namespace, is_ambient_pod, is_assumed
from meshcompile.analyze.places import named, selector_place, whole
from meshcompile.analyze.workloads import selector_text
from meshcompile.codes.references import (
    IDLE_IN_AMBIENT_MODE,
    NOT_FOUND,
    SEVERAL_SIDECARS_FOR_NAMESPACE,
    SEVERAL_SIDECARS_FOR_WORKLOAD,
)
from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.models.networking.sidecar import Sidecar
from meshcompile.values.labels import Labels


def sidecars(context: Context) -> Iterator[Diagnostic]:
    """A finding for each Sidecar that selects nothing, or whose workloads another one already selects."""
    wide: dict[str, list[Sidecar]] = defaultdict(list)
    selecting: list[Sidecar] = []
    for sidecar in context.written.all(Sidecar):
        if _labels(sidecar):
            selecting.append(sidecar)
        else:
            wide[sidecar.namespace].append(sidecar)
    yield from _selecting(context, selecting)
    for namespace, group in wide.items():
        yield from _of_namespace(context, namespace, group)


def _labels(sidecar: Sidecar) -> Labels:
    return {} if sidecar.spec.workload_selector is None else sidecar.spec.workload_selector.labels


def _of_namespace(context: Context, namespace: str, group: Sequence[Sidecar]) -> Iterator[Diagnostic]:
    """The findings about the Sidecars without a selector in one namespace."""
    if is_ambient_namespace(context.written.namespaces.get(namespace)):
        yield from (IDLE_IN_AMBIENT_MODE(each, reported=whole(each), what=f"namespace {namespace}") for each in group)
    elif len(group) > 1:
        names = ", ".join(sorted(sidecar.name for sidecar in group))
        yield from (
            SEVERAL_SIDECARS_FOR_NAMESPACE(each, reported=whole(each), names=names, used=group[0].name)
            for each in group
        )


def _selecting(context: Context, group: Sequence[Sidecar]) -> Iterator[Diagnostic]:
    """The findings about Sidecars with a selector."""
    by_pod: dict[str, tuple[Pod, list[Sidecar]]] = {}
    for sidecar in group:
        pods = tuple(context.written.pods.selected(_labels(sidecar), sidecar.namespace))
        for pod in pods:
            by_pod.setdefault(pod.full_name, (pod, []))[1].append(sidecar)
        if pods and all(map(is_assumed, pods)):
            yield _selecting_assumed(sidecar, pods)
        elif not pods and not context.workloads.has(_labels(sidecar), sidecar.namespace):
            yield _selecting_nothing(context, sidecar)
    real = ((pod, same) for pod, same in by_pod.values() if not is_assumed(pod))
    idle = {each.full_name: each for pod, same in real if is_ambient_pod(pod) for each in same}
    yield from (
        IDLE_IN_AMBIENT_MODE(each, reported=whole(each), what="a workload that it selects") for each in idle.values()
    )
    for pod, same in by_pod.values():
        if len(same) > 1 and not is_ambient_pod(pod):
            names = ", ".join(sorted(sidecar.name for sidecar in same))
            for each in same:
                yield SEVERAL_SIDECARS_FOR_WORKLOAD(named(each), names=names, pod=pod.name, used=same[0].name)


def _selecting_assumed(sidecar: Sidecar, pods: Sequence[Pod]) -> Diagnostic:
    """An info about the Pods that are assumed, or a warning if they have no sidecar."""
    labels = _labels(sidecar)
    is_idle = any(map(is_ambient_pod, pods))
    suffix = ": they are in ambient mode, which reads no Sidecar" if is_idle else ""
    return NOT_FOUND(
        selector_place(sidecar, labels, "spec", "workloadSelector", "labels"),
        problem=f"the input has no Pod with the labels {selector_text(labels)}",
        effect=assumption(pods) + suffix,
        severity=Severity.WARNING if is_idle else Severity.INFO,
    )


def _selecting_nothing(context: Context, sidecar: Sidecar) -> Diagnostic:
    labels = _labels(sidecar)
    problem = (
        f"no workload of namespace {sidecar.namespace} has the labels {selector_text(labels)} that this Sidecar selects"
    )
    return NOT_FOUND(
        selector_place(sidecar, labels, "spec", "workloadSelector", "labels"),
        problem=problem,
        effect="it has no effect",
        severity=context.of_workloads,
    )
