"""Pods whose proxy is not the one that injection uses now. Follows istioctl's `injection.ImageAnalyzer`."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from meshcompile.analyze.context import Context
from meshcompile.analyze.in_mesh import is_assumed
from meshcompile.analyze.places import whole
from meshcompile.codes.injection import PROXY_IMAGES_DIFFER
from meshcompile.diagnostics import Diagnostic
from meshcompile.inject.decision import NAMESPACE_INJECTION, REVISION
from meshcompile.models.kubernetes.config_map import ConfigMap
from meshcompile.models.kubernetes.pod import PROXY_CONTAINER, Pod
from meshcompile.values.labels import Labels

INJECTOR = "istio-sidecar-injector"
OWN_IMAGE = "sidecar.istio.io/proxyImage"
VARIANTS = ("", "-debug", "-distroless")


def proxy_images(context: Context) -> Iterator[Diagnostic]:
    """A finding for each namespace with Pods of another image."""
    written = context.written
    images = {each.name: _image(each) for each in written.all(ConfigMap) if each.name.startswith(INJECTOR)}
    others: dict[str, list[str]] = defaultdict(list)
    for pod in written.all(Pod) if images else ():
        namespace = written.namespaces.get(pod.namespace)
        image = None if namespace is None else images.get(_injector(namespace.metadata.labels))
        if image and not is_assumed(pod) and OWN_IMAGE not in pod.metadata.annotations and _differs(pod, image):
            others[pod.namespace].append(pod.name)
    for name, pods in others.items():
        namespace = written.namespaces[name]
        image = images[_injector(namespace.metadata.labels)]
        yield PROXY_IMAGES_DIFFER(namespace, reported=whole(namespace), pods=", ".join(sorted(pods)), image=image)


def _injector(labels: Labels) -> str:
    """The name of the settings by which a namespace is injected; empty if it is not."""
    if REVISION in labels:
        revision = labels[REVISION]
        return INJECTOR if revision in ("", "default") else f"{INJECTOR}-{revision}"
    return INJECTOR if labels.get(NAMESPACE_INJECTION) == "enabled" else ""


def _differs(pod: Pod, image: str) -> bool:
    containers = (*pod.spec.containers, *pod.spec.init_containers)
    used = {container.image for container in containers if container.name == PROXY_CONTAINER}
    return not used <= {image + variant for variant in VARIANTS}


def _image(config_map: ConfigMap) -> str:
    """The image that an injector uses; empty if its settings cannot be read."""
    try:
        settings = json.loads(config_map.data.get("values", ""))
    except ValueError:
        return ""
    wide = _object(settings, "global")
    image = _object(wide, "proxy").get("image", "")
    return image if "/" in str(image) else f"{wide.get('hub', '')}/{image}:{wide.get('tag', '')}"


def _object(value: Any, key: str) -> Mapping[str, Any]:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}
