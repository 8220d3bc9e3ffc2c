"""Merging of mesh configs and proxy configs.

A field that is set replaces the one below it. istiod makes a few exceptions.

Follows istiod's `ApplyMeshConfig` and `MergeProxyConfig` (pkg/config/mesh/mesh.go) and `EffectiveProxyConfig`
(pilot/pkg/model/proxy_config.go). All functions return new values. The parts keep their origins.
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
    """`base`, overridden by what `over` sets.

    Proxy settings, default providers, extension providers and trust domain aliases are merged. All other fields are
    replaced.
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
    """`base`, overridden by what `over` sets, like Helm values: messages and maps are merged, the rest is replaced."""
    return base.model_copy(
        update={name: _merged_value(getattr(base, name), getattr(over, name)) for name in over.model_fields_set}
    )


def _merged_value(base: Any, over: Any) -> Any:
    if isinstance(base, Node) and isinstance(over, Node):
        return merged_values(base, over)
    return {**base, **over} if isinstance(base, Mapping) and isinstance(over, Mapping) else over


def merged_proxy_configs(*layers: ProxyConfig | None) -> ProxyConfig:
    """Merged proxy configs. Each layer overrides those before it; None stands for a missing layer."""
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
    """The proxy config that applies to one proxy.

    Later sources override earlier ones: the mesh-wide `defaultConfig`, the ProxyConfig without a selector in the root
    namespace, the one in the proxy's namespace (None for a proxy in the root namespace), the pod annotation
    `proxy.istio.io/config`, and the ProxyConfig that selects the pod.
    """
    return merged_proxy_configs(
        mesh.default_config, _settings(root), _settings(namespace), annotation, _settings(workload)
    )


def _settings(written: ProxyConfigSpec | None) -> ProxyConfig | None:
    """The proxy config that a ProxyConfig resource describes."""
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
    # Members of one oneof: setting the later one clears the other.
    if over.tracing_service_name is not None:
        changes["service_cluster"] = None
    elif over.service_cluster is not None:
        changes["tracing_service_name"] = None
    return merged.model_copy(update=changes)


# Headers that an overlay inherits if it does not set them. istiod loses all others.
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
    """The providers in the order in which their names first appear. The last provider with a name wins."""
    return tuple({provider.name: provider for provider in (*base, *over)}.values())


def _overlaid(base: N, over: N) -> N:
    """`base`, overridden by the fields that `over` sets. The result has the origin of `over`."""
    written = {name: value for name in over.model_fields_set if (value := getattr(over, name)) is not None}
    return over.model_copy(update={name: getattr(base, name) for name in type(base).model_fields} | written)
