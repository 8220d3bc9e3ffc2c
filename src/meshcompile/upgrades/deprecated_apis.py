"""What the API of Istio and the Gateway API have deprecated: fields, values and versions.

The sources are the options and comments of Istio's protobuf files, and the CRDs of the Gateway API that a release of
Istio is tested with. What validation or analysis report is not repeated here, nor what Istio refuses.
"""

from collections.abc import Iterator, Mapping
from enum import Enum

from msgspec import Struct

from meshcompile.behaviour import RELEASES
from meshcompile.codes.models import DEPRECATED_API
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.base import Node, Resource, json_name, nested_fields
from meshcompile.models.mesh.extension_providers import (
    EnvoyExternalAuthorizationHttpProvider,
    ExtensionProvider,
    StackdriverProvider,
)
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.mesh.proxy_config import ProxyConfig
from meshcompile.models.networking.destination_rule import LoadBalancerSettings
from meshcompile.models.networking.envoy_filter import EnvoyConfigObjectPatch
from meshcompile.models.networking.virtual_service import CorsPolicy

NO_EFFECT = "it has no effect"
OTEL = "use `opentelemetry`"

FIELDS: Mapping[type[Node], Mapping[str, str]] = {
    CorsPolicy: {"allow_origin": "use `allowOrigins`"},
    LoadBalancerSettings: {"warmup_duration_secs": "use `warmup.duration`"},
    MeshConfig: {
        "certificates": "use another way to create certificates, such as cert-manager",
        "verify_certificate_at_client": "set `caCertificates` in DestinationRules",
    },
    ExtensionProvider: {"lightstep": OTEL, "opencensus": OTEL},
    EnvoyExternalAuthorizationHttpProvider: {"include_headers_in_check": "use `includeRequestHeadersInCheck`"},
    StackdriverProvider: dict.fromkeys(
        ("debug", "max_number_of_attributes", "max_number_of_annotations", "max_number_of_message_events"), NO_EFFECT
    ),
    ProxyConfig: {
        "discovery_refresh_delay": NO_EFFECT,
        "zipkin_address": "use `tracing.zipkin.address`",
        "envoy_metrics_service_address": "use `envoyMetricsService.address`",
        "availability_zone": NO_EFFECT,
        "sds": NO_EFFECT,
        "extra_stat_tags": NO_EFFECT,
    },
}
"""The deprecated fields of models, and what to do."""

VALUES: Mapping[type[Node], tuple[str, str, str]] = {
    LoadBalancerSettings: ("simple", "LEAST_CONN", "use `LEAST_REQUEST`"),
    EnvoyConfigObjectPatch: ("apply_to", "BOOTSTRAP", "set the bootstrap with `sidecar.istio.io/bootstrapOverride`"),
}
"""The deprecated values of fields, and what to do."""


class DeprecatedVersion(Struct, frozen=True):
    """A version of a kind of the Gateway API, and the first release of Istio whose CRDs deprecate it."""

    kind: str
    api_version: str
    since: str


GATEWAY_API = "gateway.networking.k8s.io"
VERSIONS = (
    DeprecatedVersion("BackendTLSPolicy", f"{GATEWAY_API}/v1alpha3", "1.29"),
    DeprecatedVersion("TLSRoute", f"{GATEWAY_API}/v1alpha2", "1.30"),
    DeprecatedVersion("TLSRoute", f"{GATEWAY_API}/v1alpha3", "1.30"),
    DeprecatedVersion("TCPRoute", f"{GATEWAY_API}/v1alpha2", "1.31"),
    DeprecatedVersion("UDPRoute", f"{GATEWAY_API}/v1alpha2", "1.31"),
)


def deprecated_apis(resource: Resource, release: str) -> Iterator[Diagnostic]:
    """What an object uses that a release of Istio has deprecated."""
    releases = tuple(RELEASES)
    for each in VERSIONS:
        is_one = (each.kind, each.api_version) == (resource.kind, resource.api_version)
        if is_one and releases.index(each.since) <= releases.index(release):
            place = resource.at("api_version")
            yield DEPRECATED_API(place, what=resource.api_version, instead=f"use `{GATEWAY_API}/v1`", release=release)
    yield from deprecated_fields(resource, release)


def deprecated_fields(node: Node, release: str) -> Iterator[Diagnostic]:
    """The deprecated fields and values that are set in a node and below it."""
    for field, instead in FIELDS.get(type(node), {}).items():
        if field in node.model_fields_set:
            yield DEPRECATED_API(node.at(field), what=json_name(field), instead=instead, release=release)
    if type(node) in VALUES:
        field, value, instead = VALUES[type(node)]
        found = getattr(node, field)
        if isinstance(found, Enum) and found.value == value:
            yield DEPRECATED_API(node.at(field), what=value, instead=instead, release=release)
    for below in _nested(node):
        yield from deprecated_fields(below, release)


def _nested(node: Node) -> Iterator[Node]:
    for nested in dict.fromkeys(nested_fields(type(node)).values()):
        below = getattr(node, nested.field)
        match nested.shape:
            case "one":
                yield from (below,) if below is not None else ()
            case "many":
                yield from below
            case "map":
                yield from below.values()
