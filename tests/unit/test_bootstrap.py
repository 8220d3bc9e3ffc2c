from __future__ import annotations

from typing import Any

import pytest

from meshcompile.envoy.config.core import Node
from meshcompile.models.kubernetes.secret import Secret
from meshcompile.output.bootstrap import Bootstrap, Credential, Flavour, Options, static_bootstrap
from meshcompile.output.credentials import credentials
from tests.envoy.certificates import Authority
from tests.resources import resources as messages

NODE = Node(id="router~10.0.0.1~gateway-0.shop~shop.svc.cluster.local", cluster="gateway.shop")
HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
DOWNSTREAM = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
UPSTREAM = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
ROUTER = {
    "name": "router",
    "typedConfig": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
}
STATS = {"name": "istio.stats", "typedConfig": {"@type": "type.googleapis.com/stats.PluginConfig"}}
EXCHANGE = {
    "name": "istio.metadata_exchange",
    "typedConfig": {
        "@type": "type.googleapis.com/udpa.type.v1.TypedStruct",
        "typeUrl": "type.googleapis.com/envoy.tcp.metadataexchange.config.MetadataExchange",
    },
}
WASM = {"@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm", "config": {}}


def made(options: Options | None = None, **resources: list[dict[str, Any]]) -> Bootstrap:
    return static_bootstrap(NODE, messages(**resources), options or Options(namespace="shop"))


def listener(*filters: dict[str, Any], **more: Any) -> dict[str, Any]:
    manager = {"@type": HCM, "statPrefix": "x", "rds": {"routeConfigName": "80"}, "httpFilters": [*filters, ROUTER]}
    return {"name": "web", "filterChains": [{"filters": [{"name": "http", "typedConfig": manager}], **more}]}


def manager(bootstrap: Bootstrap) -> dict[str, Any]:
    (only,) = bootstrap.to_dict()["staticResources"]["listeners"]
    config: dict[str, Any] = only["filterChains"][0]["filters"][0]["typedConfig"]
    return config


def cluster(bootstrap: Bootstrap) -> dict[str, Any]:
    found: dict[str, Any] = bootstrap.to_dict()["staticResources"]["clusters"][0]
    return found


def secret(name: str) -> dict[str, Any]:
    return {"name": name, "sdsConfig": {"ads": {}}}


def test_routes_are_inlined() -> None:
    """Routes are inlined in the connection manager, and an unknown route configuration is empty."""
    route = {"name": "80", "virtualHosts": [{"name": "v"}]}
    assert manager(made(listeners=[listener()], routes=[route]))["routeConfig"] == route
    config = manager(made(listeners=[listener()]))
    assert config["routeConfig"] == {"name": "80", "validateClusters": False}
    assert "rds" not in config


def test_filters_of_istio_are_left_out() -> None:
    """Upstream Envoy gets neither Istio's filters nor their route settings, and each is reported once."""
    overrides = {"istio.stats": STATS["typedConfig"], "router": ROUTER["typedConfig"]}
    route = {"name": "80", "virtualHosts": [{"typedPerFilterConfig": overrides}]}
    bootstrap = made(listeners=[listener(STATS)], routes=[route])
    assert manager(bootstrap)["httpFilters"] == [ROUTER]
    assert list(manager(bootstrap)["routeConfig"]["virtualHosts"][0]["typedPerFilterConfig"]) == ["router"]
    assert [found.slug for found in bootstrap.diagnostics] == ["istio-only", "settings-omitted"]


def test_istio_keeps_its_filters() -> None:
    """For Istio's build, nothing is omitted."""
    bootstrap = made(
        Options(Flavour.ISTIO), listeners=[listener(STATS)], clusters=[{"name": "a", "filters": [EXCHANGE]}]
    )
    assert manager(bootstrap)["httpFilters"] == [STATS, ROUTER]
    assert cluster(bootstrap)["filters"] == [EXCHANGE]
    assert bootstrap.diagnostics == ()


def test_discovered_filters() -> None:
    """Discovered filters are inlined. Wasm and unknown filters are omitted with a warning."""
    item = {"name": "plugin", "configDiscovery": {"configSource": {"ads": {}}}}
    inlined = made(listeners=[listener(item)], extensions=[{"name": "plugin", "typedConfig": ROUTER["typedConfig"]}])
    assert manager(inlined)["httpFilters"] == [{"name": "plugin", "typedConfig": ROUTER["typedConfig"]}, ROUTER]
    for extensions in ([], [{"name": "plugin", "typedConfig": WASM}]):
        left_out = made(listeners=[listener(item)], extensions=extensions)
        assert manager(left_out)["httpFilters"] == [ROUTER]
        assert [found.slug for found in left_out.diagnostics] == ["not-inlined"]


def test_credentials_are_inlined() -> None:
    """A Secret of a gateway is inlined in its TLS context, also as the CA certificate for clients."""
    names = [{"sanType": "URI", "matcher": {"prefix": "spiffe://shop/"}}]
    tls = {
        "name": "tls",
        "typedConfig": {
            "@type": DOWNSTREAM,
            "commonTlsContext": {
                "tlsCertificateSdsSecretConfigs": [secret("kubernetes://web")],
                "combinedValidationContext": {
                    "defaultValidationContext": {"matchTypedSubjectAltNames": names},
                    "validationContextSdsSecretConfig": secret("kubernetes://web-cacert"),
                },
            },
        },
    }
    authority = Authority()
    pair = authority.issue("web.example")
    credential = Credential(pair.certificate, pair.private_key, authority.certificate)
    options = Options(namespace="shop", credentials={"shop/web": credential})
    bootstrap = made(options, listeners=[listener(transportSocket=tls)])
    chain = bootstrap.to_dict()["staticResources"]["listeners"][0]["filterChains"][0]
    assert chain["transportSocket"]["typedConfig"]["commonTlsContext"] == {
        "tlsCertificates": [
            {"certificateChain": {"inlineString": pair.certificate}, "privateKey": {"inlineString": pair.private_key}}
        ],
        "validationContext": {"matchTypedSubjectAltNames": names, "trustedCa": {"inlineString": authority.certificate}},
    }
    missing = made(listeners=[listener(transportSocket=tls)])
    assert missing.to_dict()["staticResources"]["listeners"] == []
    assert [found.slug for found in missing.diagnostics] == ["served-without-certificate"]


MUTUAL = {
    "name": "tls",
    "typedConfig": {
        "@type": UPSTREAM,
        "sni": "outbound_.80_._.web",
        "commonTlsContext": {
            "tlsCertificateSdsSecretConfigs": [secret("default")],
            "combinedValidationContext": {"validationContextSdsSecretConfig": secret("ROOTCA")},
        },
    },
}


def test_the_certificate_of_the_workload() -> None:
    """With a folder of certificates, mutual TLS stays. Without one, the cluster uses plaintext."""
    matches = [{"name": "tlsMode-istio", "transportSocket": MUTUAL}, {"name": "tlsMode-disabled", "match": {}}]
    plain = made(clusters=[{"name": "a", "transportSocketMatches": matches}])
    assert [match["name"] for match in cluster(plain)["transportSocketMatches"]] == ["tlsMode-disabled"]
    assert [found.slug for found in plain.diagnostics] == ["called-without-certificate"]
    mutual = cluster(made(Options(workload_certificates="/certs"), clusters=[{"name": "a", "transportSocket": MUTUAL}]))
    assert mutual["transportSocket"]["typedConfig"]["commonTlsContext"] == {
        "tlsCertificates": [
            {"certificateChain": {"filename": "/certs/cert-chain.pem"}, "privateKey": {"filename": "/certs/key.pem"}}
        ],
        "validationContext": {"trustedCa": {"filename": "/certs/root-cert.pem"}},
    }


def test_istio_fetches_the_certificate_of_the_workload() -> None:
    """If Istio's agent serves the certificate, the context is unchanged, and the cluster of the agent is added."""
    bootstrap = made(Options(Flavour.ISTIO), clusters=[{"name": "a", "transportSocket": MUTUAL}])
    assert cluster(bootstrap)["transportSocket"] == MUTUAL
    assert bootstrap.to_dict()["staticResources"]["clusters"][-1]["name"] == "sds-grpc"


def test_files_are_named() -> None:
    """Certificates that are given by path are files."""
    tls = {
        "name": "tls",
        "typedConfig": {
            "@type": UPSTREAM,
            "commonTlsContext": {
                "tlsCertificateSdsSecretConfigs": [secret("file-cert:/c.pem~/k.pem")],
                "validationContextSdsSecretConfig": secret("file-root:/ca.pem"),
            },
        },
    }
    assert cluster(made(clusters=[{"name": "a", "transportSocket": tls}]))["transportSocket"]["typedConfig"] == {
        "@type": UPSTREAM,
        "commonTlsContext": {
            "tlsCertificates": [{"certificateChain": {"filename": "/c.pem"}, "privateKey": {"filename": "/k.pem"}}],
            "validationContext": {"trustedCa": {"filename": "/ca.pem"}},
        },
    }


def assignment(*addresses: str) -> dict[str, Any]:
    hosts = [{"endpoint": {"address": {"socketAddress": {"address": a, "portValue": 80}}}} for a in addresses]
    return {"clusterName": "a", "endpoints": [{"lbEndpoints": hosts}]}


@pytest.mark.parametrize(
    ("addresses", "kind"), [(["10.0.0.1", "::1"], "STATIC"), (["10.0.0.1", "db.example"], "STRICT_DNS")]
)
def test_endpoints_are_inlined(addresses: list[str], kind: str) -> None:
    """Endpoints are inlined in the cluster. Its type depends on whether names must be resolved."""
    eds = {"name": "a", "type": "EDS", "edsClusterConfig": {"serviceName": "a"}}
    static = cluster(made(clusters=[eds], endpoints=[assignment(*addresses)]))
    assert static == {"name": "a", "type": kind, "loadAssignment": assignment(*addresses)}


def test_no_endpoints() -> None:
    """A cluster without endpoints is included without any."""
    assert cluster(made(clusters=[{"name": "a", "type": "EDS"}])) == {"name": "a", "type": "STATIC"}


def test_endpoints_are_moved() -> None:
    """An endpoint is moved by address and port, or by address only."""
    eds = {"name": "a", "type": "EDS"}
    moves = {"10.0.0.1:80": "127.0.0.1:8001", "10.0.0.2": "127.0.0.1:8002"}
    moved = cluster(
        made(Options(endpoints=moves), clusters=[eds], endpoints=[assignment("10.0.0.1", "10.0.0.2", "10.0.0.3")])
    )
    addresses = [
        host["endpoint"]["address"]["socketAddress"] for host in moved["loadAssignment"]["endpoints"][0]["lbEndpoints"]
    ]
    assert [(item["address"], item["portValue"]) for item in addresses] == [
        ("127.0.0.1", 8001),
        ("127.0.0.1", 8002),
        ("10.0.0.3", 80),
    ]


def test_moved_endpoints_need_no_tunnels() -> None:
    """An endpoint behind a tunnel is moved by its address, too, and is called directly there."""
    internal = {"envoyInternalAddress": {"serverListenerName": "connect_originate", "endpointId": "[fd00::1]:80"}}
    metadata = {
        "envoy.filters.listener.original_dst": {"local": "[fd00::1]:80"},
        "envoy.transport_socket_match": {"tunnel": "http"},
        "istio": {"workload": "web;shop;web;;"},
    }
    host = {"endpoint": {"address": internal}, "metadata": {"filterMetadata": metadata}}
    found = made(
        Options(endpoints={"fd00::1": "127.0.0.1:8001"}),
        clusters=[{"name": "a", "type": "EDS"}],
        endpoints=[{"clusterName": "a", "endpoints": [{"lbEndpoints": [host]}]}],
    )
    (moved,) = cluster(found)["loadAssignment"]["endpoints"][0]["lbEndpoints"]
    assert moved == {
        "endpoint": {"address": {"socketAddress": {"address": "127.0.0.1", "portValue": 8001}}},
        "metadata": {"filterMetadata": {"istio": {"workload": "web;shop;web;;"}}},
    }


def test_secrets_hold_credentials() -> None:
    """A Secret has kubectl's or Istio's keys. A value that is not text is ignored."""
    secrets = [
        Secret.model_validate(
            {"metadata": {"name": "a", "namespace": "n"}, "data": {"tls.crt": "Qw==", "tls.key": "Sw=="}}
        ),
        Secret.model_validate({"metadata": {"name": "b", "namespace": "n"}, "stringData": {"cacert": "A"}}),
        Secret.model_validate({"metadata": {"name": "c", "namespace": "n"}, "data": {"tls.crt": "/w=="}}),
    ]
    assert credentials(secrets) == {"n/a": Credential("C", "K"), "n/b": Credential(authorities="A")}


def test_a_cluster_is_there_once() -> None:
    """Of clusters with the same name, which istiod sends for a Service with a duplicate port, the first one is kept."""
    bootstrap = made(clusters=[{"name": "a", "connectTimeout": "1s"}, {"name": "a", "connectTimeout": "2s"}])
    assert [(c["name"], c["connectTimeout"]) for c in bootstrap.to_dict()["staticResources"]["clusters"]] == [
        ("a", "1s")
    ]


def test_clusters_that_resolve_any_name() -> None:
    """Without TLS, a cluster that resolves any name declares that it verifies no certificate, as Envoy requires."""
    kind = {"@type": "type.googleapis.com/envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig"}
    resolving = {"name": "a", "clusterType": {"name": "dfp", "typedConfig": kind}}
    assert cluster(made(clusters=[resolving]))["clusterType"]["typedConfig"]["allowInsecureClusterOptions"] is True
