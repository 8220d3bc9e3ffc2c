# ruff: noqa: E501
"""Faults that users report: the outcome, and the line that a person would change first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

import meshcompile
from meshcompile import Request

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}, sidecar.istio.io/inject: "true"}}{annotations}}}
    spec: {{containers: [{{name: {container}, image: auto, ports: [{{containerPort: 8080}}]}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  clusterIP: {address}
  selector: {{app: {name}}}
  ports: [{{name: http, port: 80, targetPort: 8080}}, {{name: https, port: 443, targetPort: 8443}}]
---
"""
OBJECT = """
apiVersion: {group}
kind: {kind}
metadata: {{name: own, namespace: {namespace}}}
spec: {spec}
---
"""
WORKLOADS = [("web", "shop", "10.96.0.1"), ("catalog", "shop", "10.96.0.2")]
GATEWAYS = [("ingress", "istio-system", "10.96.0.3"), ("egress", "istio-system", "10.96.0.4")]
MESH = "".join(
    DEPLOYMENT.format(name=n, namespace=ns, address=a, annotations="", container="app") for n, ns, a in WORKLOADS
) + "".join(
    DEPLOYMENT.format(
        name=n, namespace=ns, address=a, annotations=", annotations: {inject.istio.io/templates: gateway}",
        container="istio-proxy",
    )
    for n, ns, a in GATEWAYS
)  # fmt: skip


def made(kind: str, spec: str, group: str = "networking.istio.io/v1", namespace: str = "shop") -> str:
    return OBJECT.format(kind=kind, spec=spec, group=group, namespace=namespace)


SECURITY, GATEWAY_API = "security.istio.io/v1", "gateway.networking.k8s.io/v1"
TO = "route: [{destination: {host: catalog.shop.svc.cluster.local, port: {number: 80}}}]"
FRONT = made("Gateway", "{selector: {app: ingress}, servers: [%s]}")
HTTP = "{port: {number: 80, name: http, protocol: HTTP}, hosts: [shop.example.com]}"
PASS = "{port: {number: 443, name: tls, protocol: TLS}, hosts: [shop.example.com], tls: {mode: PASSTHROUGH}}"
BOUND = "hosts: [shop.example.com], gateways: [own]"
EXTERNAL = made(
    "ServiceEntry", "{hosts: [api.example.org], ports: [{number: 443, name: https, protocol: HTTPS}], resolution: DNS}"
)
ORIGINATION = made("DestinationRule", "{host: api.example.org, trafficPolicy: {tls: {mode: SIMPLE}}}")
ORIGINS = "corsPolicy: {allowOrigins: [{exact: 'https://app.example'}]}"
TOKENS = made("RequestAuthentication", "{jwtRules: [{issuer: a.example, jwks: '{\"keys\": []}'}]}", SECURITY)
ADMINS = made(
    "AuthorizationPolicy", "{rules: [{when: [{key: 'request.auth.claims[groups]', values: [admin]}]}]}", SECURITY
)
LISTENER = "{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: Same}}}"
OF_EDGE = made("Gateway", f"{{gatewayClassName: istio, listeners: [{LISTENER}]}}", GATEWAY_API, "edge")
ROUTE = "{parentRefs: [{name: own, namespace: edge}], hostnames: [a.example], rules: [{backendRefs: [{name: %s, port: 80}]}]}"
EMPTY = "apiVersion: v1\nkind: Service\nmetadata: {name: lost, namespace: shop}\nspec: {clusterIP: 10.96.0.9, selector: {app: nobody}, ports: [{name: http, port: 80}]}\n"


@dataclass(frozen=True, slots=True)
class Story:
    """A fault: what is written, what is sent, what becomes of it, and the first field to blame with its reason."""

    name: str
    objects: str
    request: dict[str, Any]
    status: int | None
    blamed: str
    why: str
    mesh_config: dict[str, Any] = field(default_factory=dict)


def outside(url: str, **more: Any) -> dict[str, Any]:
    return {"url": url, "from": "outside", **more}


def inside(url: str, **more: Any) -> dict[str, Any]:
    return {"url": url, "from": "deployment/web.shop", **more}


ONLY_REGISTERED = {"outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}}
STORIES = (
    Story(
        "a trailing dot",
        (FRONT % HTTP) + made("VirtualService", f"{{{BOUND}, http: [{{{TO}}}]}}"),
        outside("http://shop.example.com./"),
        404,
        "spec.servers[0].hosts[0]",
        "host is `shop.example.com.`, `shop.example.com` is wanted",
    ),
    Story(
        "an origin that CORS does not allow",
        (FRONT % HTTP) + made("VirtualService", f"{{{BOUND}, http: [{{{ORIGINS}, {TO}}}]}}"),
        outside("http://shop.example.com/", headers={"origin": "https://evil.example"}),
        200,
        "spec.http[0].corsPolicy.allowOrigins",
        "a browser refuses the answer",
    ),
    Story(
        "plain text to a port for TLS",
        (FRONT % PASS) + made("VirtualService", f"{{{BOUND}, tls: [{{match: [{{sniHosts: [shop.example.com]}}], {TO}}}]}}"),
        outside("http://shop.example.com:443/"),
        None,
        "spec.tls[0].match[0].sniHosts[0]",
        "the client speaks plain text, and the port is for TLS",
    ),
    Story(
        "another claim",
        TOKENS + ADMINS,
        inside("http://catalog/", claims={"iss": "a.example", "sub": "bob", "groups": ["staff"]}),
        403,
        "spec.rules[0].when[0]",
        "policy shop/own does not match: claim groups is `staff`, exact `admin` is wanted",
    ),
    Story(
        "another issuer",
        TOKENS,
        inside("http://catalog/", claims={"iss": "b.example", "sub": "bob"}),
        401,
        "spec.jwtRules[0].issuer",
        "the issuer of the token is b.example, a.example is wanted",
    ),
    Story(
        "a policy without rules",
        made("AuthorizationPolicy", "{}", SECURITY),
        inside("http://catalog/"),
        403,
        "",
        "policy shop/own has no rules, so it allows nothing",
    ),
    Story(
        "an injected fault",
        made("VirtualService", f"{{hosts: [catalog], http: [{{fault: {{abort: {{httpStatus: 555, percentage: {{value: 100}}}}}}, {TO}}}]}}"),
        inside("http://catalog/"),
        555,
        "spec.http[0].fault.abort",
        "the rule injects this answer",
    ),
    Story(
        "TLS that is originated twice",
        EXTERNAL + ORIGINATION,
        inside("https://api.example.org/"),
        None,
        "spec.trafficPolicy.tls.mode",
        "api.example.org:443 gets TLS inside of TLS: the sender speaks TLS, and its proxy adds its own",
    ),
    Story(
        "a wildcard that stands for nothing",
        made("ServiceEntry", "{hosts: ['*.example.org'], ports: [{number: 443, name: tls, protocol: TLS}], resolution: NONE}"),
        inside("https://example.org/"),
        None,
        "spec.hosts[0]",
        "only registered hosts may be called: example.org is none, this is *.example.org",
        ONLY_REGISTERED,
    ),
    Story(
        "a selector that no Pod has",
        EMPTY,
        inside("http://lost/"),
        503,
        "spec.selector",
        "the Service has no ready endpoint: no ready Pod has app=nobody",
    ),
    Story(
        "a route that its Gateway does not allow",
        OF_EDGE + made("HTTPRoute", ROUTE % "catalog", GATEWAY_API),
        outside("http://a.example/"),
        404,
        "spec.parentRefs[0]",
        'namespace "shop" is not allowed by the parent',
    ),
    Story(
        "a backend that does not exist",
        OF_EDGE.replace("Same", "All") + made("HTTPRoute", ROUTE % "catalogue", GATEWAY_API),
        outside("http://a.example/"),
        500,
        "spec.rules[0].backendRefs[0].name",
        "backend(catalogue.shop.svc.cluster.local) not found",
    ),
)  # fmt: skip


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_the_line_to_change_comes_first(story: Story) -> None:
    """The outcome is told, and the first line to blame is the one that a person would change, with the reason."""
    mesh = meshcompile.load(MESH + story.objects, mesh_config=story.mesh_config)
    trace = mesh.explain(Request.from_dict(story.request))
    assert trace.outcome.status == story.status, trace.outcome.say
    assert (trace.blame[0].origin.field, story.why in trace.blame[0].why) == (story.blamed, True), trace.blame[:2]
    assert trace.blame[0].why in trace.outcome.say


def test_a_name_that_dns_does_not_know_has_a_suggestion() -> None:
    """A misspelled name gives the Service that is most like it."""
    trace = meshcompile.load(MESH).explain(Request.from_dict(inside("http://catalogue/")))
    assert trace.outcome.say == "The connection is closed: DNS knows no name catalogue (did you mean catalog.shop?)."


def test_the_name_of_another_host_leads_there() -> None:
    """A Service with an external name leads to that host."""
    alias = "apiVersion: v1\nkind: Service\nmetadata: {name: partner, namespace: shop}\nspec: {type: ExternalName, externalName: api.partner.example}\n"
    trace = meshcompile.load(MESH + alias).explain(Request.from_dict(inside("http://partner/")))
    assert trace.outcome.answered_by == "api.partner.example"
