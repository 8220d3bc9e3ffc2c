"""Proxies that wait for injection. Follows istioctl's `injection.ImageAutoAnalyzer`."""

from collections.abc import Iterator, Sequence

from meshcompile.analyze.context import Context
from meshcompile.analyze.in_mesh import is_assumed, is_created
from meshcompile.analyze.injectors import selects_pod
from meshcompile.analyze.places import whole
from meshcompile.analyze.written import Written
from meshcompile.codes.injection import AUTO_IMAGE_IN_POD, AUTO_IMAGE_NOT_INJECTED
from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.inject.decision import INJECT, InjectionCandidate, is_injected
from meshcompile.models.kubernetes.pod import PROXY_CONTAINER, Container, Pod, PodSpec
from meshcompile.models.kubernetes.webhooks import MutatingWebhook, MutatingWebhookConfiguration
from meshcompile.models.kubernetes.workloads import Deployment

AUTO = "auto"


def auto_images(context: Context) -> Iterator[Diagnostic]:
    """A finding for each Pod and Deployment whose proxy has the image `auto`, and that nothing injects.

    A Pod without a status is yet to be created, and may be injected then. If the input has no webhooks, an info says
    for which Deployments those of Istio's installation are assumed.
    """
    written = context.written
    for pod in written.all(Pod):
        proxy = _with_auto_image(pod.spec)
        if proxy is not None and not is_assumed(pod) and is_created(pod):
            yield AUTO_IMAGE_IN_POD(proxy.at("image"), reported=whole(pod))
    hooks = [
        hook
        for configuration in written.all(MutatingWebhookConfiguration)
        for hook in configuration.webhooks
        if hook.name.endswith("istio.io")
    ]
    for deployment in written.all(Deployment):
        proxy = _with_auto_image(deployment.spec.template.spec)
        if proxy is not None and not _is_called(written, hooks, deployment):
            yield _in_deployment(deployment, proxy, by_default=not hooks and _is_called_by_default(written, deployment))


def _in_deployment(deployment: Deployment, proxy: Container, *, by_default: bool) -> Diagnostic:
    return AUTO_IMAGE_NOT_INJECTED(
        proxy.at("image"),
        reported=whole(deployment),
        where="of the input " if by_default else "",
        effect="meshcompile assumes those of Istio's installation" if by_default else "they do not start",
        severity=Severity.INFO if by_default else None,
    )


def _is_called(written: Written, hooks: Sequence[MutatingWebhook], deployment: Deployment) -> bool:
    """True if a webhook of the input is called for the Pods of a Deployment."""
    namespace = written.namespaces.get(deployment.namespace)
    labels = {} if namespace is None else namespace.metadata.labels
    return any(selects_pod(hook, labels, deployment.spec.template.metadata.labels) for hook in hooks)


def _is_called_by_default(written: Written, deployment: Deployment) -> bool:
    """True if the webhooks of Istio's installation, which are rarely among the files, are called for the Pods."""
    metadata = deployment.spec.template.metadata
    namespace = written.namespaces.get(deployment.namespace)
    if namespace is None:
        return metadata.labels.get(INJECT) != "false"
    candidate = InjectionCandidate(namespace.name, metadata.labels, metadata.annotations)
    return is_injected(candidate, namespace.metadata.labels)


def _with_auto_image(spec: PodSpec) -> Container | None:
    """The container of the proxy, if its image is `auto`."""
    containers = (container for container in spec.containers if container.origin)  # not those of assumed injection
    return next((each for each in containers if each.name == PROXY_CONTAINER and each.image == AUTO), None)
