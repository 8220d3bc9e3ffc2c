"""Mesh config: the defaults, and how settings override them."""

from typing import Any

import pytest
from pydantic import ValidationError

from meshcompile.documents import Document
from meshcompile.models.lenient import read_leniently
from meshcompile.models.mesh.defaults import CODE_DEFAULTS, INSTALLED_DEFAULTS
from meshcompile.models.mesh.merge import effective_proxy_config, merged_mesh_config, merged_proxy_configs
from meshcompile.models.mesh.mesh_config import MeshConfig, OutboundTrafficPolicyMode
from meshcompile.models.mesh.mesh_networks import MeshNetworks
from meshcompile.models.mesh.proxy_config import ProxyConfig, TracingServiceName
from meshcompile.models.networking.proxy_config import ProxyConfigSpec
from meshcompile.resolve.scope.proxy_config import proxy_config as resolved_proxy_config
from tests.meshes import installed_mesh_config, mesh, sidecar


def written(node: Any) -> Any:
    """The fields that differ from an empty message, in protobuf's JSON."""
    return node.model_dump(mode="json", exclude_defaults=True)


def proxy_config(**fields: Any) -> ProxyConfig:
    return ProxyConfig.model_validate(fields)


def test_nothing_written_is_what_an_installation_has() -> None:
    """Without overrides, the installed defaults apply: istiod's own, and Prometheus as the metrics provider."""
    mesh = installed_mesh_config()
    assert mesh == INSTALLED_DEFAULTS
    assert (mesh.proxy_listen_port, mesh.proxy_inbound_listen_port) == (15001, 15006)
    assert (mesh.root_namespace, mesh.trust_domain) == ("istio-system", "cluster.local")
    assert mesh.outbound_traffic_policy is not None
    assert mesh.outbound_traffic_policy.mode is OutboundTrafficPolicyMode.ALLOW_ANY
    assert written(mesh.default_providers) == {"metrics": ["prometheus"]}
    assert written(CODE_DEFAULTS.default_providers) == {}
    assert [provider.name for provider in mesh.extension_providers] == ["prometheus", "stackdriver", "envoy"]


def test_a_written_field_replaces_the_default_whole() -> None:
    """A message replaces the default message, including fields that it does not set."""
    mesh = installed_mesh_config(localityLbSetting={"failover": [{"from": "a", "to": "b"}]}, enableTracing=False)
    assert written(mesh.locality_lb_setting) == {"failover": [{"from": "a", "to": "b"}]}
    assert mesh.enable_tracing is False
    assert mesh.connect_timeout == INSTALLED_DEFAULTS.connect_timeout


def test_proxy_settings_are_merged() -> None:
    """Single fields of `defaultConfig` can be set, and environment variables are merged."""
    first = installed_mesh_config(defaultConfig={"proxyMetadata": {"A": "1", "B": "1"}, "concurrency": 2})
    second = merged_mesh_config(first, MeshConfig.model_validate({"defaultConfig": {"proxyMetadata": {"B": "2"}}}))
    assert second.default_config is not None
    assert second.default_config.proxy_metadata == {"A": "1", "B": "2"}
    assert second.default_config.concurrency == 2
    assert second.default_config.proxy_admin_port == 15000


def test_nested_proxy_settings_are_replaced() -> None:
    """A message in `defaultConfig` is replaced as a whole."""
    merged = merged_proxy_configs(
        proxy_config(tracing={"sampling": 5, "zipkin": {"address": "a:1"}}), proxy_config(tracing={"sampling": 7})
    )
    assert written(merged.tracing) == {"sampling": 7.0}


def test_default_providers_are_merged_by_purpose() -> None:
    """Setting log providers does not change metrics providers. An empty list disables them."""
    named = installed_mesh_config(defaultProviders={"accessLogging": ["envoy"]})
    assert written(named.default_providers) == {"metrics": ["prometheus"], "accessLogging": ["envoy"]}
    assert written(installed_mesh_config(defaultProviders={"metrics": []}).default_providers) == {}


def test_providers_are_merged_by_name() -> None:
    """A provider with an existing name replaces it in place. A new one is appended."""
    zipkin = {"name": "envoy", "zipkin": {"service": "zipkin.obs.svc.cluster.local", "port": 9411}}
    mesh = installed_mesh_config(extensionProviders=[{"name": "own", "prometheus": {}}, zipkin])
    assert [provider.name for provider in mesh.extension_providers] == ["prometheus", "stackdriver", "envoy", "own"]
    assert written(mesh.extension_providers[2]) == zipkin


def test_trust_domain_aliases_are_joined_and_sorted() -> None:
    """Trust domain aliases of all layers are combined."""
    first = installed_mesh_config(trustDomainAliases=["c", "a"])
    assert merged_mesh_config(first, MeshConfig(trust_domain_aliases=("b", "a"))).trust_domain_aliases == (
        "a",
        "b",
        "c",
    )


def test_one_name_for_traces_drops_the_other() -> None:
    """`serviceCluster` and `tracingServiceName` are a oneof: the later one applies."""
    canonical = merged_proxy_configs(
        INSTALLED_DEFAULTS.default_config, proxy_config(tracingServiceName="CANONICAL_NAME_ONLY")
    )
    assert (canonical.service_cluster, canonical.tracing_service_name) == (None, TracingServiceName.CANONICAL_NAME_ONLY)
    cluster = merged_proxy_configs(canonical, proxy_config(serviceCluster="web"))
    assert (cluster.service_cluster, cluster.tracing_service_name) == ("web", None)


def test_some_proxy_headers_are_inherited() -> None:
    """If any header is set, only the headers that istiod inherits are kept."""
    merged = merged_proxy_configs(
        proxy_config(
            proxyHeaders={
                "forwardedClientCert": "SANITIZE",
                "server": {"value": "own"},
                "preserveHttp1HeaderCase": True,
                "metadataExchangeHeaders": {"mode": "IN_MESH"},
            }
        ),
        proxy_config(proxyHeaders={"requestId": {"disabled": True}}),
    )
    assert written(merged.proxy_headers) == {
        "forwardedClientCert": "SANITIZE",
        "requestId": {"disabled": True},
        "server": {"value": "own"},
    }


def test_precedence_of_proxy_settings() -> None:
    """The narrower ProxyConfig takes precedence, and the annotation is between namespace and workload."""
    mesh = installed_mesh_config(defaultConfig={"concurrency": 1, "drainDuration": "9s"})
    spec = ProxyConfigSpec.model_validate
    layers: dict[str, Any] = {
        "root": spec({"concurrency": 2, "environmentVariables": {"A": "root", "B": "root"}}),
        "namespace": spec({"concurrency": 3, "environmentVariables": {"B": "namespace"}}),
        "annotation": proxy_config(concurrency=4, drainDuration="8s"),
    }
    found = effective_proxy_config(mesh, **layers)
    assert (found.concurrency, found.drain_duration) == (4, proxy_config(drainDuration="8s").drain_duration)
    assert found.proxy_metadata == {"A": "root", "B": "namespace"}
    assert effective_proxy_config(mesh, **layers, workload=spec({"concurrency": 5})).concurrency == 5
    assert effective_proxy_config(mesh).concurrency == 1


def test_both_spellings_are_read() -> None:
    """A mesh config accepts protobuf's JSON names and proto names, including the unusual `mesh_mTLS`."""
    tls = {"min_protocol_version": "TLSV1_3"}
    assert MeshConfig.model_validate({"meshMTLS": tls}) == MeshConfig.model_validate({"mesh_mTLS": tls})
    provider = {"name": "z", "zipkin": {"service": "z", "port": 1, "enable64bitTraceId": True}}
    (found,) = MeshConfig.model_validate({"extension_providers": [provider]}).extension_providers
    assert written(found) == provider


@pytest.mark.parametrize(
    "wrong",
    [
        {"outboundTrafficPolicy": {"mode": "ALLOW_ALL"}},
        {"enableTracing": "yes"},
        {"connectTimeout": "10"},
        {"extensionProvider": []},
        {"extensionProviders": [{"name": "a", "prometheus": {}, "stackdriver": {}}]},
    ],
)
def test_what_is_wrong_is_refused(wrong: dict[str, Any]) -> None:
    """Unknown fields and names, wrong types, and two kinds in one provider are rejected."""
    with pytest.raises(ValidationError):
        installed_mesh_config(**wrong)


def test_networks_are_read() -> None:
    """Networks have endpoints by range or cluster, and gateways by Service or address."""
    main = {
        "endpoints": [{"fromRegistry": "Kubernetes"}, {"fromCidr": "10.0.0.0/8"}],
        "gateways": [{"registryServiceName": "gw.istio-system.svc.cluster.local", "port": 15443}],
    }
    assert written(MeshNetworks.model_validate({"networks": {"main": main}})) == {"networks": {"main": main}}


def test_the_defaults_are_what_istio_writes() -> None:
    """The defaults, which are constructed without validation, equal istiod's own text once it is read."""
    written = {
        "enableTracing": True,
        "accessLogEncoding": "TEXT",
        "protocolDetectionTimeout": "0s",
        "ingressService": "istio-ingressgateway",
        "ingressControllerMode": "STRICT",
        "ingressClass": "istio",
        "trustDomain": "cluster.local",
        "enableAutoMtls": True,
        "outboundTrafficPolicy": {"mode": "ALLOW_ANY"},
        "inboundTrafficPolicy": {"mode": "PASSTHROUGH"},
        "localityLbSetting": {"enabled": True},
        "defaultConfig": {
            "configPath": "./etc/istio/proxy",
            "serviceCluster": "istio-proxy",
            "drainDuration": "45s",
            "terminationDrainDuration": "5s",
            "proxyAdminPort": 15000,
            "controlPlaneAuthPolicy": "MUTUAL_TLS",
            "discoveryAddress": "istiod.istio-system.svc:15012",
            "binaryPath": "/usr/local/bin/envoy",
            "statNameLength": 189,
            "statusPort": 15020,
        },
        "rootNamespace": "istio-system",
        "proxyListenPort": 15001,
        "proxyInboundListenPort": 15006,
        "connectTimeout": "10s",
        "defaultServiceExportTo": ["*"],
        "defaultVirtualServiceExportTo": ["*"],
        "defaultDestinationRuleExportTo": ["*"],
        "dnsRefreshRate": "60s",
        "enablePrometheusMerge": True,
        "defaultProviders": {},
        "extensionProviders": [
            {"name": "prometheus", "prometheus": {}},
            {"name": "stackdriver", "stackdriver": {}},
            {"name": "envoy", "envoyFileAccessLog": {"path": "/dev/stdout"}},
        ],
    }
    read = MeshConfig.model_validate(written)
    assert read == CODE_DEFAULTS
    assert read.model_fields_set == CODE_DEFAULTS.model_fields_set
    assert read.model_dump() == CODE_DEFAULTS.model_dump()


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ({"serviceCluster": "a", "tracingServiceName": "CANONICAL_NAME_ONLY"}, "tracingServiceName"),
        ({"tracingServiceName": "CANONICAL_NAME_ONLY", "serviceCluster": "a", "unknown": 1}, "tracingServiceName"),
        ({"service_cluster": "a", "tracing_service_name": "CANONICAL_NAME_ONLY"}, "tracingServiceName"),
        ({"tracing": {"datadog": {"address": "d:1"}, "zipkin": {"address": "z:1"}}}, "datadog"),
        ({"tracing": {"customTags": {"t": {"header": {"name": "h"}, "literal": {"value": "l"}}}}}, "header"),
        ({"privateKeyProvider": {"qat": {}, "cryptomb": {}}}, "qat"),
    ],
)
def test_the_last_declared_member_of_a_oneof_wins(given: dict[str, Any], used: str) -> None:
    """istiod reads alternatives one after the other, in the order of the API, and keeps the last one."""
    config, findings = read_leniently(Document("config", {**given, "concurrency": 3}), ProxyConfig)
    assert config is not None
    assert config.concurrency == 3
    assert used in str(written(config))
    (finding,) = (each for each in findings if each.code == "MC0122")
    assert finding.message.endswith(f"istiod uses `{used}`")
    others = {"serviceCluster", "zipkin", "literal", "cryptomb"}
    assert not any(f"'{other}'" in str(written(config)) for other in others)


def test_of_two_spellings_the_one_of_json_wins() -> None:
    """istiod reads both spellings of a field, that of JSON last."""
    config, _ = read_leniently(Document("config", {"service_cluster": "a", "serviceCluster": "b"}), ProxyConfig)
    assert config is not None
    assert config.service_cluster == "b"


def test_a_reported_proxy_config_holds_with_two_members_of_a_oneof() -> None:
    """The config that a proxy reports replaces the mesh's default, and the finding says which member istiod uses."""
    reported = {"serviceCluster": "a", "tracingServiceName": "CANONICAL_NAME_ONLY", "concurrency": 3}
    compiled = mesh().compile(sidecar(PROXY_CONFIG=reported))
    assert [d.code for d in compiled.diagnostics] == ["MC0122"]
    assert resolved_proxy_config(mesh().snapshot.mesh, sidecar(PROXY_CONFIG=reported)).concurrency == 3


def test_a_proxy_config_that_cannot_be_read_is_reported() -> None:
    """istiod refuses a proxy that reports such a config. The mesh's default applies instead."""
    proxy = sidecar(PROXY_CONFIG={"concurrency": "many"})
    (finding,) = mesh().compile(proxy).diagnostics
    assert finding.code == "MC1211"
    assert resolved_proxy_config(mesh().snapshot.mesh, proxy) == mesh().snapshot.mesh.default_config
