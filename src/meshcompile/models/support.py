"""The fields that are not compiled, each with the reason.

A field that is not listed is compiled: it appears in the output or affects it. An entry applies to all fields below its
field.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache

from msgspec import Struct

from meshcompile.codes.models import FIELD_WITHOUT_EFFECT, UNSUPPORTED_FIELD
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.base import Nested, Node, json_name, nested_fields, node_type


class Support(StrEnum):
    """The support of a field."""

    COMPILED = "compiled"
    UNSUPPORTED = "unsupported"
    """istiod uses the field, but meshcompile does not."""
    IGNORED = "ignored"
    """Istio ignores the field."""
    ELSEWHERE = "elsewhere"
    """Other components use the field, not istiod's Envoy configuration: the injector, the agent, the bootstrap,
    Kubernetes.
    """


class Limit(Struct, frozen=True):
    """The support of a field, and the reason."""

    support: Support
    why: str


COMPILED = Limit(Support.COMPILED, "")


def _unsupported(why: str) -> Limit:
    return Limit(Support.UNSUPPORTED, why)


def _ignored(why: str) -> Limit:
    return Limit(Support.IGNORED, why)


def _elsewhere(why: str) -> Limit:
    return Limit(Support.ELSEWHERE, why)


def _each(fields: str, limit: Limit) -> Mapping[str, Limit]:
    """The same limit for several fields, which are separated by spaces."""
    return dict.fromkeys(fields.split(), limit)


DEPRECATED = _ignored("the field is deprecated")
NOT_IMPLEMENTED = _ignored("Istio does not implement it")
REFUSED = _ignored("Istio rejects objects with this field")
NOT_SENT = _ignored("istiod does not send it to proxies")
REMOVED = _ignored("Istio no longer has this provider")
AMBIENT = _unsupported("ambient mode across clusters is not compiled")
OBSERVED = _elsewhere("controllers write it")
KUBERNETES = _elsewhere("only Kubernetes uses it")
INJECTOR = _elsewhere("only the injector uses it")
AGENT = _elsewhere("only the agent next to Envoy uses it")
BOOTSTRAP = _elsewhere("only the bootstrap configuration uses it")
AUTHORITY = _elsewhere("istiod uses it only as a certificate authority")
INVALID_ROUTE = _elsewhere("a route with it is invalid, which has a finding of its own")
REGISTRATION = _elsewhere("istiod uses it only to create a WorkloadEntry when a machine registers")

LIMITS: Mapping[str, Mapping[str, Limit]] = {
    "base.ObjectMeta": _each(
        "generate_name generation uid finalizers deletion_grace_period_seconds managed_fields self_link cluster_name",
        KUBERNETES,
    ),
    "base.OwnerReference": {"api_version": KUBERNETES, "uid": KUBERNETES, "block_owner_deletion": KUBERNETES},
    "common.IstioResource": {"status": OBSERVED},
    "mesh.connection_settings.ConnectionSettings": _each(
        "cluster_per_connection_buffer_limit_bytes listener_connection_limit global_downstream_connection_limit",
        NOT_IMPLEMENTED,
    ),
    "networking.gateway.Port": {"target_port": DEPRECATED},
    "networking.gateway.Server": {"default_endpoint": NOT_IMPLEMENTED},
    "networking.gateway.TLSCertificate": {"ca_certificates": _ignored("only `tls.caCertificates` is read")},
    "networking.virtual_service.Delay": {"exponential_delay": REFUSED},
    "networking.virtual_service.Abort": {"http2_error": REFUSED},
    "networking.virtual_service.L4MatchAttributes": {"source_subnet": NOT_IMPLEMENTED},
    "networking.destination_rule.OutlierDetection": {
        "consecutive_errors": DEPRECATED,
        "outlier_detection_http_error_codes": NOT_IMPLEMENTED,
    },
    "networking.service_entry.ServiceEntry": {"status": COMPILED},
    "networking.service_entry.ServiceEntryStatus": _each(
        "conditions validation_messages observed_generation",
        OBSERVED,
    ),
    "networking.sidecar.SidecarPort": {"target_port": DEPRECATED},
    "networking.workload_entry.WorkloadEntry": {"status": COMPILED},
    "common.IstioStatus": {"validation_messages": OBSERVED, "observed_generation": OBSERVED},
    "common.IstioCondition": _each(
        "last_probe_time last_transition_time reason message observed_generation",
        OBSERVED,
    ),
    "networking.workload_group.WorkloadGroupSpec": _each("metadata template probe", REGISTRATION),
    "networking.envoy_filter.ListenerMatch": {"port_name": NOT_IMPLEMENTED},
    "networking.envoy_filter.EnvoyConfigObjectMatch": {"waypoint": NOT_IMPLEMENTED},
    "networking.envoy_filter.Patch": {"filter_class": NOT_IMPLEMENTED},
    "networking.proxy_config.ProxyConfigSpec": {"concurrency": AGENT, "image": INJECTOR},
    "security.request_authentication.JWTRule": {
        "timeout": _elsewhere("istiod uses it only to fetch the keys, which meshcompile receives as input")
    },
    "gateway_api.backend_policies.BackendTLSPolicySpec": {"options": NOT_IMPLEMENTED},
    "gateway_api.backend_policies.RequestRate": {"interval": NOT_IMPLEMENTED},
    "gateway_api.backend_policies.XBackendTrafficPolicySpec": {"session_persistence": NOT_IMPLEMENTED},
    "gateway_api.filters.GRPCRouteFilter": {"extension_ref": INVALID_ROUTE},
    "gateway_api.filters.HTTPRouteFilter": _each("extension_ref external_auth", INVALID_ROUTE),
    "gateway_api.gateway.GatewayClassSpec": {
        "description": _elsewhere("it is a text for people"),
        "parameters_ref": NOT_IMPLEMENTED,
    },
    "gateway_api.gateway.GatewaySpec": {"default_scope": NOT_IMPLEMENTED},
    "gateway_api.gateway.GatewayTLSConfig": {"backend": NOT_IMPLEMENTED},
    "gateway_api.grpc_route.GRPCRouteRule": {"session_persistence": NOT_IMPLEMENTED},
    "gateway_api.grpc_route.GRPCRouteSpec": {"use_default_gateways": NOT_IMPLEMENTED},
    "gateway_api.http_route.HTTPRouteRule": {"session_persistence": NOT_IMPLEMENTED},
    "gateway_api.http_route.HTTPRouteSpec": {"use_default_gateways": NOT_IMPLEMENTED},
    "gateway_api.l4_routes.L4RouteRule": {"name": _elsewhere("it names the rule for other objects")},
    "gateway_api.l4_routes.TCPRouteSpec": {"use_default_gateways": NOT_IMPLEMENTED},
    "gateway_api.l4_routes.TLSRouteSpec": {"use_default_gateways": NOT_IMPLEMENTED},
    "extensions.wasm_plugin.WasmPluginSpec": {"verification_key": NOT_IMPLEMENTED},
    "extensions.traffic_extension.WasmConfig": {"verification_key": NOT_IMPLEMENTED},
    "mesh.mesh_config.MeshConfig": {
        "service_scope_configs": AMBIENT,
        "config_sources": _elsewhere("istiod uses it only to find its configuration"),
        "certificates": DEPRECATED,
        "enable_prometheus_merge": INJECTOR,
        "verify_certificate_at_client": DEPRECATED,
        "ca": AUTHORITY,
    },
    "mesh.mesh_config.CertificateData": _each("pem spiffe_bundle_url cert_signers", AUTHORITY),
    "mesh.mesh_config.OutboundTrafficPolicy": {"tls": NOT_IMPLEMENTED},
    "mesh.mesh_networks.IstioNetworkGateway": {"locality": NOT_IMPLEMENTED},
    "mesh.extension_providers.ExtensionProvider": _each("lightstep opencensus stackdriver", REMOVED),
    "mesh.extension_providers.EnvoyExternalAuthorizationHttpProvider": {"clear_route_cache": NOT_SENT},
    "mesh.extension_providers.EnvoyExternalAuthorizationGrpcProvider": {"clear_route_cache": NOT_SENT},
    "mesh.extension_providers.SkyWalkingTracingProvider": {"access_token": NOT_SENT},
    "mesh.proxy_config.Tracing": _each(
        "zipkin lightstep datadog stackdriver open_census_agent tls_settings",
        BOOTSTRAP,
    ),
    "mesh.proxy_config.ProxyConfig": {
        **_each("discovery_refresh_delay availability_zone sds", DEPRECATED),
        **_each("hold_application_until_proxy_starts image mesh_id", INJECTOR),
        **_each(
            "config_path binary_path drain_duration custom_config_file stat_name_length concurrency "
            "proxy_bootstrap_template_path termination_drain_duration readiness_probe ca_certificates_pem "
            "file_flush_interval file_flush_min_size_kb status_port",
            AGENT,
        ),
        **_each(
            "zipkin_address statsd_udp_address envoy_metrics_service_address proxy_admin_port "
            "control_plane_auth_policy envoy_access_log_service envoy_metrics_service runtime_values "
            "extra_stat_tags proxy_stats_matcher stats_compression",
            BOOTSTRAP,
        ),
        "private_key_provider": _unsupported("secrets are not compiled"),
    },
    "kubernetes.service.ServiceSpec": _each(
        "ip_families ip_family_policy load_balancer_ip session_affinity external_traffic_policy",
        KUBERNETES,
    ),
    "kubernetes.endpoints.EndpointSubset": {
        "not_ready_addresses": _unsupported("only addresses that are ready become endpoints; write an EndpointSlice")
    },
    "kubernetes.endpoint_slice.Endpoint": _each("hostname node_name zone", KUBERNETES),
    "kubernetes.pod.Container": {
        **_each("image security_context", INJECTOR),
        **_each("readiness_probe liveness_probe startup_probe", KUBERNETES),
    },
    "kubernetes.pod.PodStatus": {"host_ip": KUBERNETES},
    "kubernetes.secret.Secret": {"type": KUBERNETES},
    "kubernetes.config_map.ConfigMap": {"binary_data": KUBERNETES},
    "kubernetes.workloads.JobSpec": {"parallelism": KUBERNETES},
    "kubernetes.workloads.CronJobSpec": {"schedule": KUBERNETES},
    "kubernetes.ingress.IngressBackend": {"resource": NOT_IMPLEMENTED},
}
"""The limits of fields that are not compiled, by class (module below `models`) and field.

An entry of a class takes precedence over the entries of its bases.
"""


def limit(model: type[Node], field: str) -> Limit:
    """The limit of a model's field."""
    return next((known[field] for known in _known(model) if field in known), COMPILED)


def limits(node: Node) -> Iterator[Diagnostic]:
    """Findings about fields without effect: unsupported fields, and fields that Istio ignores."""
    for field, field_limit in _reported(type(node)):
        if field in node.model_fields_set and getattr(node, field):
            code = UNSUPPORTED_FIELD if field_limit.support is Support.UNSUPPORTED else FIELD_WITHOUT_EFFECT
            where = node.at(field)
            yield code(where, field=where.field or json_name(field), why=field_limit.why)
    for nested in _leading(type(node)):
        below = getattr(node, nested.field)
        match nested.shape:
            case "one":
                yield from limits(below) if below is not None else ()
            case "many":
                yield from (finding for item in below for finding in limits(item))
            case "map":
                yield from (finding for item in below.values() for finding in limits(item))


def _known(model: type[Node]) -> Iterator[Mapping[str, Limit]]:
    """The limits of the model and of each of its bases."""
    for base in model.__mro__:
        name = f"{base.__module__.removeprefix('meshcompile.models.')}.{base.__qualname__}"
        if name in LIMITS:
            yield LIMITS[name]


@cache
def _reported(model: type[Node]) -> tuple[tuple[str, Limit], ...]:
    """The fields of the model that cause a finding."""
    reported = (Support.UNSUPPORTED, Support.IGNORED)
    fields = ((field, limit(model, field)) for field in model.model_fields)
    return tuple((field, field_limit) for field, field_limit in fields if field_limit.support in reported)


@cache
def _leading(model: type[Node]) -> tuple[Nested, ...]:
    """The fields of a compiled model below which there are reported fields, each once. Most models have none."""
    nested = dict.fromkeys(nested_fields(model).values())
    return tuple(child for child in nested if limit(model, child.field) is COMPILED and _leads(model, child.field))


def _leads(model: type[Node], field: str) -> bool:
    below = node_type(model.model_fields[field].annotation)
    return below is not None and bool(_reported(below) or _leading(below))
