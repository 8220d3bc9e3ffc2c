"""Configurations of Wasm modules (ECDS). Follows istiod's `TrafficExtensionWrapper.buildWasmConfig`.

Credentials are left out. A module that names a pull secret gets an empty one, as istiod sends to a proxy that may not
read the secret.
"""

from collections.abc import Mapping

from meshcompile.envoy.config.core import (
    AsyncDataSource,
    DataSource,
    HttpUri,
    RemoteDataSource,
    TypedExtensionConfig,
)
from meshcompile.envoy.extensions.filters.http import wasm as http_wasm
from meshcompile.envoy.extensions.filters.network import wasm as network_wasm
from meshcompile.envoy.extensions.wasm import EnvironmentVariables, FailurePolicy, PluginConfig, VmConfig
from meshcompile.envoy.message import Packed, Unmodelled, at
from meshcompile.envoy.protobuf import StringValue
from meshcompile.golang.json import compact
from meshcompile.golang.urls import with_scheme
from meshcompile.models.extensions.common import EnvValueSource, FailStrategy, PluginType, PullPolicy
from meshcompile.resolve.extensions import Extension, Extensions, WasmModule
from meshcompile.values.credentials import BUILTIN, CONFIG_MAP, GATEWAY_SECRET

_FILE = "file://"
_DEFAULT_SCHEME = "oci"
_PULL_SECRET = "ISTIO_META_WASM_IMAGE_PULL_SECRET"
_PULL_POLICY = "ISTIO_META_WASM_IMAGE_PULL_POLICY"
_RESOURCE_VERSION = "ISTIO_META_WASM_PLUGIN_RESOURCE_VERSION"
# The schemes of references with a namespace.
_QUALIFIED = (CONFIG_MAP, GATEWAY_SECRET)
_FAILURE_POLICIES: Mapping[FailStrategy, FailurePolicy] = {
    FailStrategy.FAIL_CLOSE: "FAIL_CLOSED",
    FailStrategy.FAIL_OPEN: "FAIL_OPEN",
    FailStrategy.FAIL_RELOAD: "FAIL_RELOAD",
}


def extensions(resolved: Extensions) -> tuple[TypedExtensionConfig, ...]:
    """Every extension configuration of a proxy, sorted by name."""
    return tuple(
        _configuration(name, extension, module) for name, extension, module in sorted(resolved.modules, key=_name)
    )


def _name(resolved: tuple[str, Extension, WasmModule]) -> str:
    return resolved[0]


def _configuration(name: str, extension: Extension, module: WasmModule) -> TypedExtensionConfig:
    return at(TypedExtensionConfig(name=name, typed_config=_wasm(extension, module)), extension.origin)


def _wasm(extension: Extension, module: WasmModule) -> Packed:
    config = at(
        PluginConfig(
            name=f"{extension.namespace}.{extension.name}",
            root_id=module.plugin_name,
            configuration=StringValue(value=compact(module.plugin_config)) if module.plugin_config else Unmodelled({}),
            vm_config=VmConfig(
                runtime="envoy.wasm.runtime.v8",
                code=_code(module),
                environment_variables=_environment(extension, module),
            ),
            failure_policy=_FAILURE_POLICIES[module.fail_strategy],
        ),
        module.origin,
    )
    return network_wasm.Wasm(config=config) if module.type is PluginType.NETWORK else http_wasm.Wasm(config=config)


def _code(module: WasmModule) -> AsyncDataSource:
    """The location of the module: a file of the proxy, or a URL that the agent fetches.

    The cluster name is irrelevant.
    """
    if module.url.lower().startswith("file:"):
        return AsyncDataSource(local=DataSource(filename=module.url.removeprefix(_FILE)))
    uri = with_scheme(module.url, _DEFAULT_SCHEME)
    where = HttpUri(uri=module.url if uri is None else uri, cluster="_", timeout="30s")
    return AsyncDataSource(remote=RemoteDataSource(http_uri=where, sha256=module.sha256))


def _environment(extension: Extension, module: WasmModule) -> EnvironmentVariables:
    """The variables that the agent reads and removes, then the variables of the module."""
    written = () if module.vm_config is None else module.vm_config.env
    policy = module.image_pull_policy
    message = EnvironmentVariables(
        key_values={
            **({_PULL_SECRET: ""} if _names_secret(module.image_pull_secret) else {}),
            **({_PULL_POLICY: policy.value} if policy is not PullPolicy.UNSPECIFIED_POLICY else {}),
            _RESOURCE_VERSION: extension.resource_version,
            **{variable.name: variable.value for variable in written if variable.value_from is EnvValueSource.INLINE},
        },
        host_env_keys=tuple(variable.name for variable in written if variable.value_from is EnvValueSource.HOST),
    )
    return at(message, tuple(variable.origin for variable in written))


def _names_secret(reference: str) -> bool:
    """True when the module names a pull secret in a form that istiod can parse."""
    if not reference or reference.startswith(BUILTIN):
        return False
    prefix = next((p for p in _QUALIFIED if reference.startswith(p)), "")
    return not prefix or all((*reference.removeprefix(prefix).split("/"), "")[:2])
