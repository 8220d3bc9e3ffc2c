"""Clusters, from YAML to Envoy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.meshes import asked, clusters, gateway, mesh, sidecar

API = """
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec:
  clusterIP: 10.0.0.9
  selector: {app: api}
  ports: [{name: http, port: 80}, {name: grpc, port: 81}, {name: tcp, port: 82}, {name: dns, port: 53, protocol: UDP}]
"""
HTTP = "outbound|80||api.shop.svc.cluster.local"
GRPC = "outbound|81||api.shop.svc.cluster.local"
OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def rule(policy: str, subsets: str = "[]", host: str = "api", extra: str = "") -> str:
    return f"""
    apiVersion: networking.istio.io/v1
    kind: DestinationRule
    metadata: {{name: api, namespace: shop}}
    spec: {{host: {host}, trafficPolicy: {policy}, subsets: {subsets}, {extra}}}
    """


def entry(host: str, resolution: str, protocol: str = "HTTP", extra: str = "") -> str:
    return f"""
    apiVersion: networking.istio.io/v1
    kind: ServiceEntry
    metadata: {{name: entry, namespace: shop}}
    spec:
      hosts: ["{host}"]
      resolution: {resolution}
      ports: [{{number: 80, name: p, protocol: {protocol}}}]
      {extra}
    """


def cluster(*texts: str, name: str = HTTP, **mesh_config: Any) -> dict[str, Any]:
    return clusters(mesh(API, *texts, **mesh_config), sidecar())[name]


def http(found: dict[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = found["typedExtensionProtocolOptions"][OPTIONS]
    return {key: value for key, value in options.items() if key != "@type"}


def tls_context(found: dict[str, Any]) -> dict[str, Any]:
    context: dict[str, Any] = found["transportSocket"]["typedConfig"]
    return context


def test_service_without_rule() -> None:
    """A service is an EDS cluster with LEAST_REQUEST, no limits, and mutual TLS where the endpoint supports it."""
    found = cluster()
    assert found["type"] == "EDS"
    assert found["edsClusterConfig"]["serviceName"] == HTTP
    assert found["lbPolicy"] == "LEAST_REQUEST"
    assert set(found["circuitBreakers"]["thresholds"][0].values()) == {4294967295}
    assert [match["name"] for match in found["transportSocketMatches"]] == ["tlsMode-istio", "tlsMode-disabled"]
    assert "typedExtensionProtocolOptions" not in found


def test_udp_ports_have_no_cluster() -> None:
    """Envoy's clusters are for TCP."""
    found = clusters(mesh(API), sidecar())
    assert [name for name in found if name.startswith("outbound|53|")] == []


def test_grpc_is_http2() -> None:
    """A port that declares HTTP/2 uses it, and has it in the ALPN of mutual TLS."""
    found = cluster(name=GRPC)
    assert http(found) == {"explicitHttpConfig": {"http2ProtocolOptions": {}}}
    context = found["transportSocketMatches"][0]["transportSocket"]["typedConfig"]["commonTlsContext"]
    assert context["alpnProtocols"] == ["istio-peer-exchange", "istio", "h2"]


def test_upgrade_to_http2() -> None:
    """A rule can enable HTTP/2 on any port, and the mesh on HTTP ports. The client's protocol takes precedence."""
    upgrade = rule("{connectionPool: {http: {h2UpgradePolicy: UPGRADE}}}")
    tcp = "outbound|82||api.shop.svc.cluster.local"
    assert "http2ProtocolOptions" in http(cluster(upgrade, name=tcp))["explicitHttpConfig"]
    assert "http2ProtocolOptions" in http(cluster(h2UpgradePolicy="UPGRADE"))["explicitHttpConfig"]
    assert "typedExtensionProtocolOptions" not in cluster(name=tcp, h2UpgradePolicy="UPGRADE")
    client = rule("{connectionPool: {http: {useClientProtocol: true}}}")
    assert set(http(cluster(client, h2UpgradePolicy="UPGRADE"))) == {"useDownstreamProtocolConfig"}


def test_pool() -> None:
    """Every setting of a connection pool is in the cluster."""
    found = cluster(
        rule(
            "{connectionPool: {tcp: {maxConnections: 1, connectTimeout: 2s, maxConnectionDuration: 3s,"
            " tcpKeepalive: {time: 90s}},"
            " http: {http1MaxPendingRequests: 4, http2MaxRequests: 5, maxRetries: 6, maxRequestsPerConnection: 7}}}"
        ),
        tcpKeepalive={"probes": 9, "time": "30s"},
    )
    assert found["connectTimeout"] == "2s"
    assert found["circuitBreakers"]["thresholds"] == [
        {"maxConnections": 1, "maxPendingRequests": 4, "maxRequests": 5, "maxRetries": 6}
    ]
    assert found["upstreamConnectionOptions"] == {"tcpKeepalive": {"keepaliveProbes": 9, "keepaliveTime": 90}}
    assert http(found) == {
        "commonHttpProtocolOptions": {"maxRequestsPerConnection": 7, "maxConnectionDuration": "3s"},
        "explicitHttpConfig": {"httpProtocolOptions": {}},
    }


def test_port_settings_replace_the_rule() -> None:
    """Port settings inherit nothing, not even unset fields."""
    found = cluster(
        rule(
            "{connectionPool: {tcp: {maxConnections: 1}}, outlierDetection: {}, retryBudget: {},"
            " portLevelSettings: [{port: {number: 80}, loadBalancer: {simple: RANDOM}}]}"
        )
    )
    assert found["lbPolicy"] == "RANDOM"
    assert found["circuitBreakers"]["thresholds"][0]["maxConnections"] == 4294967295
    assert "outlierDetection" not in found
    assert "retryBudget" not in found["circuitBreakers"]["thresholds"][0]


def test_subset_inherits_field_by_field() -> None:
    """Unset fields of a subset are inherited from the rule."""
    found = cluster(
        rule(
            "{loadBalancer: {simple: ROUND_ROBIN}, outlierDetection: {consecutive5xxErrors: 3}}",
            "[{name: v1, labels: {version: v1}, trafficPolicy: {loadBalancer: {simple: RANDOM}}}]",
        ),
        name="outbound|80|v1|api.shop.svc.cluster.local",
    )
    assert found["lbPolicy"] == "RANDOM"
    assert found["outlierDetection"]["consecutive5xx"] == 3
    assert found["metadata"]["filterMetadata"]["istio"]["subset"] == "v1"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("{consistentHash: {useSourceIp: true}}", {"ringHashLbConfig": {"minimumRingSize": "1024"}}),
        ("{consistentHash: {useSourceIp: true, ringHash: {}}}", {}),
        (
            "{consistentHash: {useSourceIp: true, ringHash: {minimumRingSize: 7}}}",
            {"ringHashLbConfig": {"minimumRingSize": "7"}},
        ),
        ("{consistentHash: {useSourceIp: true, maglev: {tableSize: 11}}}", {"maglevLbConfig": {"tableSize": "11"}}),
        (
            "{simple: ROUND_ROBIN, warmupDurationSecs: 5s}",
            {"roundRobinLbConfig": {"slowStartConfig": {"slowStartWindow": "5s"}}},
        ),
        ("{simple: RANDOM}", {}),
    ],
)
def test_load_balancer_configuration(settings: str, expected: dict[str, Any]) -> None:
    """Each algorithm has the configuration that istiod sends, and no other."""
    found = cluster(rule(f"{{loadBalancer: {settings}}}"))
    assert {key: value for key, value in found.items() if key.endswith("LbConfig") and key != "commonLbConfig"} == (
        expected
    )


def test_passthrough() -> None:
    """With PASSTHROUGH, connections go to their original destination, also for subsets."""
    texts = rule("{loadBalancer: {simple: PASSTHROUGH}}", "[{name: v1, labels: {version: v1}}]")
    for name in (HTTP, "outbound|80|v1|api.shop.svc.cluster.local"):
        found = cluster(texts, name=name)
        assert (found["type"], found["lbPolicy"]) == ("ORIGINAL_DST", "CLUSTER_PROVIDED")
        assert "edsClusterConfig" not in found


def test_outlier_detection_without_settings() -> None:
    """Even an empty outlierDetection disables panic mode and success rate ejection."""
    found = cluster(rule("{outlierDetection: {}}"))
    assert found["outlierDetection"] == {"enforcingSuccessRate": 0}
    assert found["commonLbConfig"] == {"healthyPanicThreshold": {}}


def test_rule_with_mesh_tls() -> None:
    """ISTIO_MUTUAL in a rule applies to all endpoints, and its SNI names the cluster."""
    found = cluster(rule("{tls: {mode: ISTIO_MUTUAL}}"))
    assert "transportSocketMatches" not in found
    assert tls_context(found)["sni"] == "outbound_.80_._.api.shop.svc.cluster.local"


def test_rule_that_disables_tls() -> None:
    """DISABLE means plaintext."""
    found = cluster(rule("{tls: {mode: DISABLE}}"))
    assert not {"transportSocket", "transportSocketMatches"} & set(found)


def test_simple_tls_checks_names() -> None:
    """Without SNI and names, both come from the request's host.

    The default CA certificates are the operating system's.
    """
    found = cluster(rule("{tls: {mode: SIMPLE}}"))
    assert http(found)["upstreamHttpProtocolOptions"] == {"autoSni": True, "autoSanValidation": True}
    context = tls_context(found)["commonTlsContext"]["combinedValidationContext"]
    assert context["validationContextSdsSecretConfig"]["name"] == "file-root:system"
    assert found["metadata"]["filterMetadata"]["istio"]["alpn_override"] == "false"


def test_credential_is_for_gateways() -> None:
    """A Secret in a rule without a selector is only for gateways. Sidecars use plaintext."""
    of = mesh(API, rule("{tls: {mode: MUTUAL, credentialName: client}}"))
    assert "transportSocket" not in clusters(of, sidecar())[HTTP]
    context = tls_context(clusters(of, gateway())[HTTP])["commonTlsContext"]
    assert context["tlsCertificateSdsSecretConfigs"][0]["name"] == "kubernetes://client"
    selecting = mesh(
        API,
        rule("{tls: {mode: SIMPLE, credentialName: client}}", extra="workloadSelector: {matchLabels: {app: web}}"),
    )
    assert "transportSocket" in clusters(selecting, sidecar(labels={"app": "web"}))[HTTP]


def test_rule_that_selects_workloads() -> None:
    """A rule with a selector applies only to those workloads."""
    of = mesh(API, rule("{loadBalancer: {simple: RANDOM}}", extra="workloadSelector: {matchLabels: {app: web}}"))
    assert clusters(of, sidecar(labels={"app": "web"}))[HTTP]["lbPolicy"] == "RANDOM"
    assert clusters(of, sidecar(labels={"app": "other"}))[HTTP]["lbPolicy"] == "LEAST_REQUEST"


def test_auto_mtls_switched_off() -> None:
    """Without automatic mutual TLS, clusters use plaintext."""
    assert "transportSocketMatches" not in cluster(enableAutoMtls=False)


def test_proxy_protocol_wraps() -> None:
    """The PROXY header comes before all data of each socket."""
    found = cluster(rule("{proxyProtocol: {version: V2}}"))
    assert {match["transportSocket"]["name"] for match in found["transportSocketMatches"]} == {
        "envoy.transport_sockets.upstream_proxy_protocol"
    }


def test_statistics_names() -> None:
    """The mesh-wide pattern determines the names of clusters in statistics."""
    found = cluster(outboundClusterStatName="%SERVICE%_%SERVICE_PORT_NAME%_%SUBSET_NAME%")
    assert found["altStatName"] == "api.shop_http_;"


@pytest.mark.parametrize(
    ("resolution", "expected"), [("DNS", "STRICT_DNS"), ("DNS_ROUND_ROBIN", "LOGICAL_DNS"), ("NONE", "ORIGINAL_DST")]
)
def test_service_entry_types(resolution: str, expected: str) -> None:
    """The resolution of a ServiceEntry determines how its endpoints are discovered."""
    found = cluster(entry("api.example", resolution), name="outbound|80||api.example")
    assert found["type"] == expected
    assert found["metadata"]["filterMetadata"]["istio"]["external"] is True
    assert ("loadAssignment" in found) == (resolution != "NONE")


def test_gateways_balance_what_sidecars_pass_through() -> None:
    """A gateway has no original destination, so it uses EDS."""
    assert clusters(mesh(entry("api.example", "NONE")), gateway())["outbound|80||api.example"]["type"] == "EDS"


def test_dns_without_endpoints_has_no_cluster() -> None:
    """A service with DNS resolution and a selector that selects nothing gets no cluster."""
    found = clusters(mesh(entry("api.example", "DNS", extra="workloadSelector: {labels: {app: none}}")), sidecar())
    assert "outbound|80||api.example" not in found


def test_wildcard_resolved_by_each_request() -> None:
    """A wildcard with DYNAMIC_DNS is one cluster for all hosts. Names are verified unless the rule disables it."""
    name = "outbound|80||*.api.example"
    texts = (entry("*.api.example", "DYNAMIC_DNS", protocol="TLS"),)
    found = cluster(*texts, name=name)
    assert found["clusterType"]["name"] == "envoy.clusters.dynamic_forward_proxy"
    unchecked = cluster(
        *texts, rule("{tls: {mode: SIMPLE, insecureSkipVerify: true}}", host='"*.api.example"'), name=name
    )
    assert unchecked["clusterType"]["typedConfig"]["allowInsecureClusterOptions"] is True


POD = """
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop, labels: {app: api}}
spec: {containers: [{name: c, ports: [{name: web, containerPort: 8080}]}]}
status: {phase: Running, podIP: 10.1.0.1, conditions: [{type: Ready, status: "True"}]}
"""


def test_inbound_clusters() -> None:
    """A workload gets one cluster for each target port of its services, which never loops back."""
    found = clusters(mesh(API, POD), sidecar())
    inbound = {name: each for name, each in found.items() if name.startswith("inbound|")}
    assert sorted(inbound) == ["inbound|53||", "inbound|80||", "inbound|81||", "inbound|82||"]
    assert inbound["inbound|80||"]["type"] == "ORIGINAL_DST"
    assert inbound["inbound|80||"]["upstreamBindConfig"]["sourceAddress"]["address"] == "127.0.0.6"


def test_inbound_to_localhost() -> None:
    """The mesh can set that workloads listen on the loopback address."""
    found = clusters(mesh(API, POD, inboundTrafficPolicy={"mode": "LOCALHOST"}), sidecar())["inbound|80||"]
    assert found["type"] == "STATIC"
    assert "upstreamBindConfig" not in found


SIDECAR = """
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: s, namespace: shop}
spec:
  ingress:
  - port: {number: 9000, name: http, protocol: HTTP}
    defaultEndpoint: %s
    connectionPool: {tcp: {maxConnections: 3}}
  egress: [{hosts: ["./*"]}]
"""


@pytest.mark.parametrize(
    ("endpoint", "address"),
    [
        ("127.0.0.1:8080", {"socketAddress": {"address": "127.0.0.1", "portValue": 8080}}),
        ("0.0.0.0:8080", {"socketAddress": {"address": "10.1.0.1", "portValue": 8080}}),
        ("unix:///var/run/app.sock", {"pipe": {"path": "/var/run/app.sock"}}),
    ],
)
def test_inbound_of_a_sidecar(endpoint: str, address: dict[str, Any]) -> None:
    """`defaultEndpoint` sets the address of the workload: loopback, the Pod's own address, or a Unix domain socket."""
    found = clusters(mesh(API, SIDECAR % endpoint), sidecar())["inbound|9000||"]
    assert found["loadAssignment"]["endpoints"][0]["lbEndpoints"][0]["endpoint"]["address"] == address
    assert found["circuitBreakers"]["thresholds"][0]["maxConnections"] == 3


def test_inbound_takes_pool_and_budget_only() -> None:
    """Of a rule for its own service, a workload uses the connection pool and the retry budget."""
    found = clusters(
        mesh(API, POD, rule("{connectionPool: {tcp: {maxConnections: 5}}, loadBalancer: {simple: RANDOM}}")), sidecar()
    )["inbound|80||"]
    assert found["circuitBreakers"]["thresholds"][0]["maxConnections"] == 5
    assert found["lbPolicy"] == "CLUSTER_PROVIDED"


def test_passthrough_gateway_has_clusters_by_sni() -> None:
    """A gateway in AUTO_PASSTHROUGH mode has a second cluster for each port, with its SNI as name and without TLS."""
    passing = """
    apiVersion: networking.istio.io/v1
    kind: Gateway
    metadata: {name: cross, namespace: istio-system}
    spec:
      selector: {istio: ingressgateway}
      servers: [{port: {number: 15443, name: tls, protocol: TLS}, tls: {mode: AUTO_PASSTHROUGH}, hosts: ["*.local"]}]
    """
    found = clusters(mesh(API, passing), gateway())["outbound_.80_._.api.shop.svc.cluster.local"]
    assert found["type"] == "EDS"
    assert not {"transportSocket", "transportSocketMatches"} & set(found)


PASSING = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: cross, namespace: istio-system}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 15443, name: tls, protocol: TLS}, tls: {mode: AUTO_PASSTHROUGH}, hosts: ["*.local"]}]
"""


@pytest.mark.parametrize("label", ["istio.io/persistent-session", "istio.io/persistent-session-header"])
def test_only_the_cluster_of_the_whole_service_keeps_draining_endpoints(label: str) -> None:
    """With persistent sessions, neither subsets nor clusters by SNI reach endpoints that drain."""
    sticky = API.replace("namespace: shop}", f"namespace: shop, labels: {{{label}: session}}}}", 1)
    found = clusters(mesh(sticky, PASSING, rule("{}", subsets="[{name: v1, labels: {version: v1}}]")), gateway())
    keeping = [name for name, each in found.items() if "overrideHostStatus" in each.get("commonLbConfig", {})]
    assert sorted(keeping) == sorted(name for name in found if name.startswith("outbound|") and "||" in name)
    assert keeping


def test_clusters_are_shared() -> None:
    """Proxies of one scope with equal traits share the same clusters and endpoints, by identity."""
    of = mesh(API)
    first, second = sidecar(), replace(sidecar(), id="other.shop", ip_addresses=("10.1.0.9",))
    names = [HTTP, GRPC]
    one = {c.name: c for c in of.compile(first).clusters}
    two = {c.name: c for c in of.compile(second).clusters}
    assert all(one[name] is two[name] for name in names)


def test_subsets_by_dns_fail_over_without_looking_at_labels() -> None:
    """Only the cluster of the whole service splits its listed endpoints by labels of the client."""
    listed = entry(
        "a.example.com",
        "DNS",
        extra="endpoints: [{address: x.example.com, labels: {v: one}}, {address: y.example.com, labels: {v: two}}]",
    )
    policy = "{outlierDetection: {}, loadBalancer: {localityLbSetting: {failoverPriority: [v]}}}"
    of_entry = rule(policy, "[{name: all}]", host="a.example.com")
    found = clusters(mesh(listed, of_entry), sidecar(labels={"v": "one"}))

    def priorities(name: str) -> list[int]:
        return [group.get("priority", 0) for group in found[name]["loadAssignment"]["endpoints"]]

    assert priorities("outbound|80||a.example.com") == [0, 1]
    assert priorities("outbound|80|all|a.example.com") == [0]


def test_inbound_ports_with_one_name() -> None:
    """Of service ports with the same name, the first stands for all, because istiod looks ports up by name."""
    service = """
    apiVersion: v1
    kind: Service
    metadata: {name: two, namespace: shop}
    spec:
      clusterIP: 10.0.0.8
      selector: {app: two}
      ports: [{name: http, port: 80, targetPort: 8080}, {name: http, port: 90, targetPort: 9090, appProtocol: tcp}]
    """
    pod = """
    apiVersion: v1
    kind: Pod
    metadata: {name: client, namespace: shop, labels: {app: two}}
    spec: {containers: [{name: c}]}
    status: {phase: Running, podIP: 10.1.0.1}
    """
    found = asked(mesh(service, pod), sidecar(labels={"app": "two"})).facts.targets
    assert [(t.port.number, t.target_port) for t in found] == [(80, 8080), (80, 9090)]


def test_client_protocol_on_a_sniffed_port_forgets_the_case_of_headers() -> None:
    """Using the client's protocol on a port with detection loses the formatter that preserves header case."""
    sniffed = """
    apiVersion: v1
    kind: Service
    metadata: {name: any, namespace: shop}
    spec: {clusterIP: 10.0.0.7, ports: [{name: any, port: 7777}]}
    """
    name = "outbound|7777||any.shop.svc.cluster.local"
    config = {"proxyHeaders": {"preserveHttp1HeaderCase": True}}

    def http1(*rules: str) -> Any:
        found = cluster(sniffed, *rules, name=name, defaultConfig=config)
        return http(found)["useDownstreamProtocolConfig"]["httpProtocolOptions"]

    assert "headerKeyFormat" in http1()
    assert http1(rule("{connectionPool: {http: {useClientProtocol: true}}}", host="any")) == {}
