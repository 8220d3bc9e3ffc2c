"""WasmPlugin: a Wasm module among the filters of workloads."""

from typing import Annotated, Literal

from pydantic import Field

from meshcompile.models.base import Node, ProtoEnum
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


class PluginPhase(ProtoEnum):
    """The place among the filters: before authentication, authorization or statistics, or at the end."""

    UNSPECIFIED_PHASE = "UNSPECIFIED_PHASE"
    AUTHN = "AUTHN"
    AUTHZ = "AUTHZ"
    STATS = "STATS"


class WasmPluginSpec(Node):
    """A Wasm module among the filters: `envoy.filters.http.wasm` or `envoy.filters.network.wasm`, found by ECDS."""

    selector: WorkloadSelector | None = None
    """Workloads of its namespace; without it and a target all, or in the root namespace the whole mesh."""
    target_ref: PolicyTargetReference | None = None
    """The object that it is attached to."""
    target_refs: Annotated[tuple[PolicyTargetReference, ...], size(16)] = ()
    """The objects that it is attached to."""
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
    phase: PluginPhase = PluginPhase.UNSPECIFIED_PHASE
    """The place among the filters."""
    priority: Int32Value = None
    """The order within a phase, the highest first; 0 where unset."""
    fail_strategy: FailStrategy = FailStrategy.FAIL_CLOSE
    """What happens when it fails: traffic stops, passes, or the module is loaded again."""
    vm_config: VmConfig | None = None
    """What its virtual machine gets."""
    match: tuple[TrafficSelector, ...] = ()
    """Listeners that get it, joined by OR; all where empty."""
    type: PluginType = PluginType.UNSPECIFIED_PLUGIN_TYPE
    """Where it runs; HTTP where unset."""


class WasmPlugin(IstioResource):
    """Runs a Wasm module in proxies."""

    api_version: Literal["extensions.istio.io/v1alpha1"] = "extensions.istio.io/v1alpha1"
    kind: Literal["WasmPlugin"] = "WasmPlugin"
    spec: WasmPluginSpec
