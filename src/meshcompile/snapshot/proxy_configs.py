"""ProxyConfigs by namespace, and their effect on the mesh's defaults for one Pod.

Follows istiod's `GetProxyConfigs` and `EffectiveProxyConfig`. Injection writes the result to the Pod, and its proxy
reports it as node metadata. istiod never reads a ProxyConfig when it answers a proxy.
"""

from collections.abc import Mapping

from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.models.lenient import read_leniently
from meshcompile.models.mesh.merge import effective_proxy_config
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.mesh.proxy_config import ProxyConfig as ProxySettings
from meshcompile.models.networking.proxy_config import ProxyConfig, ProxyConfigSpec
from meshcompile.queries import Source, derived
from meshcompile.snapshot.resources import ConfigStore, by_namespace
from meshcompile.source.reading import UnreadableInput, read
from meshcompile.values.labels import Labels, selects

ANNOTATION = "proxy.istio.io/config"
ENABLE_HBONE = "ISTIO_META_ENABLE_HBONE"


class ProxyConfigIndex(Source, frozen=True, eq=False):
    """ProxyConfigs by namespace: the oldest one for all Pods, and those with a selector, oldest first."""

    mesh: MeshConfig
    all: tuple[ProxyConfig, ...]
    wide: Mapping[str, ProxyConfig]
    selecting: Mapping[str, tuple[ProxyConfig, ...]]

    def effective(self, namespace: str, labels: Labels, annotations: Labels) -> ProxySettings:
        """The settings of a Pod's proxy. Pods with the same ProxyConfigs and annotation share one object."""
        root = self.mesh.root_namespace
        wide = None if namespace == root else self.wide.get(namespace)
        candidates = self.selecting.get(namespace, ())
        selecting = next((config for config in candidates if selects(_selector(config), labels)), None)
        applied = namespace if wide or selecting else ""
        return _effective(self, applied, "" if selecting is None else selecting.name, annotations.get(ANNOTATION, ""))

    def accept_tunnels(self, pod: Pod) -> bool:
        """True if the sidecar of a Pod accepts HBONE tunnels."""
        metadata = pod.metadata
        effective = self.effective(pod.namespace, metadata.labels, metadata.annotations)
        return effective.proxy_metadata.get(ENABLE_HBONE) == "true"


@derived
def _effective(index: ProxyConfigIndex, namespace: str, selecting: str, annotation: str) -> ProxySettings:
    """The settings from the ProxyConfigs of a namespace, including those named in `selecting`, and from an
    annotation.
    """
    root = index.mesh.root_namespace
    wide = None if namespace == root else index.wide.get(namespace)
    named = next((config for config in index.selecting.get(namespace, ()) if config.name == selecting), None)
    return effective_proxy_config(
        index.mesh,
        root=_spec(index.wide.get(root)),
        namespace=_spec(wide),
        workload=_spec(named),
        annotation=annotated(annotation)[0],
    )


def proxy_config_index(resources: ConfigStore, mesh: MeshConfig) -> ProxyConfigIndex:
    """The index of the accepted resources."""
    configs = resources.all(ProxyConfig)
    return ProxyConfigIndex(
        mesh=mesh,
        all=configs,
        wide={config.namespace: config for config in reversed(configs) if config.spec.selector is None},
        selecting=by_namespace(config for config in configs if _selector(config)),
    )


def annotated(text: str) -> tuple[ProxySettings | None, tuple[Diagnostic, ...]]:
    """The settings that a Pod's annotation holds as YAML, and findings about them; None if it holds none.

    Like istiod, this ignores an annotation that cannot be read.
    """
    if not text.strip():
        return None, ()
    try:
        documents = read(f"\n{text}").documents
    except UnreadableInput as unreadable:
        return None, unreadable.diagnostics
    if not documents:
        return None, ()
    return read_leniently(Document("<annotation>", documents[0].value), ProxySettings)


def _spec(config: ProxyConfig | None) -> ProxyConfigSpec | None:
    return None if config is None else config.spec


def _selector(config: ProxyConfig) -> Labels:
    return {} if config.spec.selector is None else config.spec.selector.match_labels
