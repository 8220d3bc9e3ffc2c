"""Annotations of Istio on Kubernetes objects. Follows istioctl's `annotations.K8sAnalyzer`."""

from collections.abc import Iterator

from meshcompile.analyze.annotations import ANNOTATIONS, SET_BY_ISTIO, VALUES, is_of_istio
from meshcompile.analyze.context import Context
from meshcompile.analyze.in_mesh import is_assumed
from meshcompile.analyze.places import whole
from meshcompile.analyze.suggest import did_you_mean
from meshcompile.codes.annotations import DEPRECATED, INVALID, MISPLACED, UNKNOWN
from meshcompile.diagnostics import Diagnostic
from meshcompile.inject.decision import INJECT
from meshcompile.models.base import Resource
from meshcompile.models.kubernetes.namespace import Namespace
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.models.kubernetes.service import Service
from meshcompile.models.kubernetes.workloads import Deployment


def istio_annotations(context: Context) -> Iterator[Diagnostic]:
    """A finding for each annotation that Istio does not know, does not read on this kind, or cannot read."""
    written = context.written
    pods = (pod for pod in written.all(Pod) if not is_assumed(pod))
    for resource in (*written.all(Namespace), *written.all(Service), *pods, *written.all(Deployment)):
        for annotation, value in resource.metadata.annotations.items():
            if is_of_istio(annotation) and annotation not in SET_BY_ISTIO:
                yield from _of_annotation(resource, annotation, value)


def _of_annotation(resource: Resource, annotation: str, value: str) -> Iterator[Diagnostic]:
    place, reported = resource.origin.at("metadata", "annotations", annotation), whole(resource)
    known = ANNOTATIONS.get(annotation)
    if known is None:
        suggestion = did_you_mean(annotation, ANNOTATIONS)
        yield UNKNOWN(place, annotation=annotation, suggestion=suggestion, reported=reported)
        return
    if known.deprecated and not (annotation == INJECT and INJECT in resource.metadata.labels):
        instead = f": use the label `{INJECT}`" if annotation == INJECT else ""
        yield DEPRECATED(place, annotation=annotation, instead=instead, reported=reported)
    if known.kinds and resource.kind not in known.kinds:
        yield MISPLACED(place, annotation=annotation, kinds=" and ".join(known.kinds), reported=reported)
        return
    test, expected = VALUES.get(annotation, (bool, ""))
    if expected and not test(value):
        yield INVALID(place, annotation=annotation, value=value, expected=expected, reported=reported)
