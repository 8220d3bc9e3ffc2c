"""Rules of every Istio kind: a valid object, with one change at a time that istiod rejects, warns about or accepts."""

import copy
from typing import Any

import pytest
import yaml

from meshcompile.behaviour import ISTIO_1_30
from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.documents import Document
from meshcompile.models.read import read
from meshcompile.models.registry import KINDS
from meshcompile.validate import KINDS_OF_RELEASES, release_violations, violations
from meshcompile.validate.releases import NEW_FIELDS, RULES

VALID = yaml.safe_load("""
VirtualService:
  hosts: [a.shop.com, "*.eu.com"]
  gateways: [istio-system/public]
  http:
    - match: [{uri: {prefix: /a}, headers: {x-a: {exact: b}}, port: 80}]
      route:
        - {destination: {host: a, port: {number: 80}}, weight: 90}
        - {destination: {host: b, subset: v1}, weight: 10}
      timeout: 5s
      retries: {attempts: 2, retryOn: "5xx,503"}
      headers: {request: {set: {x-b: "%HOSTNAME%"}}}
      corsPolicy: {allowOrigins: [{exact: a}], allowMethods: [GET], maxAge: 1h}
      fault: {abort: {httpStatus: 500, percentage: {value: 1}}}
    - directResponse: {status: 404}
  tls:
    - match: [{sniHosts: [a.shop.com], port: 443}]
      route: [{destination: {host: a}}]
  tcp:
    - route: [{destination: {host: a}}]
Gateway:
  selector: {istio: gw}
  servers:
    - port: {number: 443, name: https, protocol: HTTPS}
      hosts: ["shop/*.shop.com"]
      tls: {mode: MUTUAL, serverCertificate: a, privateKey: b, caCertificates: c}
    - port: {number: 80, name: http, protocol: HTTP}
      hosts: ["*"]
      tls: {httpsRedirect: true}
DestinationRule:
  host: a
  trafficPolicy:
    connectionPool: {tcp: {maxConnections: 1, connectTimeout: 1s}, http: {idleTimeout: 1s}}
    outlierDetection: {interval: 1s, maxEjectionPercent: 10}
    loadBalancer: {consistentHash: {httpCookie: {name: c, ttl: 0s}, maglev: {tableSize: 5}}}
    tls: {mode: MUTUAL, clientCertificate: a, privateKey: b}
    portLevelSettings: [{port: {number: 80}, tls: {mode: SIMPLE}}]
  subsets: [{name: v1, labels: {version: v1}}, {name: v2}]
ServiceEntry:
  hosts: [a.shop.com]
  addresses: [10.0.0.0/24]
  ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS}]
  resolution: STATIC
  endpoints: [{address: 10.0.0.1, ports: {http: 8080}}]
WorkloadEntry: {address: 10.0.0.1, ports: {http: 80}, labels: {app: a}}
WorkloadGroup:
  metadata: {labels: {app: a}}
  template: {ports: {http: 80}}
  probe: {httpGet: {port: 80, httpHeaders: [{name: x-a, value: b}]}}
Sidecar:
  workloadSelector: {labels: {app: a}}
  ingress: [{port: {number: 80, name: http, protocol: HTTP}, defaultEndpoint: "127.0.0.1:80"}]
  egress: [{port: {number: 81, protocol: TCP}, bind: 10.0.0.1, hosts: [shop/*]}, {hosts: ["./*", istio-system/*]}]
  outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: a.shop, port: {number: 80}}}
PeerAuthentication: {selector: {matchLabels: {app: a}}, mtls: {mode: STRICT}, portLevelMtls: {80: {mode: DISABLE}}}
RequestAuthentication:
  selector: {matchLabels: {app: a}}
  jwtRules:
    - {issuer: a, jwksUri: "https://a.com/keys", fromHeaders: [{name: x}], timeout: 1s}
    - {issuer: b, jwks: '{"keys": []}'}
AuthorizationPolicy:
  action: DENY
  selector: {matchLabels: {app: a}}
  rules:
    - from: [{source: {principals: [a], ipBlocks: [10.0.0.1]}}]
      to: [{operation: {ports: ["80"], paths: ["/a/{*}"]}}]
      when: [{key: "request.headers[x-a]", values: [b]}]
Telemetry:
  tracing: [{providers: [{name: a}], randomSamplingPercentage: 1, customTags: {a: {literal: {value: b}}}}]
  metrics: [{overrides: [{tagOverrides: {a: {operation: UPSERT, value: b}, c: {operation: REMOVE}}}]}]
  accessLogging: [{filter: {expression: response.code >= 400}}]
WasmPlugin:
  url: oci://a/b
  sha256: ""
  vmConfig: {env: [{name: a, valueFrom: HOST}, {name: b, value: c}]}
  match: [{ports: [{number: 80}]}]
TrafficExtension: {lua: {inlineCode: "function envoy_on_request(h) end"}, match: [{ports: [{number: 80}]}]}
ProxyConfig: {selector: {matchLabels: {app: a}}, concurrency: 0}
EnvoyFilter:
  workloadSelector: {labels: {app: a}}
  configPatches:
    - applyTo: HTTP_FILTER
      match:
        proxy: {proxyVersion: "^1"}
        listener: {filterChain: {filter: {name: envoy.filters.network.http_connection_manager, subFilter: {name: a}}}}
      patch:
        operation: INSERT_FIRST
        value: {name: a, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
    - {applyTo: CLUSTER, patch: {operation: REMOVE}}
""")
"""Specifications that istiod accepts without warnings."""

GONE = object()
"""Marks a field to remove."""

REFUSED: list[tuple[str, str, Any, str]] = [
    ("VirtualService", "hosts", ["a..b"], "MC0208"),
    ("VirtualService", "hosts", ["a.eu.com", "*.eu.com", "a.shop.com"], "MC0244"),
    ("VirtualService", "gateways", ["a/b/c"], "MC0246"),
    ("VirtualService", "exportTo", [".", "shop"], "MC0217"),
    ("VirtualService", "exportTo", ["~"], "MC0217"),
    ("VirtualService", "http.0.match.0.port", 70000, "MC0205"),
    ("VirtualService", "http.0.match.0.uri", {"regex": "a(?=b)"}, "MC0218"),
    ("VirtualService", "http.0.match.0.scheme", {"prefix": ""}, "MC0248"),
    ("VirtualService", "http.0.match.0.headers", {"a b": {"exact": "c"}}, "MC0249"),
    ("VirtualService", "http.0.match.0.sourceLabels", {"a": "b c"}, "MC0213"),
    ("VirtualService", "http.0.match.0.sourceNamespace", "a.b", "MC0206"),
    ("VirtualService", "http.0.route.0.destination.host", "*", "MC0208"),
    ("VirtualService", "http.0.route.0.destination.port.number", 0, "MC0205"),
    ("VirtualService", "http.0.route.1.destination.subset", "a.b", "MC0266"),
    ("VirtualService", "http.0.route.0.weight", -1, "MC0252"),
    ("VirtualService", "http.0.timeout", "0s", "MC0211"),
    ("VirtualService", "http.0.timeout", "1.5ms", "MC0211"),
    ("VirtualService", "http.0.retries.attempts", 0, "MC0259"),
    ("VirtualService", "http.0.retries.retryOn", "5xx, 503", "MC0259"),
    ("VirtualService", "http.0.retries.retryOn", "599", "MC0259"),
    ("VirtualService", "http.0.headers.request.set", {"x-b": "50%"}, "MC0250"),
    ("VirtualService", "http.0.headers.request.remove", ["Host"], "MC0249"),
    ("VirtualService", "http.0.headers.response", {"set": {":status": "1"}}, "MC0249"),
    ("VirtualService", "http.0.headers.request.set", {"host": "a", ":authority": "b"}, "MC0251"),
    ("VirtualService", "http.0.corsPolicy.allowOrigins.0", {}, "MC0253"),
    ("VirtualService", "http.0.corsPolicy.allowMethods", ["get"], "MC0253"),
    ("VirtualService", "http.0.corsPolicy.maxAge", "1.5s", "MC0253"),
    ("VirtualService", "http.0.fault", {}, "MC0254"),
    ("VirtualService", "http.0.fault.abort.httpStatus", 601, "MC0256"),
    ("VirtualService", "http.0.fault.abort.percentage.value", 0.00001, "MC0257"),
    ("VirtualService", "http.0.fault.delay", {"exponentialDelay": "1s"}, "MC0254"),
    ("VirtualService", "http.0.redirect", {"uri": "/"}, "MC0245"),
    ("VirtualService", "http.0.route", GONE, "MC0245"),
    ("VirtualService", "http.0.rewrite", {"authority": ""}, "MC0261"),
    ("VirtualService", "http.0.mirrorPercentage", {"value": 101}, "MC0257"),
    ("VirtualService", "http.0.mirror", {"host": "a_b"}, "MC0208"),
    ("VirtualService", "http.0.delegate", {"name": "a"}, "MC0241"),
    ("VirtualService", "http.1.directResponse.status", 199, "MC0256"),
    ("VirtualService", "http.1.directResponse.body", {"string": "x" * 1048577}, "MC0262"),
    ("VirtualService", "tls.0.match.0.sniHosts", ["b.shop.com"], "MC0264"),
    ("VirtualService", "tls.0.match.0.sniHosts", [], "MC0202"),
    ("VirtualService", "tls.0.match.0.destinationSubnets", ["a"], "MC0209"),
    ("VirtualService", "tcp.0.route", [], "MC0202"),
    ("Gateway", "servers", [], "MC0202"),
    ("Gateway", "servers.0.port.number", 0, "MC0205"),
    ("Gateway", "servers.0.port.protocol", "HTTP3", "MC0207"),
    ("Gateway", "servers.0.port.name", "http", "MC0204"),
    ("Gateway", "servers.0.port.name", "", "MC0220"),
    ("Gateway", "servers.0.port.targetPort", 80, "MC0232"),
    ("Gateway", "servers.0.hosts", ["a"], "MC0230"),
    ("Gateway", "servers.0.hosts", ["~/a.b"], "MC0230"),
    ("Gateway", "servers.0.hosts", [], "MC0202"),
    ("Gateway", "servers.0.bind", "a", "MC0209"),
    ("Gateway", "servers.0.tls", GONE, "MC0231"),
    ("Gateway", "servers.0.tls.caCertificates", "", "MC0221"),
    ("Gateway", "servers.0.tls.credentialName", "a", "MC0221"),
    ("Gateway", "servers.0.tls.mode", "ISTIO_MUTUAL", "MC0221"),
    ("Gateway", "servers.1.tls.mode", "SIMPLE", "MC0221"),
    ("DestinationRule", "host", "a_b", "MC0208"),
    ("DestinationRule", "subsets.1.name", "v1", "MC0204"),
    ("DestinationRule", "subsets.1.name", "v.1", "MC0266"),
    ("DestinationRule", "subsets.0.labels", {"a/b/c": "d"}, "MC0213"),
    ("DestinationRule", "trafficPolicy", {}, "MC0267"),
    ("DestinationRule", "trafficPolicy.connectionPool", {}, "MC0223"),
    ("DestinationRule", "trafficPolicy.connectionPool.tcp.maxConnections", -1, "MC0212"),
    ("DestinationRule", "trafficPolicy.connectionPool.tcp.connectTimeout", "0s", "MC0211"),
    ("DestinationRule", "trafficPolicy.outlierDetection.maxEjectionPercent", 101, "MC0257"),
    ("DestinationRule", "trafficPolicy.outlierDetection.consecutiveLocalOriginFailures", 1, "MC0268"),
    ("DestinationRule", "trafficPolicy.loadBalancer.consistentHash.maglev.tableSize", 4, "MC0269"),
    ("DestinationRule", "trafficPolicy.loadBalancer.consistentHash.httpCookie.name", "", "MC0220"),
    ("DestinationRule", "trafficPolicy.loadBalancer.warmupDurationSecs", "0s", "MC0211"),
    ("DestinationRule", "trafficPolicy.loadBalancer.warmup", {"duration": "1s", "aggression": 0.5}, "MC0212"),
    (
        "DestinationRule",
        "trafficPolicy.loadBalancer.localityLbSetting",
        {"distribute": [{"from": "a/*", "to": {"a": 50}}]},
        "MC0270",
    ),
    ("DestinationRule", "trafficPolicy.tls.privateKey", "", "MC0221"),
    ("DestinationRule", "trafficPolicy.tls.credentialName", "configmap://other/a", "MC0221"),
    ("DestinationRule", "trafficPolicy.portLevelSettings.0.tls", GONE, "MC0267"),
    ("DestinationRule", "trafficPolicy.portLevelSettings.0.port", GONE, "MC0267"),
    ("DestinationRule", "trafficPolicy.tunnel", {"targetHost": "a", "targetPort": 0}, "MC0205"),
    ("DestinationRule", "trafficPolicy.tunnel", {"targetHost": "a", "targetPort": 1, "protocol": "GET"}, "MC0272"),
    ("DestinationRule", "workloadSelector", {"matchLabels": {"a": "*"}}, "MC0214"),
    ("ServiceEntry", "hosts", ["*"], "MC0208"),
    ("ServiceEntry", "addresses", ["a"], "MC0209"),
    ("ServiceEntry", "ports.1.name", "http", "MC0204"),
    ("ServiceEntry", "ports.1.number", 80, "MC0204"),
    ("ServiceEntry", "ports.1.name", "a.b", "MC0206"),
    ("ServiceEntry", "ports.0.protocol", "HTTP3", "MC0207"),
    ("ServiceEntry", "resolution", "DNS", "MC0273"),
    ("ServiceEntry", "resolution", "NONE", "MC0273"),
    ("ServiceEntry", "endpoints.0.address", "a.b", "MC0275"),
    ("ServiceEntry", "endpoints.0.ports", {"grpc": 1}, "MC0275"),
    ("ServiceEntry", "endpoints.0", {"address": "unix:///a", "ports": {}}, "MC0275"),
    ("ServiceEntry", "workloadSelector", {"labels": {"a": "b"}}, "MC0203"),
    ("WorkloadEntry", "address", "", "MC0202"),
    ("WorkloadEntry", "address", "a_b", "MC0275"),
    ("WorkloadEntry", "address", "unix://a", "MC0210"),
    ("WorkloadEntry", "ports", {"a.b": 80}, "MC0206"),
    ("WorkloadEntry", "labels", {"a": "-"}, "MC0213"),
    ("WorkloadGroup", "metadata.labels", {"a": "-"}, "MC0213"),
    ("WorkloadGroup", "template.ports", {"a" * 63: 80}, "MC0206"),
    ("WorkloadGroup", "probe", {}, "MC0277"),
    ("WorkloadGroup", "probe", {"grpc": {"port": 80}}, "MC0277"),
    ("WorkloadGroup", "probe.httpGet.scheme", "http", "MC0277"),
    ("WorkloadGroup", "probe.httpGet.httpHeaders.0.name", "x_a", "MC0249"),
    ("WorkloadGroup", "probe", {"exec": {"command": []}}, "MC0202"),
    ("Sidecar", "workloadSelector.labels", {"": "b"}, "MC0214"),
    ("Sidecar", "ingress.0.port.number", 0, "MC0205"),
    ("Sidecar", "ingress.0.defaultEndpoint", "10.0.0.1:80", "MC0237"),
    ("Sidecar", "ingress.0.tls", {"mode": "SIMPLE", "serverCertificate": "a", "privateKey": "b"}, "MC0231"),
    ("Sidecar", "egress.0.port.number", 0, "MC0234"),
    ("Sidecar", "egress.0.port", GONE, "MC0235"),
    ("Sidecar", "egress.0.bind", "a", "MC0209"),
    ("Sidecar", "egress.0.hosts", ["a.b"], "MC0230"),
    ("Sidecar", "egress.0.hosts", ["shop/a"], "MC0230"),
    ("Sidecar", "outboundTrafficPolicy.mode", GONE, "MC0238"),
    ("Sidecar", "outboundTrafficPolicy.egressProxy.port", GONE, "MC0238"),
    ("PeerAuthentication", "selector", GONE, "MC0288"),
    ("RequestAuthentication", "jwtRules.0", {"audiences": ["a"]}, "MC0286"),
    ("RequestAuthentication", "jwtRules.0.jwks", "{}", "MC0203"),
    ("RequestAuthentication", "jwtRules.0.jwksUri", "ftp://a", "MC0219"),
    ("RequestAuthentication", "jwtRules.0.timeout", "0s", "MC0211"),
    ("RequestAuthentication", "jwtRules.1.jwks", "{", "MC0286"),
    ("RequestAuthentication", "targetRefs", [], "MC0203"),
    ("AuthorizationPolicy", "rules", [], "MC0278"),
    ("AuthorizationPolicy", "provider", {"name": "a"}, "MC0278"),
    ("AuthorizationPolicy", "rules.0.from.0.source", {}, "MC0280"),
    ("AuthorizationPolicy", "rules.0.from.0.source.serviceAccounts", ["a"], "MC0203"),
    ("AuthorizationPolicy", "rules.0.from.0.source.ipBlocks", ["a"], "MC0281"),
    ("AuthorizationPolicy", "rules.0.from.0.source.trustDomains", ["a/b"], "MC0281"),
    ("AuthorizationPolicy", "rules.0.to.0.operation.ports", ["65536"], "MC0281"),
    ("AuthorizationPolicy", "rules.0.to.0.operation.paths", ["/{a}"], "MC0281"),
    ("AuthorizationPolicy", "rules.0.when.0.values", [], "MC0284"),
    ("AuthorizationPolicy", "rules.0.when.0.key", "a", "MC0284"),
    ("Telemetry", "metrics.0.overrides.0.tagOverrides.a.value", GONE, "MC0289"),
    ("Telemetry", "metrics.0.overrides.0.tagOverrides.c.value", "a", "MC0289"),
    ("Telemetry", "metrics.0.reportingInterval", "0s", "MC0211"),
    ("Telemetry", "accessLogging.0.filter", {}, "MC0291"),
    ("Telemetry", "targetRef", {"kind": "Pod", "name": "a"}, "MC0216"),
    ("WasmPlugin", "url", "ftp://a/b", "MC0219"),
    ("WasmPlugin", "vmConfig.env.0.value", "", "MC0292"),
    ("WasmPlugin", "vmConfig.env.1.name", "a", "MC0204"),
    ("WasmPlugin", "match.0.ports.0", {}, "MC0202"),
    ("TrafficExtension", "lua", GONE, "MC0202"),
    ("TrafficExtension", "lua.inlineCode", "é" * 40000, "MC0212"),
    ("ProxyConfig", "selector.matchLabels", {"a*": "b"}, "MC0214"),
    ("EnvoyFilter", "targetRefs", [{"kind": "Gateway", "name": "a"}], "MC0203"),
    ("EnvoyFilter", "configPatches.0.applyTo", GONE, "MC0294"),
    ("EnvoyFilter", "configPatches.0.applyTo", "CLUSTER", "MC0294"),
    ("EnvoyFilter", "configPatches.0.applyTo", "NETWORK_FILTER", "MC0294"),
    ("EnvoyFilter", "configPatches.0.match.proxy.proxyVersion", "(", "MC0294"),
    ("EnvoyFilter", "configPatches.0.match.context", "WAYPOINT", "MC0294"),
    ("EnvoyFilter", "configPatches.0.patch.value", GONE, "MC0294"),
    ("EnvoyFilter", "configPatches.0.patch.value.name", 5, "MC1002"),
]

WARNED: list[tuple[str, str, Any, str]] = [
    ("VirtualService", "gateways", ["public.istio-system"], "MC0247"),
    ("VirtualService", "http.0.mirrorPercent", 5, "MC0258"),
    ("VirtualService", "http.0.fault.abort", {"percentage": {"value": 1}}, "MC0255"),
    ("VirtualService", "http.1.directResponse.body", {"string": "x" * 110000}, "MC0263"),
    ("VirtualService", "http.0.match", GONE, "IST0130"),
    ("VirtualService", "tls.0.match.0.sniHosts", ["10.0.0.1"], "MC0265"),
    ("Gateway", "servers.0.tls.cipherSuites", ["a"], "MC0222"),
    ("Gateway", "servers.0.tls.httpsRedirect", True, "MC0233"),
    ("DestinationRule", "trafficPolicy.outlierDetection.consecutiveErrors", 1, "MC0258"),
    ("DestinationRule", "workloadSelector", {}, "MC0215"),
    ("ServiceEntry", "hosts", ["*a.shop.com"], "MC0274"),
    ("WorkloadEntry", "", {"network": "a"}, "MC0276"),
    ("Sidecar", "egress.1.hosts", ["shop/*", "./a.b"], "MC0239"),
    ("RequestAuthentication", "jwtRules.1.jwks", '{"kty": "oct", "k": "YQ"}', "MC0287"),
    ("AuthorizationPolicy", "rules.0.to.0.operation", {"paths": ["/a"]}, "MC0285"),
    ("Telemetry", "tracing.0.providers", [{"name": "a"}, {"name": "b"}], "MC0290"),
    ("EnvoyFilter", "configPatches.0.patch.value", {"name": "a"}, "MC0295"),
    (
        "EnvoyFilter",
        "configPatches.0.match.listener.filterChain.filter.name",
        "envoy.http_connection_manager",
        "MC0295",
    ),
]

TAKEN: list[tuple[str, str, Any]] = [
    ("VirtualService", "hosts", ["10.0.0.1", "a.shop.com"]),
    ("VirtualService", "http.0.match.0.uri", {"prefix": ""}),
    ("VirtualService", "http.0.match.0.withoutHeaders", {"x-a": {"regex": "*"}}),
    ("VirtualService", "http.0.retries.retryOn", "100,+503"),
    ("VirtualService", "http.0.fault.abort", {"percentage": {"value": 0}}),
    ("VirtualService", "http.1.directResponse.status", 600),
    ("Gateway", "servers.1.port.protocol", "http2"),
    ("Gateway", "servers.1.hosts", ["10.0.0.1"]),
    ("Gateway", "servers.1.tls", {}),
    ("DestinationRule", "host", "*"),
    ("DestinationRule", "trafficPolicy.connectionPool.tcp.idleTimeout", "0s"),
    ("DestinationRule", "trafficPolicy.loadBalancer.consistentHash", {}),
    ("DestinationRule", "trafficPolicy.loadBalancer.consistentHash.maglev.tableSize", 1),
    ("DestinationRule", "trafficPolicy.portLevelSettings.0.port.number", 65536),
    ("ServiceEntry", "endpoints.0", {"network": "a"}),
    ("ServiceEntry", "exportTo", ["~"]),
    ("Sidecar", "ingress.0.defaultEndpoint", "[::1]:80"),
    ("Sidecar", "egress.1.hosts", ["~/*"]),
    ("AuthorizationPolicy", "rules.0.from", []),
    ("AuthorizationPolicy", "rules.0.when.0", {"key": "source.trustDomain", "values": ["a/b"]}),
    ("WasmPlugin", "url", "registry.shop/filter:v1"),
    ("EnvoyFilter", "configPatches.0.match", {"context": "WAYPOINT", "waypoint": {}}),
]


def found(kind: str, spec: Any) -> tuple[Diagnostic, ...]:
    """The findings about an object, without the warning that every EnvoyFilter gets."""
    known = next(one for one in KINDS if one.name == kind and one.group.endswith(".istio.io"))
    metadata = {"name": "a", "namespace": "shop"}
    written = {"apiVersion": known.api_versions[0], "kind": kind, "metadata": metadata, "spec": spec}
    resource, problems = read(Document("a.yaml", written))
    assert resource is not None, problems
    refused = (*violations(resource), *release_violations(resource, ISTIO_1_30))
    return tuple(one for one in refused if one.code != "MC0293")


def changed(kind: str, path: str, value: Any) -> Any:
    """A valid specification with another value for the field at `path`."""
    spec = copy.deepcopy(VALID[kind])
    keys: list[Any] = [int(key) if key.isdigit() else key for key in path.split(".")]
    *before, last = keys
    if not path:
        return value
    part: Any = spec
    for key in before:
        part = part[key] if isinstance(part, list) else part.setdefault(key, {})
    if value is GONE:
        del part[last]
    else:
        part[last] = value
    return spec


@pytest.mark.parametrize("kind", VALID)
def test_valid_objects_are_taken(kind: str) -> None:
    """A valid object of each kind with many fields has no findings."""
    assert found(kind, VALID[kind]) == ()


@pytest.mark.parametrize(("kind", "path", "value", "code"), REFUSED)
def test_invalid_objects_are_refused(kind: str, path: str, value: Any, code: str) -> None:
    """One invalid field is an error that rejects the object, at the field or next to it."""
    errors = [one for one in found(kind, changed(kind, path, value)) if one.severity is Severity.ERROR]
    assert code in [one.code for one in errors]
    assert all(one.rejected for one in errors)
    assert all(one.field.startswith("spec") for one in errors)


@pytest.mark.parametrize(("kind", "path", "value", "code"), WARNED)
def test_doubtful_objects_are_warned_about(kind: str, path: str, value: Any, code: str) -> None:
    """istiod's warnings do not reject an object."""
    findings = found(kind, changed(kind, path, value))
    assert code in [one.code for one in findings]
    assert not any(one.rejected for one in findings)


@pytest.mark.parametrize(("kind", "path", "value"), TAKEN)
def test_what_only_looks_invalid_is_taken(kind: str, path: str, value: Any) -> None:
    """Unusual values that istiod accepts are accepted."""
    assert not any(one.rejected for one in found(kind, changed(kind, path, value)))


@pytest.mark.parametrize(
    ("kind", "annotations", "rejected"),
    [
        ("Gateway", {"istio.io/dry-run": "true"}, True),
        ("AuthorizationPolicy", {"istio.io/dry-run": "T"}, False),
        ("AuthorizationPolicy", {"istio.io/dry-run": "yes"}, True),
        ("Sidecar", {"internal.istio.io/parents": "a"}, True),
    ],
)
def test_annotations(kind: str, annotations: dict[str, str], rejected: bool) -> None:
    """Reserved annotations reject an object, and dry-run annotations must be true or false."""
    known = next(one for one in KINDS if one.name == kind and one.group.endswith(".istio.io"))
    metadata = {"name": "a", "namespace": "shop", "annotations": annotations}
    written = {"apiVersion": known.api_versions[0], "kind": kind, "metadata": metadata, "spec": VALID[kind]}
    resource, _ = read(Document("a.yaml", written))
    assert resource is not None
    assert any(one.rejected for one in violations(resource)) == rejected


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        ({"to": [{"operation": {"methods": ["GET"]}}]}, ""),
        ({"from": [{"source": {"requestPrincipals": ["*"]}}]}, ""),
        (
            {
                "from": [{"source": {"namespaces": ["shop"], "requestPrincipals": ["*"]}}],
                "to": [{"operation": {"paths": ["/a"]}}],
                "when": [
                    {"key": "source.ip", "values": ["10.0.0.1"]},
                    {"key": "request.headers[x-a]", "values": ["b"]},
                ],
            },
            " that matches `namespaces`, `source.ip`",
        ),
    ],
)
def test_what_is_left_of_a_denial_on_tcp_is_said(rule: dict[str, Any], left: str) -> None:
    """For a DENY rule with HTTP conditions and without a port, the finding lists the conditions that apply to TCP."""
    (finding,) = found("AuthorizationPolicy", {"action": "DENY", "rules": [rule]})
    assert finding.slug == "http-in-deny"
    assert finding.message.startswith(f"on TCP ports, this rule denies all traffic{left}, because")


def test_rules_that_are_never_used() -> None:
    """Each kind of unused rule is found: after a catch-all, duplicate, and covered by a prefix."""
    route = [{"destination": {"host": "a"}}]
    matches = ["/a", "/a", "/a/b", "/c"]
    http = [{"match": [{"uri": {"prefix": prefix}}], "route": route} for prefix in matches]
    spec = {"hosts": ["a"], "http": [*http, {"route": route}, {"route": route}]}
    assert [one.message for one in found("VirtualService", spec)] == [
        "VirtualService rule #1 match #0 is not used (duplicate/overlapping match in rule #0)",
        "VirtualService rule #1 not used (all matches used by prior rules)",
        "VirtualService rule #5 not used (only the last rule can have no matches)",
        "VirtualService rule #2 match #0 of prefix /a/b is not used "
        "(duplicate/overlapping match in rule #0 of prefix /a on #0)",
    ]


@pytest.mark.parametrize(
    ("weights", "shares"),
    [
        ((50, 60), "the weights add up to 110, not to 100: the shares are 45.5% to a (v0), 54.5% to a (v1)"),
        ((1, 1), "the weights add up to 2, not to 100: the shares are 50% to a (v0), 50% to a (v1)"),
        ((1, 99), None),
        ((100,), None),
        ((7,), None),
    ],
)
def test_weights_that_are_no_percentages_are_explained(weights: tuple[int, ...], shares: str | None) -> None:
    """Weights that do not add up to 100 are an info with the resulting shares."""
    targets = [
        {"destination": {"host": "a", "subset": f"v{number}"}, "weight": weight}
        for number, weight in enumerate(weights)
    ]
    explained = found("VirtualService", {"hosts": ["a"], "http": [{"route": targets}]})
    assert [(each.message, each.severity, each.rejected) for each in explained] == (
        [(shares, Severity.INFO, False)] if shares else []
    )


def test_kinds_of_releases_are_those_with_rules() -> None:
    """The kinds whose rules depend on the release are those that have such rules."""
    assert RULES.keys() | NEW_FIELDS.keys() == KINDS_OF_RELEASES


@pytest.mark.parametrize("aggression", [0, 0.5])
def test_an_aggression_that_is_too_small_is_said_once(aggression: float) -> None:
    """The rule of all releases and that of some do not speak about the same value."""
    path, value = "trafficPolicy.loadBalancer.warmup", {"duration": "1s", "aggression": aggression}
    assert [one.code for one in found("DestinationRule", changed("DestinationRule", path, value))] == ["MC0212"]
