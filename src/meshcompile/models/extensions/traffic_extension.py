"""TrafficExtension: a Wasm module or a Lua script in the filter chains of workloads."""

from typing import Annotated, Literal

from pydantic import Field

from meshcompile.models.base import Node, OneOf, ProtoEnum
from meshcompile.models.common import (
    Int32Value,
    IstioResource,
    NonEmpty,
    PolicyTargetReference,
    Struct,
    WorkloadSelector,
    size,
)
from meshcompile.models.extensions.common import SHA256, FailStrategy, PluginType, PullPolicy, TrafficSelector, VmConfig


class ExecutionPhase(ProtoEnum):
    """Position in the filter chain: before the authentication, authorization or statistics filters, or at the end."""

    UNSPECIFIED = "UNSPECIFIED"
    AUTHN = "AUTHN"
    AUTHZ = "AUTHZ"
    STATS = "STATS"


class WasmConfig(Node):
    """A Wasm module: `envoy.filters.http.wasm` or `envoy.filters.network.wasm`, delivered by ECDS."""

    url: NonEmpty
    """URL of the module: `oci://` (also if there is no scheme), `http://`, `https://` or `file://`."""
    sha256: Annotated[str, Field(pattern=SHA256)] = ""
    """SHA-256 checksum of the module or image."""
    image_pull_policy: PullPolicy = PullPolicy.UNSPECIFIED_POLICY
    """When to pull the image. By default, always for the tag `latest`, and otherwise only if it is not present."""
    image_pull_secret: Annotated[str, size(253, least=1)] = ""
    """Secret in the same namespace with the credentials for the registry."""
    verification_key: str = ""
    """Public key that verifies the signature of the image. Istio does not use it yet."""
    plugin_config: Struct | None = None
    """Configuration for the module, as JSON."""
    plugin_name: Annotated[str, size(256, least=1)] = ""
    """Name of the plugin inside the module (`root_id`)."""
    fail_strategy: FailStrategy = FailStrategy.FAIL_CLOSE
    """What happens when the module fails: the proxy rejects traffic, lets it pass, or reloads the module."""
    vm_config: VmConfig | None = None
    """The virtual machine of the module."""
    type: PluginType = PluginType.UNSPECIFIED_PLUGIN_TYPE
    """Whether the module runs as an HTTP or a network filter. The default is HTTP."""


class LuaConfig(Node):
    """A Lua script: the filter `envoy.filters.http.lua`."""

    inline_code: Annotated[str, size(65536, least=1)]
    """The script. It defines `envoy_on_request` or `envoy_on_response`."""


class TrafficExtensionSpec(OneOf):
    """An extension of the filter chain. Set exactly one of `wasm` and `lua`."""

    one_of = (("wasm", "lua"),)

    selector: WorkloadSelector | None = None
    """Workloads in the namespace of the resource. Without selector and target: the whole namespace or, in the root
    namespace, the whole mesh.
    """
    target_refs: Annotated[tuple[PolicyTargetReference, ...], size(16)] = ()
    """The objects that the resource is attached to."""
    phase: ExecutionPhase = ExecutionPhase.UNSPECIFIED
    """Position in the filter chain."""
    priority: Int32Value = None
    """Order within a phase, highest first. The default is 0."""
    match: tuple[TrafficSelector, ...] = ()
    """Alternative selections of listeners. If empty, all listeners."""
    wasm: WasmConfig | None = None
    """A Wasm module."""
    lua: LuaConfig | None = None
    """A Lua script."""


class TrafficExtension(IstioResource):
    """Runs a Wasm module or a Lua script in proxies."""

    api_version: Literal["extensions.istio.io/v1alpha1"] = "extensions.istio.io/v1alpha1"
    kind: Literal["TrafficExtension"] = "TrafficExtension"
    spec: TrafficExtensionSpec
