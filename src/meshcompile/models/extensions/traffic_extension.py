"""TrafficExtension: a Wasm module or a Lua script among the filters of workloads."""

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
    """The place among the filters: before authentication, authorization or statistics, or at the end."""

    UNSPECIFIED = "UNSPECIFIED"
    AUTHN = "AUTHN"
    AUTHZ = "AUTHZ"
    STATS = "STATS"


class WasmConfig(Node):
    """A Wasm module: `envoy.filters.http.wasm` or `envoy.filters.network.wasm`, found by ECDS."""

    url: NonEmpty
    """Where the module is: `oci://` (also where no scheme is given), `http://`, `https://` or `file://`."""
    sha256: Annotated[str, Field(pattern=SHA256)] = ""
    """Checksum of the module or image."""
    image_pull_policy: PullPolicy = PullPolicy.UNSPECIFIED_POLICY
    """When it is fetched again; for the tag `latest` always, else if it is missing, where unset."""
    image_pull_secret: Annotated[str, size(253, least=1)] = ""
    """Secret of its namespace with the registry's credentials."""
    verification_key: str = ""
    """Public key of its signature; not used yet."""
    plugin_config: Struct | None = None
    """Configuration that the module gets, as JSON."""
    plugin_name: Annotated[str, size(256, least=1)] = ""
    """Name that the module knows itself by (`root_id`)."""
    fail_strategy: FailStrategy = FailStrategy.FAIL_CLOSE
    """What happens when it fails: traffic stops, passes, or the module is loaded again."""
    vm_config: VmConfig | None = None
    """What its virtual machine gets."""
    type: PluginType = PluginType.UNSPECIFIED_PLUGIN_TYPE
    """Where it runs; HTTP where unset."""


class LuaConfig(Node):
    """A Lua script: the filter `envoy.filters.http.lua`."""

    inline_code: Annotated[str, size(65536, least=1)]
    """The script, with `envoy_on_request` or `envoy_on_response`."""


class TrafficExtensionSpec(OneOf):
    """An extension among the filters; exactly one of `wasm` and `lua`."""

    one_of = (("wasm", "lua"),)

    selector: WorkloadSelector | None = None
    """Workloads of its namespace; without it and a target all, or in the root namespace the whole mesh."""
    target_refs: Annotated[tuple[PolicyTargetReference, ...], size(16)] = ()
    """The objects that it is attached to."""
    phase: ExecutionPhase = ExecutionPhase.UNSPECIFIED
    """The place among the filters."""
    priority: Int32Value = None
    """The order within a phase, the highest first; 0 where unset."""
    match: tuple[TrafficSelector, ...] = ()
    """Listeners that get it, joined by OR; all where empty."""
    wasm: WasmConfig | None = None
    """A Wasm module."""
    lua: LuaConfig | None = None
    """A Lua script."""


class TrafficExtension(IstioResource):
    """Runs a Wasm module or a Lua script in proxies."""

    api_version: Literal["extensions.istio.io/v1alpha1"] = "extensions.istio.io/v1alpha1"
    kind: Literal["TrafficExtension"] = "TrafficExtension"
    spec: TrafficExtensionSpec
