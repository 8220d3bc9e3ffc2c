"""The mesh config that applies where a user sets nothing.

`CODE_DEFAULTS` are istiod's built-in defaults (`DefaultMeshConfig` and `DefaultProxyConfig`, pkg/config/mesh/mesh.go).
`INSTALLED_DEFAULTS` also have what istioctl and the Helm charts add to every installation. The most important addition
is the `prometheus` metrics provider: without it there is no `istio.stats` filter. A mesh starts from
`INSTALLED_DEFAULTS`.
"""

from meshcompile.models.mesh.extension_providers import (
    EnvoyFileAccessLogProvider,
    ExtensionProvider,
    PrometheusMetricsProvider,
    StackdriverProvider,
)
from meshcompile.models.mesh.merge import merged_mesh_config
from meshcompile.models.mesh.mesh_config import (
    AccessLogEncoding,
    DefaultProviders,
    InboundTrafficPolicy,
    InboundTrafficPolicyMode,
    IngressControllerMode,
    MeshConfig,
    OutboundTrafficPolicy,
    OutboundTrafficPolicyMode,
)
from meshcompile.models.mesh.proxy_config import AuthenticationPolicy, ProxyConfig
from meshcompile.models.networking.localities import (
    LocalityLoadBalancerSetting,
)
from meshcompile.values.durations import Duration

# Constructed without validation: validators for all of MeshConfig take time, and few meshes need them.
_PROXY_CONFIG = ProxyConfig.model_construct(
    config_path="./etc/istio/proxy",
    service_cluster="istio-proxy",
    drain_duration=Duration.of_seconds(45),
    termination_drain_duration=Duration.of_seconds(5),
    proxy_admin_port=15000,
    control_plane_auth_policy=AuthenticationPolicy.MUTUAL_TLS,
    discovery_address="istiod.istio-system.svc:15012",
    binary_path="/usr/local/bin/envoy",
    stat_name_length=189,
    status_port=15020,
)

CODE_DEFAULTS = MeshConfig.model_construct(
    enable_tracing=True,
    access_log_encoding=AccessLogEncoding.TEXT,
    protocol_detection_timeout=Duration(),
    ingress_service="istio-ingressgateway",
    ingress_controller_mode=IngressControllerMode.STRICT,
    ingress_class="istio",
    trust_domain="cluster.local",
    enable_auto_mtls=True,
    outbound_traffic_policy=OutboundTrafficPolicy.model_construct(mode=OutboundTrafficPolicyMode.ALLOW_ANY),
    inbound_traffic_policy=InboundTrafficPolicy.model_construct(mode=InboundTrafficPolicyMode.PASSTHROUGH),
    locality_lb_setting=LocalityLoadBalancerSetting.model_construct(enabled=True),
    default_config=_PROXY_CONFIG,
    root_namespace="istio-system",
    proxy_listen_port=15001,
    proxy_inbound_listen_port=15006,
    connect_timeout=Duration.of_seconds(10),
    default_service_export_to=("*",),
    default_virtual_service_export_to=("*",),
    default_destination_rule_export_to=("*",),
    dns_refresh_rate=Duration.of_seconds(60),
    enable_prometheus_merge=True,
    default_providers=DefaultProviders.model_construct(),
    extension_providers=(
        ExtensionProvider.model_construct(name="prometheus", prometheus=PrometheusMetricsProvider.model_construct()),
        ExtensionProvider.model_construct(name="stackdriver", stackdriver=StackdriverProvider.model_construct()),
        ExtensionProvider.model_construct(
            name="envoy", envoy_file_access_log=EnvoyFileAccessLogProvider.model_construct(path="/dev/stdout")
        ),
    ),
)

INSTALLED_DEFAULTS = merged_mesh_config(
    CODE_DEFAULTS,
    MeshConfig.model_construct(
        default_providers=DefaultProviders.model_construct(metrics=("prometheus",)),
        enable_prometheus_merge=True,
        root_namespace="istio-system",
        trust_domain="cluster.local",
        default_config=ProxyConfig.model_construct(discovery_address="istiod.istio-system.svc:15012"),
    ),
)
