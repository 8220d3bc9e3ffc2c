"""Mesh config: the settings of the whole mesh (istio/api `mesh/v1alpha1/config.proto`).

Here is what a user writes; what holds where nothing is written is `models.mesh.defaults`.
"""

from collections.abc import Mapping

from meshcompile.models.base import Node, OneOf, ProtoEnum
from meshcompile.models.common import Bool, Int32
from meshcompile.models.kubernetes.base import LabelSelector
from meshcompile.models.mesh.extension_providers import ExtensionProvider
from meshcompile.models.mesh.proxy_config import ProxyConfig
from meshcompile.models.networking.destination_rule import (
    ClientTLSSettings,
    LocalityLoadBalancerSetting,
    TcpKeepalive,
)
from meshcompile.models.networking.virtual_service import HTTPRetry
from meshcompile.values.durations import Duration


class IngressControllerMode(ProtoEnum):
    """Which Ingresses are served."""

    UNSPECIFIED = "UNSPECIFIED"
    OFF = "OFF"
    DEFAULT = "DEFAULT"
    STRICT = "STRICT"


class AccessLogEncoding(ProtoEnum):
    """Form of the access log."""

    TEXT = "TEXT"
    JSON = "JSON"


class OutboundTrafficPolicyMode(ProtoEnum):
    """How requests to unknown hosts are handled."""

    REGISTRY_ONLY = "REGISTRY_ONLY"
    ALLOW_ANY = "ALLOW_ANY"
    ALLOW_ANY_DYNAMIC_DNS = "ALLOW_ANY_DYNAMIC_DNS"

    @classmethod
    def numbers(cls) -> Mapping[int, str]:
        return {0: cls.REGISTRY_ONLY, 1: cls.ALLOW_ANY, 3: cls.ALLOW_ANY_DYNAMIC_DNS}


class OutboundTrafficPolicy(Node):
    """How requests to unknown hosts are handled."""

    mode: OutboundTrafficPolicyMode = OutboundTrafficPolicyMode.REGISTRY_ONLY
    """Dropped (BlackHoleCluster) or let through (PassthroughCluster)."""
    tls: ClientTLSSettings | None = None
    """TLS towards them, with ALLOW_ANY_DYNAMIC_DNS."""


class InboundTrafficPolicyMode(ProtoEnum):
    """Where a proxy hands over inbound traffic."""

    PASSTHROUGH = "PASSTHROUGH"
    LOCALHOST = "LOCALHOST"


class InboundTrafficPolicy(Node):
    """Where a proxy hands over inbound traffic."""

    mode: InboundTrafficPolicyMode = InboundTrafficPolicyMode.PASSTHROUGH
    """At the address it was sent to (an ORIGINAL_DST inbound cluster) or at 127.0.0.1."""


class ConfigResource(ProtoEnum):
    """What a configuration source delivers."""

    SERVICE_REGISTRY = "SERVICE_REGISTRY"


class ConfigSource(Node):
    """A place that istiod reads configuration from; without effect here."""

    address: str = ""
    """`k8s://`, `xds://...` or `fs:///...`."""
    tls_settings: ClientTLSSettings | None = None
    """TLS towards it."""
    subscribed_resources: tuple[ConfigResource, ...] = ()
    """What it delivers."""


class CertificateData(OneOf):
    """A root certificate; one of `pem` and `spiffe_bundle_url`."""

    one_of = (("pem", "spiffe_bundle_url"),)

    pem: str | None = None
    """The certificate."""
    spiffe_bundle_url: str | None = None
    """Where it is found."""
    cert_signers: tuple[str, ...] = ()
    """Kubernetes signers that it belongs to; all where empty."""
    trust_domains: tuple[str, ...] = ()
    """Trust domains that it belongs to; all where empty."""


class H2UpgradePolicy(ProtoEnum):
    """Whether HTTP/1.1 to services in the mesh becomes HTTP/2 on the way."""

    DO_NOT_UPGRADE = "DO_NOT_UPGRADE"
    UPGRADE = "UPGRADE"


class Certificate(Node):
    """Deprecated: a certificate that istiod was to make."""

    secret_name: str = ""
    """Secret to keep it in."""
    dns_names: tuple[str, ...] = ()
    """DNS names in it."""


class ServiceSettingsSettings(Node):
    """Settings of services."""

    cluster_local: Bool = False
    """Whether only endpoints of the proxy's own cluster take its traffic."""


class ServiceSettings(Node):
    """Settings of the services with certain hosts."""

    settings: ServiceSettingsSettings | None = None
    """The settings."""
    hosts: tuple[str, ...] = ()
    """The hosts, `*.` in front for a wildcard; the most specific one decides."""


class ServiceScope(ProtoEnum):
    """How far a service reaches."""

    LOCAL = "LOCAL"
    GLOBAL = "GLOBAL"


class ServiceScopeConfigs(Node):
    """How far services reach across clusters in ambient mode."""

    namespace_selector: LabelSelector | None = None
    """Namespaces of the services."""
    services_selector: LabelSelector | None = None
    """The services by their labels."""
    scope: ServiceScope = ServiceScope.LOCAL
    """LOCAL keeps to one cluster, GLOBAL reaches all."""


class CA(Node):
    """A certificate authority outside of istiod; without effect on what proxies get."""

    address: str = ""
    """Its `host:port`."""
    tls_settings: ClientTLSSettings | None = None
    """TLS towards it."""
    request_timeout: Duration | None = None
    """How long a request may take."""
    istiod_side: Bool = False
    """Whether istiod asks it, and not the agent."""


class DefaultProviders(Node):
    """Providers used where no Telemetry names any."""

    tracing: tuple[str, ...] = ()
    """For traces."""
    metrics: tuple[str, ...] = ()
    """For metrics; `prometheus` adds the `istio.stats` filter."""
    access_logging: tuple[str, ...] = ()
    """For access logs."""


class PathNormalizationType(ProtoEnum):
    """How far paths are normalized."""

    DEFAULT = "DEFAULT"
    NONE = "NONE"
    BASE = "BASE"
    MERGE_SLASHES = "MERGE_SLASHES"
    DECODE_AND_MERGE_SLASHES = "DECODE_AND_MERGE_SLASHES"


class ProxyPathNormalization(Node):
    """How paths are normalized before routes and policies look at them."""

    normalization: PathNormalizationType = PathNormalizationType.DEFAULT
    """How far: `normalize_path`, `merge_slashes`, `path_with_escaped_slashes_action`; DEFAULT is BASE."""


class TLSProtocol(ProtoEnum):
    """A TLS version."""

    TLS_AUTO = "TLS_AUTO"
    TLSV1_2 = "TLSV1_2"
    TLSV1_3 = "TLSV1_3"


class TLSConfig(Node):
    """What TLS connections agree on."""

    min_protocol_version: TLSProtocol = TLSProtocol.TLS_AUTO
    """The lowest version; TLS 1.2 where unset."""
    ecdh_curves: tuple[str, ...] = ()
    """Curves that may be used."""
    cipher_suites: tuple[str, ...] = ()
    """Ciphers that may be used up to TLS 1.2."""


class MeshConfig(Node):
    """Settings of the whole mesh."""

    proxy_listen_port: Int32 = 0
    """Port of the listener `virtualOutbound`."""
    proxy_inbound_listen_port: Int32 = 0
    """Port of the listener `virtualInbound`."""
    proxy_http_port: Int32 = 0
    """Port of an HTTP proxy listener on 127.0.0.1; none where 0."""
    connect_timeout: Duration | None = None
    """`connect_timeout` of every cluster."""
    hbone_idle_timeout: Duration | None = None
    """How long connections to ztunnel may be idle; an hour where unset."""
    protocol_detection_timeout: Duration | None = None
    """How long a listener waits for the first bytes to tell the protocol (`listener_filters_timeout`)."""
    tcp_keepalive: TcpKeepalive | None = None
    """Keep-alive probes of connections to every cluster."""
    ingress_class: str = ""
    """The value of `kubernetes.io/ingress.class` that Istio serves."""
    ingress_service: str = ""
    """Name of the ingress gateway's Service."""
    ingress_controller_mode: IngressControllerMode = IngressControllerMode.UNSPECIFIED
    """Which Ingresses are served: none, also those without a class, or only those of Istio's class."""
    ingress_selector: str = ""
    """Value of the label `istio` on the gateway that serves Ingresses."""
    enable_tracing: Bool = False
    """Whether connection managers trace."""
    access_log_file: str = ""
    """File of the access log; none where empty."""
    access_log_format: str = ""
    """How a line looks; Istio's default where empty."""
    access_log_encoding: AccessLogEncoding = AccessLogEncoding.TEXT
    """Whether `access_log_format` is text or a JSON object."""
    enable_envoy_access_log_service: Bool = False
    """Whether access logs go to the service of the bootstrap by gRPC."""
    disable_envoy_listener_log: Bool = False
    """Whether listeners do not log connections that no filter chain takes."""
    default_config: ProxyConfig | None = None
    """Settings of single proxies, where they have none of their own."""
    outbound_traffic_policy: OutboundTrafficPolicy | None = None
    """How requests to unknown hosts are handled."""
    inbound_traffic_policy: InboundTrafficPolicy | None = None
    """Where proxies hand over inbound traffic."""
    config_sources: tuple[ConfigSource, ...] = ()
    """Where istiod reads its configuration; without effect here."""
    enable_auto_mtls: Bool | None = None
    """Whether clusters use mutual TLS towards endpoints that can take it, where no DestinationRule says otherwise."""
    trust_domain: str = ""
    """Domain of the mesh's identities: `spiffe://DOMAIN/ns/NAMESPACE/sa/ACCOUNT`."""
    trust_domain_aliases: tuple[str, ...] = ()
    """Further domains that count as this mesh's."""
    ca_certificates: tuple[CertificateData, ...] = ()
    """Further root certificates for traffic within the mesh."""
    default_service_export_to: tuple[str, ...] = ()
    """Namespaces that see a Service or ServiceEntry without `exportTo`."""
    default_virtual_service_export_to: tuple[str, ...] = ()
    """Namespaces that see a VirtualService without `exportTo`."""
    default_destination_rule_export_to: tuple[str, ...] = ()
    """Namespaces that see a DestinationRule without `exportTo`."""
    root_namespace: str = ""
    """The namespace whose policies hold for the whole mesh."""
    locality_lb_setting: LocalityLoadBalancerSetting | None = None
    """How endpoints are preferred by their locality."""
    dns_refresh_rate: Duration | None = None
    """How often DNS clusters ask again after a failure."""
    h2_upgrade_policy: H2UpgradePolicy = H2UpgradePolicy.DO_NOT_UPGRADE
    """Whether HTTP/1.1 to services in the mesh becomes HTTP/2 on the way."""
    inbound_cluster_stat_name: str = ""
    """Pattern of inbound clusters' `alt_stat_name`, with `%SERVICE%`, `%SERVICE_PORT%` and so on."""
    outbound_cluster_stat_name: str = ""
    """Pattern of outbound clusters' `alt_stat_name`, with `%SERVICE%`, `%SUBSET_NAME%` and so on."""
    certificates: tuple[Certificate, ...] = ()
    """Deprecated, without effect."""
    service_settings: tuple[ServiceSettings, ...] = ()
    """Services that stay within their cluster."""
    service_scope_configs: tuple[ServiceScopeConfigs, ...] = ()
    """How far services reach in ambient mode."""
    enable_prometheus_merge: Bool | None = None
    """Whether the agent adds the application's metrics to Envoy's (injection)."""
    verify_certificate_at_client: Bool | None = None
    """Deprecated: false stops clients from checking certificates where no CA is given."""
    ca: CA | None = None
    """A certificate authority outside of istiod."""
    extension_providers: tuple[ExtensionProvider, ...] = ()
    """Services that policies and Telemetry name."""
    default_providers: DefaultProviders | None = None
    """Providers used where no Telemetry names any."""
    discovery_selectors: tuple[LabelSelector, ...] = ()
    """Namespaces that take part, joined by OR; all where empty."""
    path_normalization: ProxyPathNormalization | None = None
    """How paths are normalized before routes and policies look at them."""
    default_http_retry_policy: HTTPRetry | None = None
    """Retries of routes that have none of their own."""
    mesh_mTLS: TLSConfig | None = None  # noqa: N815 - the proto's own name, and `meshMTLS` in JSON
    """What mutual TLS within the mesh agrees on."""
    tls_defaults: TLSConfig | None = None
    """What all other TLS agrees on."""
