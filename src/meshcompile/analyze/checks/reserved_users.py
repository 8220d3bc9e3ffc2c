"""Containers that run as the sidecar's user. Follows istioctl's `applicationUID.Analyzer`."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.in_mesh import is_assumed, is_control_plane
from meshcompile.analyze.places import whole
from meshcompile.codes.injection import RESERVED_USER
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.kubernetes.pod import PROXY_CONTAINER, Pod, PodSpec, SecurityContext
from meshcompile.models.kubernetes.workloads import Deployment

PROXY_USER = 1337
OF_ISTIO = frozenset({PROXY_CONTAINER, "istio-operator"})


def reserved_users(context: Context) -> Iterator[Diagnostic]:
    """A finding for each Pod and Deployment with a container of the sidecar's user."""
    written = context.written
    pods = ((pod, pod.spec) for pod in written.all(Pod) if not is_assumed(pod))
    deployments = ((deployment, deployment.spec.template.spec) for deployment in written.all(Deployment))
    for workload, spec in (*pods, *deployments):
        security = _of_proxy_user(spec)
        if security is not None and not is_control_plane(workload.metadata.labels):
            yield RESERVED_USER(security.at("run_as_user"), reported=whole(workload), name=workload.name)


def _of_proxy_user(spec: PodSpec) -> SecurityContext | None:
    """The settings with the sidecar's user: those of the Pod, or else of one of its containers."""
    contexts = (spec.security_context, *(c.security_context for c in spec.containers if c.name not in OF_ISTIO))
    return next((each for each in contexts if each is not None and each.run_as_user == PROXY_USER), None)
