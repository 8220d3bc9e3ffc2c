"""Mesh config: mesh-wide settings (istio/api `mesh/v1alpha1/config.proto`).

These models hold what a user sets. The defaults are in `models.mesh.defaults`.
"""

from collections.abc import Mapping

from meshcompile.models.base import Node, OneOf, ProtoEnum
from meshcompile.models.common import Bool, Int32
from meshcompile.models.kubernetes.base import LabelSelector
from meshcompile.models.mesh.extension_providers import ExtensionProvider
from meshcompile.models.mesh.proxy_config import ProxyConfig
from meshcompile.models.mesh.service_entry_visibility import ServiceEntryVisibility
from meshcompile.models.networking.destination_rule import (
    ClientTLSSettings,
    ConnectionPoolSettings,
    OutlierDetection,
    TcpKeepalive,
)
from meshcompile.models.networking.localities import LocalityLoadBalancerSetting, ZoneAwareLoadBalancerSetting
from meshcompile.models.networking.virtual_service import HTTPRetry
from meshcompile.values.durations import Duration


class IngressControllerMode(ProtoEnum):
    """Which Ingress resources Istio handles."""

    UNSPECIFIED = "UNSPECIFIED"
    OFF = "OFF"
    DEFAULT = "DEFAULT"
    STRICT = "STRICT"


class AccessLogEncoding(ProtoEnum):
    """Encoding of access logs."""

    TEXT = "TEXT"
    JSON = "JSON"


class OutboundTrafficPolicyMode(ProtoEnum):
    """How traffic to unknown hosts is handled."""

    REGISTRY_ONLY = "REGISTRY_ONLY"
    ALLOW_ANY = "ALLOW_ANY"
    ALLOW_ANY_DYNAMIC_DNS = "ALLOW_ANY_DYNAMIC_DNS"

    @classmethod
    def numbers(cls) -> Mapping[int, str]:
        return {0: cls.REGISTRY_ONLY, 1: cls.ALLOW_ANY, 3: cls.ALLOW_ANY_DYNAMIC_DNS}


class OutboundTrafficPolicy(Node):
    """How traffic to unknown hosts is handled."""

    mode: OutboundTrafficPolicyMode = OutboundTrafficPolicyMode.REGISTRY_ONLY
    """REGISTRY_ONLY drops it (`BlackHoleCluster`). ALLOW_ANY forwards it (`PassthroughCluster`)."""
    tls: ClientTLSSettings | None = None
    """TLS settings for connections to unknown hosts, with ALLOW_ANY_DYNAMIC_DNS."""


class InboundTrafficPolicyMode(ProtoEnum):
    """Address at which a proxy forwards inbound traffic to the application."""

    PASSTHROUGH = "PASSTHROUGH"
    LOCALHOST = "LOCALHOST"


class InboundTrafficPolicy(Node):
    """Address at which a proxy forwards inbound traffic to the application."""

    mode: InboundTrafficPolicyMode = InboundTrafficPolicyMode.PASSTHROUGH
    """PASSTHROUGH keeps the destination address (an ORIGINAL_DST inbound cluster). LOCALHOST uses 127.0.0.1."""


class ConfigResource(ProtoEnum):
    """The resources that a configuration source provides."""

    SERVICE_REGISTRY = "SERVICE_REGISTRY"


class ConfigSource(Node):
    """A source of istiod's configuration. It has no effect in meshcompile."""

    address: str = ""
    """`k8s://`, `xds://...` or `fs:///...`."""
    tls_settings: ClientTLSSettings | None = None
    """TLS settings for connections to the source."""
    subscribed_resources: tuple[ConfigResource, ...] = ()
    """Resources that the source provides."""


class CertificateData(OneOf):
    """A root certificate. Set either `pem` or `spiffeBundleUrl`."""

    one_of = (("pem", "spiffe_bundle_url"),)

    pem: str | None = None
    """The certificate in PEM format."""
    spiffe_bundle_url: str | None = None
    """URL of a SPIFFE trust bundle."""
    cert_signers: tuple[str, ...] = ()
    """Kubernetes signers that the certificate applies to. If empty, all signers."""
    trust_domains: tuple[str, ...] = ()
    """Trust domains that the certificate applies to. If empty, all trust domains."""


class H2UpgradePolicy(ProtoEnum):
    """Whether proxies upgrade HTTP/1.1 connections between services in the mesh to HTTP/2."""

    DO_NOT_UPGRADE = "DO_NOT_UPGRADE"
    UPGRADE = "UPGRADE"


class Certificate(Node):
    """Deprecated: a certificate for istiod to create."""

    secret_name: str = ""
    """Secret that stores the certificate."""
    dns_names: tuple[str, ...] = ()
    """DNS names of the certificate."""


class ServiceSettingsSettings(Node):
    """Settings of services."""

    cluster_local: Bool = False
    """Whether traffic stays in the cluster of the client."""


class ServiceSettings(Node):
    """Settings for selected hosts."""

    settings: ServiceSettingsSettings | None = None
    """The settings."""
    hosts: tuple[str, ...] = ()
    """Hosts, where a leading `*.` is a wildcard. The most specific host applies."""


class ServiceScope(ProtoEnum):
    """Whether a service is visible in one cluster or in all."""

    LOCAL = "LOCAL"
    GLOBAL = "GLOBAL"


class ServiceScopeConfigs(Node):
    """Visibility of services across clusters in ambient mode."""

    namespace_selector: LabelSelector | None = None
    """Namespaces of the services."""
    services_selector: LabelSelector | None = None
    """Labels of the services."""
    scope: ServiceScope = ServiceScope.LOCAL
    """LOCAL limits the service to its cluster. GLOBAL makes it visible in all clusters."""


class CA(Node):
    """An external certificate authority. It does not affect the configuration of proxies."""

    address: str = ""
    """`host:port` of the certificate authority."""
    tls_settings: ClientTLSSettings | None = None
    """TLS settings for connections to the certificate authority."""
    request_timeout: Duration | None = None
    """Timeout of a request."""
    istiod_side: Bool = False
    """Whether istiod sends the requests, instead of the agent."""


class DefaultProviders(Node):
    """Providers to use where no Telemetry resource names any."""

    tracing: tuple[str, ...] = ()
    """Providers for traces."""
    metrics: tuple[str, ...] = ()
    """Providers for metrics. `prometheus` adds the `istio.stats` filter."""
    access_logging: tuple[str, ...] = ()
    """Providers for access logs."""


class PathNormalizationType(ProtoEnum):
    """How thoroughly paths are normalized."""

    DEFAULT = "DEFAULT"
    NONE = "NONE"
    BASE = "BASE"
    MERGE_SLASHES = "MERGE_SLASHES"
    DECODE_AND_MERGE_SLASHES = "DECODE_AND_MERGE_SLASHES"


class ProxyPathNormalization(Node):
    """How paths are normalized before routing and authorization."""

    normalization: PathNormalizationType = PathNormalizationType.DEFAULT
    """The normalization: `normalize_path`, `merge_slashes` and `path_with_escaped_slashes_action`. DEFAULT means BASE.
    """


class TLSProtocol(ProtoEnum):
    """A TLS version."""

    TLS_AUTO = "TLS_AUTO"
    TLSV1_2 = "TLSV1_2"
    TLSV1_3 = "TLSV1_3"


class TLSConfig(Node):
    """TLS parameters."""

    min_protocol_version: TLSProtocol = TLSProtocol.TLS_AUTO
    """Minimum TLS version. The default is 1.2."""
    ecdh_curves: tuple[str, ...] = ()
    """Allowed ECDH curves."""
    cipher_suites: tuple[str, ...] = ()
    """Allowed cipher suites for TLS 1.2 and older."""


class DefaultTrafficPolicy(Node):
    """Settings of all clusters to which no DestinationRule gives its own."""

    connection_pool: ConnectionPoolSettings | None = None
    """Limits on connections and requests. The `connectionPool` of a DestinationRule replaces all of them."""
    outlier_detection: OutlierDetection | None = None
    """When a failing endpoint is ejected. The `outlierDetection` of a DestinationRule replaces all of it."""


class MeshConfig(Node):
    """Mesh-wide settings."""

    proxy_listen_port: Int32 = 0
    """Port of the listener `virtualOutbound`."""
    proxy_inbound_listen_port: Int32 = 0
    """Port of the listener `virtualInbound`."""
    proxy_http_port: Int32 = 0
    """Port of an HTTP proxy listener on 127.0.0.1. 0 means no such listener."""
    connect_timeout: Duration | None = None
    """`connect_timeout` of every cluster."""
    hbone_idle_timeout: Duration | None = None
    """Idle timeout of connections to ztunnel. The default is 1h."""
    protocol_detection_timeout: Duration | None = None
    """How long a listener waits for the first bytes before it gives up detecting the protocol
    (`listener_filters_timeout`).
    """
    tcp_keepalive: TcpKeepalive | None = None
    """TCP keepalive probes on connections to every cluster."""
    ingress_class: str = ""
    """Value of the annotation `kubernetes.io/ingress.class` that Istio handles."""
    ingress_service: str = ""
    """Name of the Service of the ingress gateway."""
    ingress_controller_mode: IngressControllerMode = IngressControllerMode.UNSPECIFIED
    """Which Ingress resources Istio handles: none, also those without a class, or only those with Istio's class."""
    ingress_selector: str = ""
    """Value of the label `istio` on the gateway that handles Ingress resources."""
    enable_tracing: Bool = False
    """Whether HTTP connection managers trace requests."""
    access_log_file: str = ""
    """File for access logs. If empty, there are no access logs."""
    access_log_format: str = ""
    """Format of an access log entry. If empty, Istio's default format."""
    access_log_encoding: AccessLogEncoding = AccessLogEncoding.TEXT
    """Whether `access_log_format` is text or a JSON object."""
    enable_envoy_access_log_service: Bool = False
    """Whether to send access logs over gRPC to the service in the bootstrap configuration."""
    disable_envoy_listener_log: Bool = False
    """Whether to stop logging connections that match no filter chain."""
    default_config: ProxyConfig | None = None
    """Default proxy config. Individual proxies can override it."""
    outbound_traffic_policy: OutboundTrafficPolicy | None = None
    """How traffic to unknown hosts is handled."""
    inbound_traffic_policy: InboundTrafficPolicy | None = None
    """Address at which a proxy forwards inbound traffic to the application."""
    config_sources: tuple[ConfigSource, ...] = ()
    """Sources of istiod's configuration. They have no effect in meshcompile."""
    enable_auto_mtls: Bool | None = None
    """Whether clusters use mutual TLS towards endpoints that support it, unless a DestinationRule sets something else.
    """
    trust_domain: str = ""
    """Trust domain of identities in the mesh, as in `spiffe://DOMAIN/ns/NAMESPACE/sa/ACCOUNT`."""
    trust_domain_aliases: tuple[str, ...] = ()
    """Other trust domains that belong to the mesh."""
    ca_certificates: tuple[CertificateData, ...] = ()
    """Additional root certificates for traffic in the mesh."""
    default_service_export_to: tuple[str, ...] = ()
    """Namespaces that can see a Service or ServiceEntry without `exportTo`."""
    default_virtual_service_export_to: tuple[str, ...] = ()
    """Namespaces that can see a VirtualService without `exportTo`."""
    default_destination_rule_export_to: tuple[str, ...] = ()
    """Namespaces that can see a DestinationRule without `exportTo`."""
    root_namespace: str = ""
    """Namespace whose policies apply to the whole mesh."""
    locality_lb_setting: LocalityLoadBalancerSetting | None = None
    """Locality load balancing for all hosts."""
    zone_aware_lb_setting: ZoneAwareLoadBalancerSetting | None = None
    """Zone-aware load balancing for all hosts. Takes precedence over `localityLbSetting`. Since Istio 1.31."""
    dns_refresh_rate: Duration | None = None
    """How long DNS clusters wait before they resolve a host again after a failure."""
    h2_upgrade_policy: H2UpgradePolicy = H2UpgradePolicy.DO_NOT_UPGRADE
    """Whether proxies upgrade HTTP/1.1 connections between services in the mesh to HTTP/2."""
    inbound_cluster_stat_name: str = ""
    """Pattern for the `alt_stat_name` of inbound clusters, with placeholders such as `%SERVICE%` and `%SERVICE_PORT%`.
    """
    outbound_cluster_stat_name: str = ""
    """Pattern for the `alt_stat_name` of outbound clusters, with placeholders such as `%SERVICE%` and `%SUBSET_NAME%`.
    """
    certificates: tuple[Certificate, ...] = ()
    """Deprecated. It has no effect."""
    service_settings: tuple[ServiceSettings, ...] = ()
    """Services whose traffic stays in one cluster."""
    service_scope_configs: tuple[ServiceScopeConfigs, ...] = ()
    """Visibility of services across clusters in ambient mode."""
    enable_prometheus_merge: Bool | None = None
    """Whether the agent merges the application's metrics into Envoy's. Affects injection only."""
    verify_certificate_at_client: Bool | None = None
    """Deprecated: false disables the verification of server certificates where no CA certificates are set."""
    ca: CA | None = None
    """An external certificate authority."""
    extension_providers: tuple[ExtensionProvider, ...] = ()
    """Services that policies and Telemetry refer to by name."""
    default_providers: DefaultProviders | None = None
    """Providers to use where no Telemetry resource names any."""
    discovery_selectors: tuple[LabelSelector, ...] = ()
    """Namespaces that belong to the mesh, by alternative label selectors. If empty, all namespaces."""
    path_normalization: ProxyPathNormalization | None = None
    """How paths are normalized before routing and authorization."""
    default_http_retry_policy: HTTPRetry | None = None
    """Default retry policy for HTTP routes."""
    mesh_mTLS: TLSConfig | None = None  # noqa: N815 - the proto's own name, and `meshMTLS` in JSON
    """TLS parameters for mutual TLS in the mesh."""
    tls_defaults: TLSConfig | None = None
    """TLS parameters for all other TLS connections."""
    default_traffic_policy: DefaultTrafficPolicy | None = None
    """Settings of all clusters to which no DestinationRule gives its own. Since Istio 1.31."""
    service_entry_visibility: ServiceEntryVisibility | None = None
    """Who sees ServiceEntries. Since Istio 1.31."""
