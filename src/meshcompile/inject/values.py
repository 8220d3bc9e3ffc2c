"""The Helm values that injection reads, with the defaults of Istio's chart `istiod`.

A value that is absent has the default of the chart. A value that is null is null, as in Helm. The templates print most
values into YAML, so a number or a boolean is as good as its text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from meshcompile.inject.problems import InjectionProblem

Printable = str | int | float | bool | None
"""A scalar that a template prints."""
Block = Mapping[str, Any] | None
"""A part of a Pod that a template copies."""

DEFAULT_RESOURCES: Mapping[str, Any] = {
    "limits": {"cpu": "2000m", "memory": "1024Mi"},
    "requests": {"cpu": "100m", "memory": "128Mi"},
}


class StartupProbeValues(Struct, frozen=True, rename="camel"):
    """`global.proxy.startupProbe`."""

    enabled: Printable = True
    failure_threshold: Printable = 600


class ProxyValues(Struct, frozen=True, rename="camel", kw_only=True):
    """`global.proxy`: the container of the proxy."""

    auto_inject: str = "enabled"
    """Whether Pods are injected that do not say so: `enabled` or `disabled`. Only the webhook reads it."""
    cap_net_bind_service: Printable = None
    """Whether the proxy may bind to ports below 1024, `"true"` or not."""
    cluster_domain: Printable = "cluster.local"
    component_log_level: Printable = "misc:error"
    exclude_inbound_ports: Printable = ""
    exclude_ip_ranges: Printable = msgspec.field(name="excludeIPRanges", default="")
    exclude_outbound_ports: Printable = ""
    hold_application_until_proxy_starts: bool | None = None
    """Whether the application starts after the proxy."""
    image: str | None = "proxyv2"
    """The name of the image, or a whole image with a `/`."""
    include_inbound_ports: Printable = "*"
    include_ip_ranges: Printable = msgspec.field(name="includeIPRanges", default="*")
    include_outbound_ports: Printable = ""
    lifecycle: Block = None
    log_level: Printable = "warning"
    outlier_log_path: Printable = ""
    privileged: Printable = False
    readiness_failure_threshold: Printable = 4
    readiness_initial_delay_seconds: Printable = 0
    readiness_period_seconds: Printable = 15
    resources: Block = msgspec.field(default_factory=lambda: DEFAULT_RESOURCES)
    seccomp_profile: Block = None
    startup_probe: StartupProbeValues = StartupProbeValues()
    status_port: Printable = 15020
    tracer: str | None = "none"
    variant: str | None = None


class ProxyInitValues(Struct, frozen=True, rename="camel"):
    """`global.proxy_init`: the container that redirects traffic."""

    force_apply_iptables: Printable = False
    image: str | None = "proxyv2"


class LoggingValues(Struct, frozen=True):
    """`global.logging`."""

    level: Printable = "default:info"


class MultiClusterValues(Struct, frozen=True, rename="camel"):
    """`global.multiCluster`."""

    cluster_name: str | None = ""


class TokenValues(Struct, frozen=True):
    """`global.sds.token`."""

    aud: Printable = "istio-ca"


class SdsValues(Struct, frozen=True):
    """`global.sds`."""

    token: TokenValues = TokenValues()


class StsValues(Struct, frozen=True, rename="camel"):
    """`global.sts`."""

    service_port: Printable = 0


class GlobalValues(Struct, frozen=True, rename="camel", kw_only=True):
    """`global`."""

    ca_address: Printable = ""
    ca_name: str | None = ""
    hub: str | None = "registry.istio.io/release"
    image_pull_policy: Printable = ""
    image_pull_secrets: tuple[Printable, ...] | None = ()
    istio_namespace: Printable = "istio-system"
    log_as_json: Printable = False
    logging: LoggingValues = LoggingValues()
    mesh_id: Printable = msgspec.field(name="meshID", default="")
    mount_mtls_certs: Printable = False
    multi_cluster: MultiClusterValues = MultiClusterValues()
    native_nftables: Printable = False
    network: str | None = ""
    pilot_cert_provider: Printable = "istiod"
    proxy: ProxyValues = ProxyValues()
    proxy_init: ProxyInitValues = msgspec.field(name="proxy_init", default=ProxyInitValues())
    sds: SdsValues = SdsValues()
    sts: StsValues = StsValues()
    tag: Printable = "1.30.3"
    tracer: Block = None
    trust_bundle_name: Printable = None
    trust_domain: Printable = None
    """The trust domain if the mesh config has none."""
    variant: str | None = ""


class CniValues(Struct, frozen=True):
    """`pilot.cni`: whether a CNI plugin redirects traffic instead of an init container."""

    enabled: Printable = False
    provider: str | None = "default"


class PilotValues(Struct, frozen=True, rename="camel"):
    """`pilot`."""

    cni: CniValues = CniValues()
    crl_config_map_name: Printable = None
    env: Block = None


class InjectorValues(Struct, frozen=True, rename="camel", kw_only=True):
    """`sidecarInjectorWebhook`: most of it says which Pods the webhook injects."""

    always_inject_selector: tuple[Mapping[str, Any], ...] = ()
    never_inject_selector: tuple[Mapping[str, Any], ...] = ()
    enable_namespaces_by_default: bool = False
    rewrite_app_http_probe: bool | None = msgspec.field(name="rewriteAppHTTPProbe", default=True)
    templates: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Custom templates in Go's template language, by name. They are not run."""


class GatewaysValues(Struct, frozen=True, rename="camel"):
    """`gateways`."""

    security_context: Block = None


class InjectionValues(Struct, frozen=True, rename="camel", kw_only=True):
    """The Helm values of an installation that injection reads."""

    global_: GlobalValues = msgspec.field(name="global", default=GlobalValues())
    gateways: GatewaysValues = GatewaysValues()
    pilot: PilotValues = PilotValues()
    revision: Printable = ""
    sidecar_injector_webhook: InjectorValues = InjectorValues()

    @property
    def proxy(self) -> ProxyValues:
        return self.global_.proxy

    @property
    def uses_cni(self) -> bool:
        return bool(self.pilot.cni.enabled)


DEFAULT_VALUES = InjectionValues()


def injection_values(overrides: Mapping[str, Any]) -> InjectionValues:
    """The values of an installation with these overrides. Values that injection does not read are ignored.

    Raises InjectionProblem for a value of a wrong type.
    """
    try:
        values = msgspec.convert(overrides, InjectionValues)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        raise InjectionProblem(message, _path(place.removesuffix("`"))) from None
    given = _at(overrides, "global", "proxy", "resources")
    if not isinstance(given, Mapping):
        return values
    proxy = replace(values.proxy, resources=deep_merged(DEFAULT_RESOURCES, given))
    return replace(values, global_=replace(values.global_, proxy=proxy))


def deep_merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with the values of `over`, as Helm merges them: maps merge, and all else is replaced."""
    return {**base, **{key: _merged(base.get(key), value) for key, value in over.items()}}


def _merged(base: Any, over: Any) -> Any:
    return deep_merged(base, over) if isinstance(base, Mapping) and isinstance(over, Mapping) else over


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _path(place: str) -> tuple[str, ...]:
    """`.global.proxy[0]` as the keys of a path, without indices."""
    return tuple(part.partition("[")[0] for part in place.split(".") if part)
