"""How mesh config and proxy config are laid over others: a field that is written replaces the one below it, with the
few exceptions that istiod makes.

Follows istiod's `ApplyMeshConfig` and `MergeProxyConfig` (pkg/config/mesh/mesh.go) and `EffectiveProxyConfig`
(pilot/pkg/model/proxy_config.go). All functions make new values; the parts keep their origins.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from meshcompile.models.base import Node
from meshcompile.models.mesh.extension_providers import ExtensionProvider
from meshcompile.models.mesh.mesh_config import DefaultProviders, MeshConfig
from meshcompile.models.mesh.proxy_config import ForwardClientCertDetails, ProxyConfig, ProxyHeaders
from meshcompile.models.networking.proxy_config import ProxyConfigSpec

N = TypeVar("N", bound=Node)


def merged_mesh_config(base: MeshConfig, over: MeshConfig) -> MeshConfig:
    """`base` with all that `over` writes.

    Proxy settings, default providers, providers and trust domain aliases are merged, everything else is replaced.
    """
    return _overlaid(base, over).model_copy(
        update={
            "default_config": merged_proxy_configs(base.default_config, over.default_config),
            "default_providers": _merged_default_providers(base.default_providers, over.default_providers),
            "extension_providers": _merged_providers(base.extension_providers, over.extension_providers),
            "trust_domain_aliases": tuple(sorted({*base.trust_domain_aliases, *over.trust_domain_aliases})),
        }
    )


def merged_values(base: N, over: N) -> N:
    """`base` with all that `over` writes, as Helm merges values: messages and maps are merged, all else is replaced."""
    return base.model_copy(
        update={name: _merged_value(getattr(base, name), getattr(over, name)) for name in over.model_fields_set}
    )


def _merged_value(base: Any, over: Any) -> Any:
    if isinstance(base, Node) and isinstance(over, Node):
        return merged_values(base, over)
    return {**base, **over} if isinstance(base, Mapping) and isinstance(over, Mapping) else over


def merged_proxy_configs(*layers: ProxyConfig | None) -> ProxyConfig:
    """Settings of single proxies, each layer over those before it; an absent layer changes nothing."""
    merged = ProxyConfig.model_construct()
    for layer in layers:
        if layer is not None:
            merged = _merged_proxy_config(merged, layer)
    return merged


def effective_proxy_config(
    mesh: MeshConfig,
    *,
    root: ProxyConfigSpec | None = None,
    namespace: ProxyConfigSpec | None = None,
    workload: ProxyConfigSpec | None = None,
    annotation: ProxyConfig | None = None,
) -> ProxyConfig:
    """What holds for one proxy.

    From the weakest to the strongest: the mesh's `defaultConfig`, the ProxyConfig without a selector in the root
    namespace, the one in the proxy's namespace (None for a proxy of the root namespace), the Pod's annotation
    `proxy.istio.io/config`, and the ProxyConfig that selects the Pod.
    """
    return merged_proxy_configs(
        mesh.default_config, _settings(root), _settings(namespace), annotation, _settings(workload)
    )


def _settings(written: ProxyConfigSpec | None) -> ProxyConfig | None:
    """The settings that a ProxyConfig object makes."""
    if written is None:
        return None
    settings: Mapping[str, Any] = {
        "concurrency": written.concurrency,
        "proxy_metadata": written.environment_variables or None,
        "image": written.image,
    }
    return ProxyConfig.model_construct(**{name: value for name, value in settings.items() if value is not None})


def _merged_proxy_config(base: ProxyConfig, over: ProxyConfig) -> ProxyConfig:
    merged = _overlaid(base, over)
    changes: dict[str, Any] = {
        "proxy_metadata": {**base.proxy_metadata, **over.proxy_metadata},
        "proxy_headers": _merged_headers(base.proxy_headers, over.proxy_headers),
    }
    # Two members of one oneof: the one written later drops the other.
    if over.tracing_service_name is not None:
        changes["service_cluster"] = None
    elif over.service_cluster is not None:
        changes["tracing_service_name"] = None
    return merged.model_copy(update=changes)


# Headers that an overlay without them takes over from what it is laid over. The others are lost, as in istiod.
_INHERITED_HEADERS = ("request_id", "attempt_count", "server", "envoy_debug_headers")


def _merged_headers(base: ProxyHeaders | None, over: ProxyHeaders | None) -> ProxyHeaders | None:
    if base is None or over is None:
        return over or base
    inherited: dict[str, Any] = {
        name: getattr(base, name) for name in _INHERITED_HEADERS if getattr(over, name) is None
    }
    if over.forwarded_client_cert is ForwardClientCertDetails.UNDEFINED:
        inherited["forwarded_client_cert"] = base.forwarded_client_cert
    return over.model_copy(update=inherited)


def _merged_default_providers(base: DefaultProviders | None, over: DefaultProviders | None) -> DefaultProviders | None:
    if base is None or over is None:
        return over or base
    return _overlaid(base, over)


def _merged_providers(
    base: Iterable[ExtensionProvider], over: Iterable[ExtensionProvider]
) -> tuple[ExtensionProvider, ...]:
    """The providers in order of their first appearance, the last one of a name deciding what it is."""
    return tuple({provider.name: provider for provider in (*base, *over)}.values())


def _overlaid(base: N, over: N) -> N:
    """`base` with the fields that `over` writes, at the place of `over`."""
    written = {name: value for name in over.model_fields_set if (value := getattr(over, name)) is not None}
    return over.model_copy(update={name: getattr(base, name) for name in type(base).model_fields} | written)
