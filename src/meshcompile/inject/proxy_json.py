"""The proxy config as the agent reads it from its environment: JSON of the settings that differ from Istio's defaults.

Follows `cleanProxyConfig` (pkg/kube/inject/template.go) and protobuf's JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshcompile.golang.json import in_order
from meshcompile.models.mesh.defaults import CODE_DEFAULTS
from meshcompile.models.mesh.proxy_config import ProxyConfig

_CLEANED = (
    "configPath",
    "binaryPath",
    "controlPlaneAuthPolicy",
    "serviceCluster",
    "drainDuration",
    "terminationDrainDuration",
    "discoveryAddress",
    "proxyAdminPort",
    "statNameLength",
    "statusPort",
)
"""The fields that are left out if they equal Istio's defaults."""


def proxy_config_json(config: ProxyConfig) -> str:
    """The settings of a proxy on one line, in the order in which protobuf declares them."""
    defaults = _written(CODE_DEFAULTS.default_config or ProxyConfig())
    written = _written(config)
    kept = {key: value for key, value in written.items() if key not in _CLEANED or value != defaults[key]}
    return in_order(kept)


def _written(config: ProxyConfig) -> dict[str, Any]:
    """The fields that are set, maps with sorted keys."""
    written: dict[str, Any] = config.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    for key in ("proxyMetadata", "runtimeValues"):
        if key in written:
            written[key] = _sorted(written[key])
    tracing = written.get("tracing", {})
    if "customTags" in tracing:
        written["tracing"] = {**tracing, "customTags": _sorted(tracing["customTags"])}
    return written


def _sorted(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: values[key] for key in sorted(values)}
