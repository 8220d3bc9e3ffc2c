"""References to a cluster that the proxy does not have: once per position, with the reason."""

from __future__ import annotations

import meshcompile
from meshcompile.diagnostics import Diagnostic
from meshcompile.proxy import Proxy
from tests.meshes import SHOP, gateway, mesh, sidecar

ROUTE = "spec.http[0].route[0].destination"


def found(of: meshcompile.Mesh, proxy: Proxy | None = None) -> list[Diagnostic]:
    return [each for each in of.compile(proxy or sidecar()).diagnostics if each.code == "MC0410"]


def virtual_service(spec: str, name: str = "web") -> str:
    return f"""
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}, namespace: shop}}
spec: {spec}
---
"""


def to(destination: str) -> str:
    return virtual_service(f"{{hosts: [catalog], http: [{{route: [{{destination: {destination}}}]}}]}}")


def rule(namespace: str, subset: str = "v1") -> str:
    return f"""
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: catalog, namespace: {namespace}}}
spec: {{host: catalog.shop.svc.cluster.local, subsets: [{{name: {subset}, labels: {{app: a}}}}]}}
---
"""


def test_what_is_there_is_not_a_dead_end() -> None:
    """A route to a service, and to a defined subset, has no finding."""
    assert found(mesh(SHOP)) == []
    assert found(mesh(SHOP, to("{host: catalog}"))) == []
    assert found(mesh(SHOP, rule("shop"), to("{host: catalog, subset: v1}"))) == []


def test_no_such_service() -> None:
    """An unknown host is reported at the destination that names it."""
    (finding,) = found(mesh(SHOP, to("{host: nosuch}")))
    assert finding.field == ROUTE
    assert finding.message == (
        "there is no cluster outbound|80||nosuch.shop.svc.cluster.local, so requests get 503 NC: "
        "no Service or ServiceEntry has the host nosuch.shop.svc.cluster.local"
    )


def test_undefined_subset() -> None:
    """An undefined subset has no cluster."""
    (finding,) = found(mesh(SHOP, rule("shop"), to("{host: catalog, subset: v9}")))
    assert finding.message.endswith("no DestinationRule defines subset v9 of catalog.shop.svc.cluster.local")


def test_subset_that_clients_do_not_use() -> None:
    """For a subset that is defined for other clients, the finding names the rule."""
    (finding,) = found(mesh(SHOP, rule("elsewhere"), to("{host: catalog, subset: v1}")))
    assert "clients in namespace shop do not use" in finding.message
    assert finding.related[0].origin.document.namespace == "elsewhere"


def test_port_that_the_service_does_not_have() -> None:
    """For an undeclared port, the finding lists the declared ports."""
    (finding,) = found(mesh(SHOP, to("{host: catalog, port: {number: 9999}}")))
    assert finding.message.endswith("catalog.shop.svc.cluster.local has no port 9999")
    assert finding.suggestion.endswith(": 80")


def test_service_of_another_namespace() -> None:
    """For a service that is not exported to the proxy's namespace, the finding says so."""
    hidden = """
apiVersion: v1
kind: Service
metadata: {name: secret, namespace: vault, annotations: {networking.istio.io/exportTo: "."}}
spec: {clusterIP: 10.0.0.7, ports: [{name: http, port: 80}]}
---
"""
    (finding,) = found(mesh(SHOP, hidden, to("{host: secret.vault.svc.cluster.local}")))
    assert finding.message.endswith("secret.vault.svc.cluster.local is not exported to namespace shop")
    assert finding.related[0].origin.document.name == "secret"


def test_weighted_clusters_mirrors_and_connections() -> None:
    """Each of several destinations has its own position, and the effect depends on its purpose."""
    shares = (
        "{hosts: [catalog], http: [{route: [{destination: {host: catalog}, weight: 50}, "
        "{destination: {host: gone}, weight: 50}], mirrors: [{destination: {host: lost}}]}], "
        "tcp: [{route: [{destination: {host: gone}}]}]}"
    )
    places = {finding.field: finding.message for finding in found(mesh(SHOP, virtual_service(shares)))}
    assert list(places) == ["spec.http[0].route[1].destination", "spec.http[0].mirrors[0].destination"]
    assert "mirrored requests are lost" in places["spec.http[0].mirrors[0].destination"]
    tcp = SHOP.replace("name: http,", "name: tcp,")
    (finding,) = found(mesh(tcp, virtual_service(shares)))
    assert (finding.field, "connections are closed" in finding.message) == ("spec.tcp[0].route[0].destination", True)


def test_a_place_is_said_once() -> None:
    """A rule with several matches, on several ports, is one position."""
    matches = "match: [{uri: {prefix: /a}}, {uri: {prefix: /b}}]"
    spec = f"{{hosts: [web], http: [{{{matches}, route: [{{destination: {{host: gone}}}}]}}]}}"
    assert len(found(mesh(SHOP, virtual_service(spec)))) == 1


def test_destinations_for_whichever_port() -> None:
    """A destination without a port has no finding if it is valid for one of the incoming ports."""
    anywhere = "{hosts: [shop.example], http: [{route: [{destination: {host: catalog}}]}]}"
    assert found(mesh(SHOP, virtual_service(anywhere))) == []


def test_gateways_ask_for_their_own_port() -> None:
    """At a gateway, a missing port of a service with several ports means the gateway's port."""
    front = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: shop}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 9000, name: http, protocol: HTTP}, hosts: ["*"]}]}
---
"""
    spec = "{hosts: [shop.example], gateways: [front], http: [{route: [{destination: {host: web%s}}]}]}"
    (finding,) = found(mesh(SHOP, front, virtual_service(spec % "")), gateway())
    assert finding.message.endswith("web.shop.svc.cluster.local has no port 9000")
    assert found(mesh(SHOP, front, virtual_service(spec % ", port: {number: 80}")), gateway()) == []


def test_hosts_below_a_wildcard() -> None:
    """A ServiceEntry for a wildcard has one cluster, and no clusters for the hosts that it covers."""
    wild = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: wild, namespace: shop}
spec: {hosts: ["*.example.net"], ports: [{number: 80, name: http, protocol: HTTP}], resolution: NONE}
---
"""
    (finding,) = found(mesh(SHOP, wild, to("{host: a.example.net}")))
    assert finding.message.endswith(
        "only *.example.net has the host a.example.net, and a wildcard makes one cluster of its own name"
    )


def test_aliases_on_ports_that_they_do_not_declare() -> None:
    """An ExternalName Service is an alias only on its own ports."""
    alias = """
apiVersion: v1
kind: Service
metadata: {name: alias, namespace: shop}
spec: {type: ExternalName, externalName: catalog.shop.svc.cluster.local, ports: [{name: http, port: 81}]}
---
"""
    spec = "{hosts: [web], http: [{route: [{destination: {host: alias, port: {number: 80}}}]}]}"
    (finding,) = found(mesh(SHOP, alias, virtual_service(spec)))
    assert "is another name of catalog.shop.svc.cluster.local" in finding.message


def test_clusters_of_patches() -> None:
    """A route that an EnvoyFilter adds is checked, too, and clusters of the bootstrap are known."""
    patch = """
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: f, namespace: shop}
spec:
  configPatches:
    - applyTo: HTTP_ROUTE
      match: {context: SIDECAR_OUTBOUND, routeConfiguration: {name: "80"}}
      patch: {operation: INSERT_FIRST, value: {name: x, match: {prefix: /x}, route: {cluster: %s}}}
---
"""
    (finding,) = found(mesh(SHOP, patch % "own"))
    assert (finding.kind, finding.message.endswith("no object creates a cluster with that name")) == (
        "EnvoyFilter",
        True,
    )
    assert found(mesh(SHOP, patch % "prometheus_stats")) == []


def test_services_left_out_by_a_sidecar() -> None:
    """For a service that a Sidecar's egress excludes, the finding says so."""
    scope = """
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: shop}
spec: {egress: [{port: {number: 7000, protocol: TCP, name: tcp}, hosts: [./web.shop.svc.cluster.local]}]}
---
"""
    spec = "{hosts: [web], tcp: [{match: [{port: 7000}], route: [{destination: {host: catalog, port: {number: 80}}}]}]}"
    tcp = SHOP.replace("ports: [", "ports: [{name: tcp, port: 7000}, ")
    (finding,) = found(mesh(tcp, scope, virtual_service(spec)))
    assert finding.message.endswith("proxies in namespace shop are not sent catalog.shop.svc.cluster.local")


GATEWAY = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  gatewayClassName: istio
  listeners: [{name: http, port: 80, protocol: HTTP}, {name: tcp, port: 90, protocol: TCP}]
---
"""


def route(rules: str, kind: str = "HTTPRoute") -> str:
    return f"""
apiVersion: gateway.networking.k8s.io/v1
kind: {kind}
metadata: {{name: web, namespace: shop}}
spec:
  parentRefs: [{{name: edge}}]
  rules: [{rules}]
---
"""


def at_edge(*texts: str) -> list[Diagnostic]:
    """The dead ends of the proxy of the Gateway, in a release that reads TCPRoutes."""
    made = meshcompile.load("\n---\n".join((SHOP, GATEWAY, *texts)), release="1.31")
    return found(made, made.proxy("deployment/edge-istio.shop"))


def test_backends_of_the_gateway_api() -> None:
    """Requests for a backend without a cluster get 500. A refused backend is a finding of the mesh alone."""
    (finding,) = at_edge(route("{backendRefs: [{name: catalog, port: 9999}]}"))
    assert "so requests get 500 NC: catalog.shop.svc.cluster.local has no port 9999" in finding.message
    refused = route("{backendRefs: [{name: catalog, namespace: elsewhere, port: 80}]}")
    assert at_edge(refused) == []
    assert "MC1905" in {each.code for each in mesh(SHOP, GATEWAY, refused).diagnostics}


def test_connections_without_weights() -> None:
    """A rule for connections whose weights are all zero leads nowhere, and the finding has the place of the rule."""
    (finding,) = at_edge(route("{backendRefs: [{name: catalog, port: 80, weight: 0}]}", "TCPRoute"))
    assert finding.message.endswith("so connections are closed: all weights of the rule are 0")
    assert finding.field.startswith("spec.rules[0]")
