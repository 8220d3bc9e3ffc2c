"""Route configurations, from YAML to Envoy."""

from __future__ import annotations

from typing import Any

import pytest

from meshcompile.emit.filters.http import cors, fault
from meshcompile.emit.routes.match import route_match
from meshcompile.emit.routes.retry import retry_policy
from meshcompile.envoy.message import to_builtins
from meshcompile.models.networking.virtual_service import (
    CorsPolicy,
    Headers,
    HTTPFaultInjection,
    HTTPMatchRequest,
    HTTPRetry,
)
from meshcompile.resolve.routes.intent import Forward, RouteRule
from meshcompile.resolve.routes.sidecar import SidecarRouteName, parsed_route_name
from meshcompile.resolve.routes.virtual_service import filters, matches
from meshcompile.resolve.routes.virtual_service.headers import header_changes, host_rewrite
from meshcompile.resolve.routes.virtual_service.retries import retry, retry_on
from meshcompile.snapshot.dead_rules import takes_every_request
from tests.meshes import SHOP, asked, gateway, mesh, routes, sidecar, virtual_hosts

REVISED = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web, unknown.example.com]
  http:
  - match: [{uri: {prefix: /old}}]
    route: [{destination: {host: web, subset: v1}}]
  - route: [{destination: {host: catalog}}]
"""


NO_BACKENDS = Forward(backends=(), weighted=True)


def match_of(**fields: Any) -> dict[str, Any]:
    return to_builtins(route_match(matches.route_match(HTTPMatchRequest.model_validate(fields))))


# ---- sidecars


def test_service_without_rules_has_its_default_route() -> None:
    """A service without a VirtualService is reachable by all its names, with Istio's default retries."""
    host = virtual_hosts(mesh(SHOP), sidecar(), "80")["web.shop.svc.cluster.local:80"]
    assert host["domains"] == [
        "web.shop.svc.cluster.local",
        "web.shop.svc.cluster.local.",
        "web",
        "web.shop.svc",
        "web.shop",
        "10.0.0.1",
    ]
    (route,) = host["routes"]
    assert (route["name"], route["route"]["cluster"]) == ("default", "outbound|80||web.shop.svc.cluster.local")
    assert route["route"]["retryPolicy"]["numRetries"] == 2


def test_destination_without_port_uses_the_listeners() -> None:
    """A sidecar has routes for the listener's port, even for a service with only one other port."""
    hosts = virtual_hosts(mesh(SHOP, REVISED), sidecar(), "8080")
    clusters = [route["route"]["cluster"] for route in hosts["web.shop.svc.cluster.local:8080"]["routes"]]
    assert clusters == ["outbound|8080|v1|web.shop.svc.cluster.local", "outbound|8080||catalog.shop.svc.cluster.local"]


BY_UDP = """
apiVersion: v1
kind: Service
metadata: {name: dns, namespace: shop}
spec: {clusterIP: 10.0.0.3, ports: [%s]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: dns, namespace: shop}
spec: {hosts: [dns], http: [{directResponse: {status: 200}}]}
"""


@pytest.mark.parametrize(
    ("ports", "domains"),
    [
        ("{name: dns, port: 80, protocol: UDP}", 1),
        ("{name: udp, port: 80}", 1),
        ("{name: other, port: 80, appProtocol: udp}", 1),
        ("{name: dns, port: 80, protocol: UDP}, {name: tcp, port: 90}", 1),
        ("{name: dns, port: 80, protocol: UDP}, {name: http, port: 80}", 6),
        ("{name: http, port: 80}, {name: dns, port: 80, protocol: UDP}", 6),
    ],
)
def test_ports_for_udp_have_no_routes(ports: str, domains: int) -> None:
    """For HTTP, a service with only a port for UDP does not exist. Port 80 routes the host of its rule all the same."""
    host = virtual_hosts(mesh(SHOP, BY_UDP % ports), sidecar(), "80")["dns.shop.svc.cluster.local:80"]
    assert len(host["domains"]) == domains


def test_hosts_of_no_service_are_routed_beside_the_services() -> None:
    """An unknown host appears wherever its VirtualService applies, under its bare name."""
    for port in ("80", "8080"):
        host = virtual_hosts(mesh(SHOP, REVISED), sidecar(), port)[f"unknown.example.com:{port}"]
        assert host["domains"] == ["unknown.example.com"]


def test_origins_of_routes_and_virtual_hosts() -> None:
    """Every virtual host and route of a rule has its origins."""
    table = asked(mesh(SHOP, REVISED), sidecar()).route_table("80")
    assert table.virtual_hosts is not None
    host = next(each for each in table.virtual_hosts if each.name.startswith("web."))
    assert [origin.field for origin in host.routes[0].origins] == ["spec.http[0].match[0]", "spec.http[0]"]  # type: ignore[union-attr]
    assert {origin.document.kind for origin in host.origins} == {"VirtualService", "Service"}


def test_the_second_virtual_service_of_a_host_is_shadowed() -> None:
    """The first VirtualService routes a host, and the finding about the other one names both."""
    seen = asked(mesh(SHOP, REVISED, REVISED.replace("name: web,", "name: web-2,")), sidecar())
    findings = [each for each in sorted(seen.route_table("80").findings) if each.slug == "shadowed-virtual-service"]
    assert [(each.name, each.field) for each in findings] == [("web-2", "spec.hosts[0]"), ("web-2", "spec.hosts[1]")]
    assert findings[0].related[0].origin.document.name == "web"


def test_unknown_hosts_are_passed_on_or_refused() -> None:
    """The catch-all comes last and follows the outbound traffic policy."""
    refused = mesh(SHOP, outboundTrafficPolicy={"mode": "REGISTRY_ONLY"})
    assert routes(mesh(SHOP), sidecar(), "80")["virtualHosts"][-1]["name"] == "allow_any"
    assert routes(refused, sidecar(), "80")["virtualHosts"][-1]["routes"][0]["directResponse"] == {"status": 502}


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("80", SidecarRouteName("80", 80)),
        ("web.shop:80", SidecarRouteName("web.shop:80", 80, "web.shop")),
        ("http_proxy", SidecarRouteName("http_proxy", 0)),
        ("unix:///a", SidecarRouteName("unix:///a", 0)),
        ("nonsense", None),
    ],
)
def test_route_names(name: str, meaning: SidecarRouteName | None) -> None:
    """A sidecar's route configuration is named after a port, a host and port, the HTTP proxy or a Unix socket."""
    assert parsed_route_name(name) == meaning


def test_unknown_route_name_gives_an_empty_configuration() -> None:
    """Every requested name gets a route configuration."""
    assert routes(mesh(SHOP), sidecar(), "nonsense") == {"name": "nonsense", "validateClusters": False}


# ---- gateways

EDGE = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: ['*.example.com', 'plain.org']
    tls: {httpsRedirect: %s}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: edge, namespace: shop}
spec:
  hosts: [b.example.com, a.example.com, elsewhere.net]
  gateways: [edge]
  http: [{route: [{destination: {host: catalog}}]}]
"""


def test_hosts_with_the_same_routes_share_a_virtual_host() -> None:
    """The hosts of one VirtualService become one virtual host with the name of the most specific one."""
    (host,) = virtual_hosts(mesh(SHOP, EDGE % "false"), gateway(), "http.80").values()
    assert (host["name"], host["domains"]) == ("a.example.com:80", ["a.example.com", "b.example.com"])


def test_redirect_to_https() -> None:
    """The hosts of a redirecting server require TLS, even without routes."""
    hosts = virtual_hosts(mesh(SHOP, EDGE % "true"), gateway(), "http.80")
    assert {name: host["requireTls"] for name, host in hosts.items()} == {
        "a.example.com:80": "ALL",
        "plain.org:80": "ALL",
    }


def test_server_without_routes_answers_404() -> None:
    """A server without VirtualServices has a virtual host without routes."""
    without = EDGE.split("---")[0] % "false"
    (host,) = virtual_hosts(mesh(SHOP, without), gateway(), "http.80").values()
    assert host == {"name": "blackhole:80", "domains": ["*"]}


# ---- matches


def test_headers_are_sorted_and_pseudo_headers_last() -> None:
    """Header matches are ordered by name, then method, authority and scheme."""
    match = match_of(
        method={"exact": "GET"},
        scheme={"exact": "https"},
        headers={"z": {}, "a": {"exact": "1"}},
        withoutHeaders={"a": {"regex": "*"}},
    )
    assert [(header["name"], header.get("invertMatch", False)) for header in match["headers"]] == [
        ("a", False),
        ("a", True),
        ("z", False),
        (":method", False),
        (":scheme", False),
    ]


def test_missing_headers_count_as_empty_when_inverted() -> None:
    """`withoutHeaders` also matches requests without the header, unless it only tests for presence."""
    match = match_of(withoutHeaders={"x": {"exact": "1"}, "y": {}})
    assert match["headers"] == [
        {"name": "x", "stringMatch": {"exact": "1"}, "invertMatch": True, "treatMissingHeaderAsEmpty": True},
        {"name": "y", "presentMatch": True, "invertMatch": True},
    ]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("@request.auth.claims.group.id", ("group", "id")),
        ("@request.auth.claims[group][id]", ("group", "id")),
        ("@Request.Auth.Claims[a.b]", ("a.b",)),
        ("@request.auth.claims", ()),
        ("x-header", ()),
    ],
)
def test_claims(name: str, path: tuple[str, ...]) -> None:
    """A claim's name is the path to it, in either form."""
    assert matches.claim_path(name) == path


@pytest.mark.parametrize(
    ("match", "everything"),
    [
        ({}, True),
        ({"uri": {"prefix": "/"}}, True),
        ({"uri": {"regex": ".*"}}, True),
        ({"uri": {}}, True),
        ({"uri": {"prefix": ""}}, False),
        ({"uri": {"regex": "/.*"}}, False),
        ({"uri": {"prefix": "/"}, "method": {}}, False),
        ({"queryParams": {"q": {}}}, False),
        ({"sourceLabels": {"a": "b"}}, True),
    ],
)
def test_catch_all(match: dict[str, Any], everything: bool) -> None:
    """Only the prefix `/` and the regex `.*` without conditions match every request, before and after translation."""
    written = HTTPMatchRequest.model_validate(match)
    assert takes_every_request(written) is everything
    assert matches.route_match(written).takes_every_request is everything


# ---- headers, retries, faults, CORS


def test_authority_is_a_rewrite_and_no_header() -> None:
    """Setting the host rewrites it, `set` overrides `add`, and pseudo-headers are not in the lists."""
    headers = Headers.model_validate(
        {"request": {"set": {"Host": "a", "x": "1"}, "add": {":authority": "b", "x": "2"}, "remove": ["host", "y"]}}
    )
    made = header_changes(headers)
    rewrite = host_rewrite(headers)
    assert rewrite is not None
    assert rewrite.host == "a"
    assert [(change.value, change.append) for change in made.request_add] == [("1", False), ("2", True)]
    assert made.request_remove == ("y",)


@pytest.mark.parametrize(
    ("text", "conditions", "codes"),
    [
        ("5xx,503", "5xx,retriable-status-codes", (503,)),
        ("503", ",retriable-status-codes", (503,)),
        ("retriable-status-codes, 429", "retriable-status-codes", (429,)),
        ("599,+502", "599,retriable-status-codes", (502,)),
    ],
)
def test_status_codes_among_retry_conditions(text: str, conditions: str, codes: tuple[int, ...]) -> None:
    """Known status codes move to a list of their own, which needs its own retry condition."""
    assert retry_on(text) == (conditions, codes)


def test_no_attempts_means_no_retries() -> None:
    """An empty policy disables retries, and a hash keeps retries at the same host by default."""
    assert retry(HTTPRetry(), keeps_host=False) is None
    kept = retry_policy(retry(HTTPRetry(attempts=1), keeps_host=True))
    assert kept is not None
    assert kept.retry_host_predicate == ()
    told = retry_policy(retry(HTTPRetry(attempts=1, retry_ignore_previous_hosts=True), keeps_host=True))
    assert told is not None
    assert len(told.retry_host_predicate) == 1


@pytest.mark.parametrize(
    ("written", "made"),
    [
        (
            {"delay": {"percent": 7, "fixedDelay": "1s"}},
            {"delay": {"fixedDelay": "1s", "percentage": {"numerator": 7}}},
        ),
        ({"delay": {"fixedDelay": "1s"}}, {"delay": {"fixedDelay": "1s", "percentage": {}}}),
        ({"delay": {"percent": 7}}, {}),
        ({"abort": {"percentage": {"value": 1}}}, {}),
        ({"abort": {"httpStatus": 404}}, {"abort": {"httpStatus": 404}}),
        (
            {"abort": {"grpcStatus": "INTERNAL", "percentage": {"value": 0.5}}},
            {"abort": {"grpcStatus": 13, "percentage": {"numerator": 5000, "denominator": "MILLION"}}},
        ),
    ],
)
def test_faults(written: dict[str, Any], made: dict[str, Any]) -> None:
    """Complete delays and aborts are kept with their percentage, and incomplete ones are dropped."""
    wanted = filters.fault(HTTPFaultInjection.model_validate(written))
    config = fault.per_route(RouteRule("", NO_BACKENDS, fault=wanted))
    assert config is not None
    data = to_builtins(config)
    assert data.pop("@type").endswith("HTTPFault")
    assert data == made


def test_cors_is_on_for_everybody_it_names() -> None:
    """Lists are joined, ages are seconds, and the new list of origins overrides the old one."""
    policy = CorsPolicy.model_validate(
        {
            "allowOrigins": [{"prefix": "https://"}],
            "allowOrigin": ["x"],
            "maxAge": "1m",
            "allowMethods": ["GET", "PUT"],
        }
    )
    config = cors.per_route(RouteRule("", NO_BACKENDS, cors=filters.cors(policy)))
    assert config is not None
    assert (config.max_age, config.allow_methods, config.forward_not_matching_preflights) == ("60", "GET,PUT", True)
    assert [matcher.prefix for matcher in config.allow_origin_string_match] == ["https://"]


# ---- findings


def test_rules_that_nothing_reaches() -> None:
    """A rule after a catch-all rule is a finding that names both."""
    rules = REVISED.replace(
        "  - route: [{destination: {host: catalog}}]", "  - route: [{destination: {host: catalog}}]\n" * 2
    )
    (finding,) = mesh(SHOP, rules).snapshot.findings
    assert (finding.slug, finding.field) == ("unreachable-rule", "spec.http[2]")
    assert finding.related[0].origin.field == "spec.http[1]"


def test_a_rule_that_nothing_reaches_is_found_once() -> None:
    """If Istio's validation reports it, too, that finding is kept, with a reference to the earlier rule."""
    rules = REVISED.replace(
        "  - route: [{destination: {host: catalog}}]", "  - route: [{destination: {host: catalog}}]\n" * 2
    )
    (finding,) = [each for each in mesh(SHOP, rules).diagnostics if each.slug.endswith("unreachable-rule")]
    assert (finding.code, finding.field) == ("IST0130", "spec.http[2]")
    assert finding.related[0].origin.field == "spec.http[1]"


def test_matches_for_gateways_that_the_rules_are_not_bound_to() -> None:
    """A match for a gateway that the VirtualService does not name never applies."""
    rules = REVISED.replace("{uri: {prefix: /old}}", "{gateways: [edge]}")
    (finding,) = mesh(SHOP, rules).snapshot.findings
    assert (finding.slug, finding.field) == ("match-for-other-gateways", "spec.http[0].match[0].gateways")


def test_second_catch_all_of_a_host_at_a_gateway() -> None:
    """Of two VirtualServices with a catch-all rule for a host, the second is a finding that names both."""
    seen = asked(
        mesh(SHOP, EDGE % "false", (EDGE % "false").split("---")[1].replace("name: edge,", "name: late,")), gateway()
    )
    (finding,) = seen.route_table("http.80").findings
    assert (finding.slug, finding.name, finding.related[0].origin.document.name) == ("unreachable-rule", "late", "edge")
