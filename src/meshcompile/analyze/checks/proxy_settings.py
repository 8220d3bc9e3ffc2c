"""Settings of proxies that have no effect: annotations that cannot be read, and ProxyConfigs that an older one
shadows.
"""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.codes.telemetry import INVALID_PROXY_SETTINGS, SHADOWED_PROXY_CONFIG
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.snapshot.proxy_configs import ANNOTATION, annotated


def proxy_settings(context: Context) -> Iterator[Diagnostic]:
    """A finding for each annotation that Istio ignores in part or as a whole, and for each ProxyConfig without
    effect.
    """
    snapshot = context.snapshot
    for cluster in snapshot.workloads.clusters.values():
        for pod in cluster.pods.values():
            yield from _of_annotation(pod)
    index = snapshot.proxy_configs
    for config in index.all:
        holds = index.wide.get(config.namespace)
        if config.spec.selector is None and holds is not None and config is not holds:
            related = (Related("the one that applies", holds.origin),)
            yield SHADOWED_PROXY_CONFIG(config, other=holds.name, related=related)


def _of_annotation(pod: Pod) -> Iterator[Diagnostic]:
    settings, problems = annotated(pod.metadata.annotations.get(ANNOTATION, ""))
    effect = "is ignored" if settings is None else "is read except for one field"
    for problem in problems:
        yield INVALID_PROXY_SETTINGS(pod, effect=effect, problem=problem.message)
