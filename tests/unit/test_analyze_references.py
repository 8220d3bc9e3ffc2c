"""Checks of references between objects: each reports the exact position of a mistake, and nothing else."""

from __future__ import annotations

import json
from base64 import b64encode

from meshcompile.analyze import every_check
from meshcompile.analyze.certificates import credential_problem
from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.models.kubernetes.secret import Secret
from tests.meshes import SHOP, mesh

POD = """
apiVersion: v1
kind: Pod
metadata: {name: web-0, namespace: shop, labels: {app: web, version: v1}}
spec: {containers: [{name: web, image: web}]}
---
"""
INGRESS = """
apiVersion: v1
kind: Pod
metadata: {name: in-0, namespace: istio-system, labels: {istio: ingressgateway}}
spec: {containers: [{name: istio-proxy, image: auto}]}
---
apiVersion: v1
kind: Service
metadata: {name: istio-ingressgateway, namespace: istio-system}
spec:
  clusterIP: 10.0.0.9
  selector: {istio: ingressgateway}
  ports: [{name: http2, port: 80, targetPort: 8080}, {name: https, port: 443, targetPort: 8443}]
---
"""


def found(*texts: str) -> list[Diagnostic]:
    return list(mesh(SHOP, POD, *texts).analyze())


def places(*texts: str) -> list[tuple[str, str, str]]:
    """The code, field and object name of every finding."""
    return [(each.code, each.field, each.name) for each in found(*texts)]


def virtual_service(spec: str, name: str = "web", namespace: str = "shop") -> str:
    return f"""
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}, namespace: {namespace}}}
spec: {spec}
---
"""


def to(destination: str) -> str:
    return virtual_service(f"{{hosts: [web], http: [{{route: [{{destination: {destination}}}]}}]}}")


def rule(spec: str, name: str = "web", namespace: str = "shop") -> str:
    return f"""
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: {name}, namespace: {namespace}}}
spec: {spec}
---
"""


def gateway(spec: str, name: str = "front", namespace: str = "shop") -> str:
    return f"""
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: {name}, namespace: {namespace}}}
spec: {spec}
---
"""


HTTP_80 = "port: {number: 80, name: http, protocol: HTTP}"
FRONT = gateway(f"{{selector: {{istio: ingressgateway}}, servers: [{{{HTTP_80}, hosts: [shop.example]}}]}}")
DESTINATION = "spec.http[0].route[0].destination"


def test_every_check_is_a_module() -> None:
    """Checks are found by folder: a module is a check if it has a function with the same name."""
    assert [check.__module__.rpartition(".")[2] for check in every_check()] == [c.__name__ for c in every_check()]
    assert len(every_check()) > 15


def test_unknown_host() -> None:
    """An unknown host is an error at its position, with the effect in Envoy and a suggestion."""
    (finding,) = found(to("{host: catlog}"))
    assert (finding.code, finding.field, finding.line) == ("IST0101", f"{DESTINATION}.host", 30)
    assert "503 NC" in finding.message
    assert finding.suggestion == "did you mean `catalog`?"
    assert places(to("{host: catalog}")) == []
    assert places(to("{host: catalog.shop.svc.cluster.local}")) == []


def test_the_api_server_is_there() -> None:
    """Every cluster has the Service of its API server, so a route or rule for it has no finding."""
    rule = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: api-server, namespace: istio-system}
spec: {host: kubernetes.default.svc.cluster.local, trafficPolicy: {tls: {mode: DISABLE}}}
---
"""
    assert places(to("{host: kubernetes.default.svc.cluster.local}"), rule) == []


def test_host_of_another_namespace() -> None:
    """A short name refers to the VirtualService's namespace. A Service with that name elsewhere is suggested."""
    spec = "{hosts: [web.shop.svc.cluster.local], http: [{route: [{destination: {host: catalog}}]}]}"
    (finding,) = found(virtual_service(spec, namespace="edge"))
    assert finding.suggestion == "Service catalog is in namespace shop: write `catalog.shop.svc.cluster.local`"
    (dotted,) = found(to("{host: catalog.shop}"))
    assert dotted.suggestion == finding.suggestion


def test_host_that_is_not_exported() -> None:
    """For a host that is not exported to the VirtualService's namespace, the finding names the object."""
    hidden = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ext, namespace: edge}
spec: {hosts: [api.example], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS, exportTo: [%s]}
---
"""
    (finding,) = found(to("{host: api.example}"), hidden % '"."')
    assert finding.field == f"{DESTINATION}.host"
    assert finding.related[0].origin.document.name == "ext"
    assert places(to("{host: api.example}"), hidden % '"*"') == []
    assert places(to("{host: api.example}"), hidden % "shop") == []


def test_wildcard_entries_have_the_hosts_they_cover() -> None:
    """A host that a ServiceEntry's wildcard covers exists."""
    entry = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ext, namespace: shop}
spec: {hosts: ["*.example"], ports: [{number: 80, name: http, protocol: HTTP}], resolution: NONE}
---
"""
    assert places(entry, to("{host: api.example}")) == []
    assert places(entry, to("{host: api.example.org}")) == [("IST0101", f"{DESTINATION}.host", "web")]


def test_unknown_port() -> None:
    """A port that the host does not have is an error; one that is left open among several may be missing."""
    assert places(to("{host: web, port: {number: 9999}}")) == [("IST0101", f"{DESTINATION}.host", "web")]
    assert places(to("{host: web, port: {number: 8080}}")) == []
    (own,) = found(to("{host: web}"))
    assert (own.code, own.severity) == ("IST0112", Severity.INFO)
    other = virtual_service("{hosts: [shop.example], http: [{route: [{destination: {host: web}}]}]}")
    (open_port,) = found(other)
    assert (open_port.code, open_port.severity, open_port.field) == (
        "IST0112", Severity.WARNING, f"{DESTINATION}.host",
    )  # fmt: skip


def test_unknown_subset() -> None:
    """A subset that no rule defines is an error at its host, with the rule that lacks it and what there is."""
    defined = rule("{host: catalog, subsets: [{name: v1, labels: {app: web}}]}", name="catalog")
    (finding, *_) = found(to("{host: catalog, subset: v9}"), defined)
    assert (finding.code, finding.field) == ("IST0101", f"{DESTINATION}.host")
    assert finding.related[0].origin.document.name == "catalog"
    assert finding.suggestion == "there is `v1`"
    assert "IST0101" not in [code for code, *_ in places(to("{host: catalog, subset: v1}"), defined)]
    (alone,) = found(to("{host: catalog, subset: v1}"))
    assert alone.suggestion == "write a DestinationRule for host catalog.shop.svc.cluster.local"


def test_subset_of_a_wildcard_rule() -> None:
    """A rule for a wildcard defines subsets for the hosts that it covers."""
    wide = rule('{host: "*.shop.svc.cluster.local", subsets: [{name: v1, labels: {version: v1}}]}')
    assert "IST0101" not in [code for code, *_ in places(to("{host: catalog, subset: v1}"), wide)]


def test_mirrors_and_connections() -> None:
    """Mirrors and destinations of TCP and TLS rules are checked, too, with the effect on their traffic."""
    mirror = virtual_service(
        "{hosts: [web], http: [{route: [{destination: {host: catalog}}], mirrors: [{destination: {host: gone}}]}]}"
    )
    (finding,) = found(mirror)
    assert (finding.field, finding.name, "lost" in finding.message) == ("", "web", True)
    tcp = virtual_service("{hosts: [web], tcp: [{route: [{destination: {host: gone}}]}]}")
    (finding,) = found(tcp)
    assert (finding.field, "closed" in finding.message) == ("spec.tcp[0].route[0].destination.host", True)


def test_unknown_gateway() -> None:
    """A Gateway that does not exist is an error at its position in the list."""
    spec = "{hosts: [shop.example], gateways: [mesh, %s], http: [{route: [{destination: {host: catalog}}]}]}"
    missing = [each for each in found(INGRESS, FRONT, virtual_service(spec % "frnt")) if each.code == "IST0101"]
    assert [(each.field, each.suggestion) for each in missing] == [("spec.gateways[1]", "did you mean `shop/front`?")]
    assert places(INGRESS, FRONT, virtual_service(spec % "front")) == []
    assert places(INGRESS, FRONT, virtual_service(spec % "shop/front")) == []


def test_rejected_gateway() -> None:
    """A Gateway that Istio rejects is there for its VirtualServices: it has a finding of its own."""
    spec = "{hosts: [shop.example], gateways: [front], http: [{route: [{destination: {host: catalog}}]}]}"
    invalid = FRONT.replace("name: http,", "name: http, targetPort: 1,")
    assert places(invalid, virtual_service(spec)) == [("IST0106", "", "front")]


def test_unreadable_gateway() -> None:
    """A Gateway that cannot be read is said to be rejected, not missing."""
    spec = "{hosts: [shop.example], gateways: [front], http: [{route: [{destination: {host: catalog}}]}]}"
    (finding, _) = found(gateway("{servers: 1}"), virtual_service(spec))
    assert "is rejected" in finding.message
    assert finding.related[0].origin.document.kind == "Gateway"


def test_hosts_that_a_gateway_does_not_serve() -> None:
    """A Gateway that serves none of the hosts is reported, including the namespaces of its hosts."""
    spec = "{hosts: [%s], gateways: [front], http: [{route: [{destination: {host: catalog}}]}]}"
    assert places(INGRESS, FRONT, virtual_service(spec % "other.example")) == [("IST0132", "spec.gateways[0]", "web")]
    assert places(INGRESS, FRONT, virtual_service(spec % '"*.example"')) == []
    hosts = f'{{selector: {{istio: ingressgateway}}, servers: [{{{HTTP_80}, hosts: ["%s/shop.example"]}}]}}'
    assert places(INGRESS, gateway(hosts % "edge"), virtual_service(spec % "shop.example"))[0][0] == "IST0132"
    assert places(INGRESS, gateway(hosts % "."), virtual_service(spec % "shop.example")) == []


def test_internal_gateway() -> None:
    """A Gateway that istiod generates from the Gateway API must not be named."""
    gateways = "gateways: [mesh, 'edge/x~istio-autogenerated-k8s-gateway~y']"
    spec = f"{{hosts: [a], {gateways}, http: [{{route: [{{destination: {{host: catalog}}}}]}}]}}"
    assert places(virtual_service(spec)) == [("IST0165", "spec.gateways[1]", "web")]


def test_gateway_without_workload() -> None:
    """A Gateway that selects nothing is an error, or a warning if the input has no workloads."""
    lost = gateway(f"{{selector: {{istio: egress}}, servers: [{{{HTTP_80}, hosts: ['*']}}]}}")
    (finding,) = found(INGRESS, lost)
    assert (finding.code, finding.field, finding.severity) == ("IST0101", "spec.selector.istio", Severity.ERROR)
    (unsure,) = mesh(lost).analyze()
    assert unsure.severity is Severity.WARNING


def test_istios_own_gateway_need_not_be_among_the_input() -> None:
    """A Gateway for Istio's default ingress gateway is not reported."""
    assert places(FRONT) == []


def test_port_that_no_service_leads_to() -> None:
    """The port of a server must be one of the gateway's Service, or one that it forwards to."""
    servers = (
        "{selector: {istio: ingressgateway}, servers: [{port: {number: %d, name: a, protocol: HTTP}, hosts: ['*']}]}"
    )
    assert places(INGRESS, gateway(servers % 9000)) == [("IST0162", "spec.selector.istio", "front")]
    assert places(INGRESS, gateway(servers % 80)) == []
    assert places(INGRESS, gateway(servers % 8080)) == []


def test_missing_secret() -> None:
    """A `credentialName` without a Secret in the namespace of the gateway's Pods is a warning."""
    spec = (
        "{selector: {istio: ingressgateway}, servers: [{port: {number: 443, name: s, protocol: HTTPS}, hosts: ['*'], "
        "tls: {mode: SIMPLE, credentialName: cert}}]}"
    )
    secret = "{apiVersion: v1, kind: Secret, metadata: {name: cert, namespace: %s}}\n---\n"
    valid = secret.replace("}}", f"}}, stringData: {{tls.crt: {certificate()!r}, tls.key: k}}}}").replace("'", '"')
    (finding,) = found(INGRESS, gateway(spec))
    assert (finding.field, finding.severity) == ("spec.servers[0].tls.credentialName", Severity.WARNING)
    assert places(INGRESS, gateway(spec), secret % "shop")[0][0] == "IST0101"
    assert places(INGRESS, gateway(spec), secret % "istio-system") == [
        ("IST0161", "spec.servers[0].tls.credentialName", "front")
    ]
    assert [each for each in places(INGRESS, gateway(spec), valid % "istio-system") if each[0] != "MC1501"] == []


def certificate() -> str:
    """The outline of a certificate in PEM: a sequence of what is signed, an algorithm and a signature."""
    signed = der(0x30, der(0x02, b"\1") + der(0x30) * 5)
    encoded = b64encode(der(0x30, signed + der(0x30) + der(0x03, b"\0"))).decode()
    return f"-----BEGIN CERTIFICATE-----\n{encoded}\n-----END CERTIFICATE-----\n"


def der(tag: int, content: bytes = b"") -> bytes:
    return bytes((tag, len(content))) + content


def test_certificates_that_cannot_be_used() -> None:
    """A credential says what is wrong with it: keys, PEM, or what is encoded."""
    template = "{apiVersion: v1, kind: Secret, metadata: {name: c, namespace: a}, stringData: %s}"
    for data, expected in (
        ({"tls.crt": certificate(), "tls.key": "k"}, ""),
        ({"cert": certificate(), "key": "k"}, ""),
        ({"tls.crt": certificate()}, "has neither `tls.crt` and `tls.key` nor `cert` and `key`"),
        ({"tls.crt": "text", "tls.key": "k"}, "has a certificate that is not PEM"),
        ({"tls.crt": certificate().replace("MA", "MB"), "tls.key": "k"}, "has a certificate that cannot be decoded"),
    ):
        (secret,) = mesh(template % json.dumps(data)).config_cluster.resources
        assert isinstance(secret, Secret)
        assert credential_problem(secret) == expected


def test_unknown_namespace() -> None:
    """A namespace of a source that the mesh does not have is a warning. A pattern that matches one has no finding.

    An info tells that only other objects, and no Namespace, are in it.
    """
    namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n"
    policy = """
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: p, namespace: shop}
spec: {selector: {matchLabels: {app: web}}, rules: [{from: [{source: {namespaces: [%s]}}]}]}
---
"""
    assert places(policy % "shp") == [("IST0101", "spec.rules[0].from[0].source.namespaces[0]", "p")]
    for pattern in ("shop", '"sh*"', '"*op"'):
        assert [each for each in found(namespace, policy % pattern) if each.code == "IST0101"] == []
    assumed = found(policy % "shop")
    assert [(each.code, each.severity) for each in assumed] == [("IST0101", Severity.INFO)]
    assert assumed[0].message == (
        "the input has no Namespace `shop`, so meshcompile assumes the namespaces of other objects"
    )


def test_sidecars() -> None:
    """Sidecars that select nothing, the same workloads, or everything twice are reported."""
    text = """
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: %s, namespace: shop}
spec: {%s egress: [{hosts: ["./*"]}]}
---
"""
    web = "workloadSelector: {labels: {app: web}},"
    v1 = "workloadSelector: {labels: {version: v1}},"
    lost = "workloadSelector: {labels: {app: gone}},"
    assert places(text % ("a", lost)) == [("IST0101", "spec.workloadSelector.labels.app", "a")]
    assert places(text % ("a", web), text % ("b", v1)) == [
        ("IST0110", "metadata.name", "a"),
        ("IST0110", "metadata.name", "b"),
    ]
    assert places(text % ("a", ""), text % ("b", "")) == [("IST0111", "", "a"), ("IST0111", "", "b")]
    assert places(text % ("a", ""), text % ("b", web)) == []


def test_virtual_services_for_one_host() -> None:
    """Of several VirtualServices of sidecars for a host, the oldest is used, and all are reported."""
    spec = "{hosts: [catalog], %s http: [{route: [{destination: {host: catalog}}]}]}"
    both = found(virtual_service(spec % "", name="a"), virtual_service(spec % "", name="b"))
    assert [(each.code, each.field, each.name) for each in both] == [
        ("IST0109", "metadata.name", "a"),
        ("IST0109", "metadata.name", "b"),
    ]
    assert "the rules of shop/a are used" in both[1].message
    elsewhere = virtual_service("{hosts: [catalog], http: [{route: [{destination: {host: web.shop}}]}]}", "b", "edge")
    assert [each for each in places(virtual_service(spec % "", name="a"), elsewhere) if each[0] == "IST0109"] == []
    private = virtual_service(spec % "exportTo: [edge],", name="b")
    hidden = virtual_service(spec % 'exportTo: ["."],', name="a")
    assert places(hidden, private) == []


def test_private_virtual_service_goes_before_a_public_one() -> None:
    """A VirtualService in the client's namespace takes precedence over a public one for the same host."""
    spec = "{hosts: [catalog], %s http: [{route: [{destination: {host: catalog}}]}]}"
    both = found(virtual_service(spec % "", name="a"), virtual_service(spec % 'exportTo: ["."],', name="b"))
    assert {each.code for each in both} == {"IST0109"}
    assert {each.effect for each in both} == {
        "sidecars of namespace shop use the rules of shop/b, the other sidecars use the rules of shop/a"
    }


def test_unverified_servers() -> None:
    """TLS to servers that are verified only with public CAs is a warning, for all ports and for one."""
    policy = "{host: catalog, trafficPolicy: {tls: {mode: SIMPLE%s}}}"
    assert places(rule(policy % "")) == [("IST0128", "", "web")]
    empty = rule(policy % ", caCertificates: ''")
    assert places(empty) == [("IST0128", "spec.trafficPolicy.tls.caCertificates", "web")]
    assert places(rule(policy % ", caCertificates: /ca.pem")) == []
    port = "{host: catalog, trafficPolicy: {portLevelSettings: [{port: {number: 80}, tls: {mode: %s}}]}}"
    assert places(rule(port % "SIMPLE")) == [("IST0129", "", "web")]
    assert places(rule(port % "ISTIO_MUTUAL")) == []


def test_tcp_ports_without_addresses() -> None:
    """A TCP port of a ServiceEntry without addresses receives all connections to that port."""
    entry = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: db, namespace: shop}
spec: {hosts: [db.example], %s ports: [{number: 3306, name: db, protocol: %s}], resolution: DNS}
---
"""
    assert places(entry % ("", "TCP")) == [("IST0134", "spec.ports[0].name", "db")]
    assert places(entry % ("", "HTTP")) == []
    assert places(entry % ("addresses: [240.1.1.1],", "TCP")) == []
    handed_out = {"ISTIO_META_DNS_CAPTURE": "true", "ISTIO_META_DNS_AUTO_ALLOCATE": "true"}
    assert mesh(entry % ("", "TCP"), defaultConfig={"proxyMetadata": handed_out}).analyze() == ()


ENVOY_FILTER = """
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: f, namespace: shop}
spec:
  %s
  configPatches:
    - applyTo: %s
      match: {context: ANY%s}
      patch: {operation: %s, value: {name: x}}
---
"""


def of_operations(*texts: str) -> list[tuple[str, str]]:
    """Code and object of the findings about operations; all are at the object."""
    assert {field for _, field, _ in places(*texts)} == {""}
    return [(code, name) for code, _, name in places(*texts) if code != "IST0133"]


def test_operations_of_envoy_filters() -> None:
    """Operations that depend on other patches want a priority; those that have no effect are errors."""
    assert of_operations(ENVOY_FILTER % ("", "HTTP_FILTER", "", "INSERT_BEFORE")) == [("IST0151", "f")]
    assert of_operations(ENVOY_FILTER % ("priority: 10", "HTTP_FILTER", "", "INSERT_BEFORE")) == []
    assert of_operations(ENVOY_FILTER % ("", "HTTP_FILTER", "", "INSERT_FIRST")) == []
    assert of_operations(ENVOY_FILTER % ("", "CLUSTER", "", "REPLACE")) == [("IST0152", "f")]
    assert of_operations(ENVOY_FILTER % ("", "ROUTE_CONFIGURATION", "", "ADD")) == [("IST0153", "f")]
    assert of_operations(ENVOY_FILTER % ("", "ROUTE_CONFIGURATION", "", "REMOVE")) == [("IST0154", "f")]


def test_operations_on_routes() -> None:
    """istioctl takes ADD and REMOVE of routes for mistakes; istiod applies them, so it is no error."""
    for code, operation in (("IST0153", "ADD"), ("IST0154", "REMOVE")):
        (finding,) = (each for each in found(ENVOY_FILTER % ("", "HTTP_ROUTE", "", operation)) if each.code == code)
        assert finding.severity is Severity.INFO
        assert finding.at_cause().field == "spec.configPatches[0].patch"


def test_operations_beside_patches_of_proxy_versions() -> None:
    """A relative patch of a filter that another patch limits to proxy versions may move in an upgrade."""
    limited = ENVOY_FILTER % ("priority: 1", "HTTP_FILTER", ", proxy: {proxyVersion: '^1.*'}", "INSERT_FIRST")
    relative = (ENVOY_FILTER % ("", "HTTP_FILTER", "", "INSERT_BEFORE")).replace("name: f,", "name: g,")
    assert of_operations(limited, relative) == [("IST0155", "g")]


def test_suppressed_findings() -> None:
    """istioctl's annotation suppresses a code, or all codes, for one object."""
    lost = to("{host: gone}")
    assert places(lost) != []
    for codes in ("IST0101", "IST0001, IST0101", '"*"'):
        annotated = lost.replace(
            "name: web,",
            f"name: web, annotations: {{galley.istio.io/analyze-suppress: {codes!r}}},".replace("'\"*\"'", '"*"'),
        )
        assert places(annotated) == []
    assert (
        places(lost.replace("name: web,", "name: web, annotations: {galley.istio.io/analyze-suppress: IST0109},")) != []
    )


def test_http_rules_for_tcp_ports() -> None:
    """HTTP rules for a service without HTTP ports are reported with the port. A detected port may carry HTTP."""
    spec = "{hosts: [db], http: [{route: [{destination: {host: catalog}}]}]}"
    service = """
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {clusterIP: 10.0.0.8, ports: [{name: %s, port: 90}]}
---
"""
    (finding,) = found(service % "tcp-db", virtual_service(spec))
    assert (finding.code, finding.kind, finding.field) == ("MC0411", "Service", "spec.ports[0].name")
    assert finding.related[0].origin.field == "spec.hosts[0]"
    assert places(service % "http-db", virtual_service(spec)) == []
    assert places(service % "db", virtual_service(spec)) == [("IST0118", "spec.ports[0].port", "db")]


def test_gateway_pods_without_a_valid_address() -> None:
    """A Pod of a gateway without a valid address or name runs no proxy, and the other checks go on."""
    lost = rule("{host: lost}")
    tilde = INGRESS.replace("name: in-0,", "name: i~n-0,")
    assert [each.code for each in found(tilde, FRONT, lost)] == ["IST0174"]
    invalid = INGRESS.replace(
        "---\napiVersion: v1\nkind: Service", "status: {podIP: 02.42.0.14}\n---\napiVersion: v1\nkind: Service"
    )
    assert "02.42" in invalid
    assert [each.code for each in found(invalid, FRONT, lost)] == ["IST0147", "IST0174"]
