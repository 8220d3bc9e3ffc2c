"""HTTPRoutes at a Gateway in the real Envoy: what the upstream conformance tests of the Gateway API ask."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.envoy.backends import http_backend
from tests.envoy.certificates import Authority
from tests.envoy.client import CLOSED, request
from tests.envoy.gateway_api import (
    HOST,
    Object,
    ask,
    backend,
    edge,
    gateway_api,
    location,
    route,
    rule,
    secret,
    service,
    serving,
    to,
)
from tests.envoy.runner import Envoy

pytestmark = pytest.mark.envoy

BACKENDS = ("one", "two", "three")


@pytest.fixture(scope="module")
def ports() -> Iterator[Mapping[str, int]]:
    """The ports of the backends."""
    with ExitStack() as started:
        yield {name: started.enter_context(http_backend(name)) for name in BACKENDS}


# ---- matching


def test_paths_match_by_precedence(ports: Mapping[str, int]) -> None:
    """An exact path wins over a prefix, a longer prefix over a shorter one, and a prefix ends at a path segment."""
    rules = (
        rule("one", matches=[{"path": {"type": "PathPrefix", "value": "/match"}}]),
        rule("two", matches=[{"path": {"type": "PathPrefix", "value": "/match/prefix/"}}]),
        rule("three", matches=[{"path": {"type": "Exact", "value": "/match/exact"}}]),
    )
    with serving(ports, route(*rules)) as envoy:
        assert backend(envoy, "/match/exact") == "three"
        assert backend(envoy, "/match/exact/") == "one"
        assert backend(envoy, "/match/exact/one") == "one"
        assert backend(envoy, "/match/prefix") == "two"
        assert backend(envoy, "/match/prefix/one") == "two"
        assert backend(envoy, "/match/any") == "one"
        assert backend(envoy, "/matching") == "404"
        assert backend(envoy, "/Match") == "404"


def test_headers_match(ports: Mapping[str, int]) -> None:
    """All headers of a match are needed, names have no case, values do, and more headers are more specific."""
    version = {"name": "version", "value": "two"}
    orange = {"name": "color", "value": "orange"}
    pattern = {"type": "RegularExpression", "name": "color", "value": "blue|green"}
    rules = (
        rule("one", matches=[{"headers": [{"name": "Version", "value": "one"}]}]),
        rule("two", matches=[{"headers": [version]}]),
        rule("one", matches=[{"headers": [version, orange]}]),
        rule("three", matches=[{"headers": [pattern]}, {"headers": [{"name": "color", "value": "yellow"}]}]),
    )
    with serving(ports, route(*rules)) as envoy:
        assert backend(envoy, headers={"VERSION": "one"}) == "one"
        assert backend(envoy, headers={"version": "two"}) == "two"
        assert backend(envoy, headers={"version": "two", "color": "orange"}) == "one"
        assert backend(envoy, headers={"color": "green"}) == "three"
        assert backend(envoy, headers={"color": "yellow"}) == "three"
        assert backend(envoy, headers={"color": "orange"}) == "404"
        assert backend(envoy, headers={"version": "Two"}) == "404"
        assert backend(envoy) == "404"


def test_query_parameters_match(ports: Mapping[str, int]) -> None:
    """All parameters of a match are needed; the first of one name counts."""
    whale, dolphin = {"name": "animal", "value": "whale"}, {"name": "animal", "value": "dolphin"}
    rules = (
        rule("one", matches=[{"queryParams": [whale]}]),
        rule("two", matches=[{"queryParams": [dolphin]}]),
        rule("three", matches=[{"queryParams": [dolphin, {"name": "color", "value": "blue"}]}]),
    )
    with serving(ports, route(*rules)) as envoy:
        assert backend(envoy, "/?animal=whale") == "one"
        assert backend(envoy, "/?animal=dolphin&more=1") == "two"
        assert backend(envoy, "/?color=blue&animal=dolphin") == "three"
        assert backend(envoy, "/?animal=whale&animal=dolphin") == "one"
        assert backend(envoy, "/?animal=shark") == "404"


def test_methods_match(ports: Mapping[str, int]) -> None:
    """A method is one condition of a match, and more specific than headers."""
    rules = (
        rule("one", matches=[{"method": "POST"}]),
        rule("two", matches=[{"method": "GET"}]),
        rule("three", matches=[{"headers": [{"name": "version", "value": "four"}]}]),
        rule("three", matches=[{"method": "PATCH", "path": {"value": "/path"}}]),
    )
    with serving(ports, route(*rules)) as envoy:
        assert [backend(envoy, method=method) for method in ("POST", "GET", "HEAD")] == ["one", "two", "404"]
        assert backend(envoy, method="POST", headers={"version": "four"}) == "one"
        assert backend(envoy, method="PUT", headers={"version": "four"}) == "three"
        assert [backend(envoy, path, method="PATCH") for path in ("/path", "/")] == ["three", "404"]


def test_rules_of_several_routes_are_ordered_together(ports: Mapping[str, int]) -> None:
    """The most specific match of all routes of a host wins, whichever route has it."""
    first = route(rule("one", matches=[{"path": {"value": "/"}}]), name="a")
    second = route(rule("two", matches=[{"path": {"value": "/v2"}}]), name="b")
    with serving(ports, first, second) as envoy:
        assert [backend(envoy, path) for path in ("/", "/v2", "/v2/x", "/v22")] == ["one", "two", "two", "one"]


# ---- hosts and listeners


def test_hosts_of_routes_and_listeners_intersect(ports: Mapping[str, int]) -> None:
    """A route serves only what its hosts and those of the listener have in common."""
    listeners = [
        {"name": name, "port": 80, "protocol": "HTTP", "hostname": host}
        | {"allowedRoutes": {"namespaces": {"from": "All"}}}
        for name, host in (("exact", "very.specific.example"), ("wild", "*.wildcard.example"))
    ]
    narrow = route(
        rule("one"),
        name="a",
        hostnames=["very.specific.example", "non.matching.example", "*.nonmatchingwildcard.example"],
        parentRefs=[{"name": "edge", "namespace": "infra", "sectionName": "exact"}],
    )
    wide = route(
        rule("two"),
        name="b",
        hostnames=["*.example", "foo.wildcard.example"],
        parentRefs=[{"name": "edge", "namespace": "infra", "sectionName": "wild"}],
    )
    with serving(ports, narrow, wide, gateway=edge(*listeners)) as envoy:
        assert backend(envoy, host="very.specific.example") == "one"
        assert backend(envoy, host="foo.wildcard.example") == "two"
        assert backend(envoy, host="other.wildcard.example") == "two"
        assert backend(envoy, host="a.b.wildcard.example") == "two"
        for host in ("non.matching.example", "foo.nonmatchingwildcard.example", "wildcard.example", "other.example"):
            assert backend(envoy, host=host) == "404"


def test_listeners_on_one_port_are_isolated(ports: Mapping[str, int]) -> None:
    """A request belongs to the listener with the most specific host, even if that has no route for it."""
    everyone = {"allowedRoutes": {"namespaces": {"from": "All"}}}
    listeners = [
        {"name": "all", "port": 80, "protocol": "HTTP", **everyone},
        {"name": "one", "port": 80, "protocol": "HTTP", "hostname": "abc.foo.example", **everyone},
    ]

    def at(section: str, name: str, path: str) -> Object:
        parent = {"name": "edge", "namespace": "infra", "sectionName": section}
        return route(rule(name, matches=[{"path": {"value": path}}]), name=section, parentRefs=[parent])

    with serving(ports, at("all", "one", "/all"), at("one", "two", "/own"), gateway=edge(*listeners)) as envoy:
        assert backend(envoy, "/all", host="bar.example") == "one"
        assert backend(envoy, "/own", host="abc.foo.example") == "two"
        assert backend(envoy, "/all", host="abc.foo.example") == "404"
        assert backend(envoy, "/own", host="bar.example") == "404"


def test_a_route_of_another_namespace_must_be_allowed(ports: Mapping[str, int]) -> None:
    """A listener takes routes of its own namespace by default."""
    own = {"name": "http", "port": 80, "protocol": "HTTP"}
    with serving(ports, route(rule("one")), gateway=edge(own)) as envoy:
        assert backend(envoy) == "404"
    with serving(ports, route(rule("one"))) as envoy:
        assert backend(envoy) == "one"


# ---- backends


def test_weights_share_requests(ports: Mapping[str, int]) -> None:
    """Requests are shared by weight, and a backend of weight 0 gets none."""
    shares = {"one": 70, "two": 30, "three": 0}
    weighted = {"backendRefs": [to(name, weight=weight) for name, weight in shares.items()]}
    with serving(ports, route(weighted)) as envoy:
        seen = Counter(backend(envoy) for _ in range(400))
    assert set(seen) == {"one", "two"}
    assert 0.6 < seen["one"] / 400 < 0.8


GRANT = gateway_api(
    "ReferenceGrant",
    "routes",
    "bank",
    **{"from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "shop"}]},
    to=[{"group": "", "kind": "Service", "name": "vault"}],
)


def test_a_backend_of_another_namespace_needs_a_grant(ports: Mapping[str, int]) -> None:
    """Without a ReferenceGrant, Envoy answers 500; with one, the backend does."""
    elsewhere = {"backendRefs": [to("vault", namespace="bank")]}
    vault = service("vault", ports["two"], "bank")
    with serving(ports, route(elsewhere), *vault) as envoy:
        assert backend(envoy) == "500"
    with serving(ports, route(elsewhere), *vault, GRANT) as envoy:
        assert backend(envoy) == "two"


@pytest.mark.parametrize(
    "invalid",
    [to("missing"), to("vault", namespace="bank"), {"name": "one", "kind": "Bucket"}],
    ids=["missing", "not granted", "unknown kind"],
)
def test_an_invalid_backend_answers_500(ports: Mapping[str, int], invalid: Object) -> None:
    """Requests for an invalid backend get 500; the other backends of the rule get their share."""
    alone, half = {"backendRefs": [invalid]}, {"backendRefs": [invalid, to("one")]}
    rules = ({**alone, "matches": [{"path": {"value": "/alone"}}]}, {**half, "matches": [{"path": {"value": "/half"}}]})
    with serving(ports, route(*rules), *service("vault", ports["two"], "bank")) as envoy:
        assert backend(envoy, "/alone") == "500"
        seen = Counter(backend(envoy, "/half") for _ in range(200))
    assert set(seen) == {"one", "500"}
    assert 60 < seen["one"] < 140


def test_a_rule_without_backends_answers_itself(ports: Mapping[str, int]) -> None:
    """A rule without backends is not found; one whose weights are all zero fails."""
    none = {"matches": [{"path": {"value": "/none"}}]}
    zero = {"matches": [{"path": {"value": "/zero"}}], "backendRefs": [to("one", weight=0)]}
    with serving(ports, route(none, zero)) as envoy:
        assert [backend(envoy, path) for path in ("/none", "/zero")] == ["404", "500"]


def changed(objects: list[Object], **spec: object) -> list[Object]:
    """The objects of a Service with other fields."""
    first, *rest = objects
    return [{**first, "spec": {**first["spec"], **spec}}, *rest]


def test_services_without_an_address(ports: Mapping[str, int]) -> None:
    """A headless Service is a backend like another."""
    headless = changed(service("headless", ports["one"]), clusterIP="None")
    with serving(ports, *headless, route(rule("headless"))) as envoy:
        assert backend(envoy) == "one"


def test_protocols_of_backends(ports: Mapping[str, int]) -> None:
    """A port with `appProtocol: kubernetes.io/h2c` is asked with HTTP/2."""
    h2c = changed(service("h2c", ports["one"]), ports=[{"name": "x", "port": 80, "appProtocol": "kubernetes.io/h2c"}])
    h2c[1]["ports"][0]["name"] = "x"
    with serving(ports, *h2c, route(rule("h2c"))) as envoy:
        assert ask(envoy).status >= 500  # the backend speaks HTTP/1.1 only
        assert sum(envoy.stats("cluster.outbound.80..h2c.shop.*upstream_cx_http2_total").values()) > 0


# ---- filters


def test_redirects(ports: Mapping[str, int]) -> None:
    """A redirect changes host, scheme, port, path and status, and keeps the rest."""
    wanted = {
        "/host": {"hostname": "example.org"},
        "/status": {"hostname": "example.org", "statusCode": 301},
        "/scheme": {"scheme": "https"},
        "/port": {"port": 8083},
        "/both": {"scheme": "https", "port": 8443},
        "/full": {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/replaced"}},
        "/prefix": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/new"}},
    }
    rules = [
        {
            "matches": [{"path": {"value": path}}],
            "filters": [{"type": "RequestRedirect", "requestRedirect": redirect}],
        }
        for path, redirect in wanted.items()
    ]
    with serving(ports, route(*rules)) as envoy:
        assert location(ask(envoy, "/host/a?b=c")) == (302, "http://example.org/host/a?b=c")
        assert location(ask(envoy, "/status")) == (301, "http://example.org/status")
        assert location(ask(envoy, "/scheme")) == (302, f"https://{HOST}/scheme")
        assert location(ask(envoy, "/port")) == (302, f"http://{HOST}:8083/port")
        assert location(ask(envoy, "/both")) == (302, f"https://{HOST}:8443/both")
        assert location(ask(envoy, "/full/a")) == (302, f"http://{HOST}/replaced")
        assert location(ask(envoy, "/prefix/a")) == (302, f"http://{HOST}/new/a")


def test_later_releases_redirect_with_more_statuses(ports: Mapping[str, int]) -> None:
    """Istio 1.31 takes the statuses that keep the method, and the one that changes it to GET."""
    redirects = {status: {"hostname": "b.example", "statusCode": status} for status in (303, 307, 308)}
    rules = [
        {
            "matches": [{"path": {"value": f"/{status}"}}],
            "filters": [{"type": "RequestRedirect", "requestRedirect": redirect}],
        }
        for status, redirect in redirects.items()
    ]
    with serving(ports, route(*rules), release="1.31") as envoy:
        assert [ask(envoy, f"/{status}").status for status in redirects] == [303, 307, 308]


def test_rewrites(ports: Mapping[str, int]) -> None:
    """A rewrite changes the path and the host that the backend sees."""

    wanted: Mapping[str, Object] = {
        "/host": {"hostname": "one.example.org"},
        "/full": {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/one"}},
        "/prefix/two": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}},
        "/prefix": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/new/"}},
    }
    rules = [
        rule("one", matches=[{"path": {"value": path}}], filters=[{"type": "URLRewrite", "urlRewrite": rewrite}])
        for path, rewrite in wanted.items()
    ]
    with serving(ports, route(*rules)) as envoy:

        def seen(path: str) -> tuple[str, str]:
            answer = ask(envoy, path).json
            return answer["headers"]["host"], answer["path"]

        assert seen("/host/a") == ("one.example.org", "/host/a")
        assert seen("/full/a?b=c") == (HOST, "/one?b=c")
        assert seen("/prefix/two/a") == (HOST, "/a")
        assert seen("/prefix/two") == (HOST, "/")
        assert seen("/prefix/a") == (HOST, "/new/a")


def test_headers_are_changed(ports: Mapping[str, int]) -> None:
    """Headers of requests and responses are set, added and removed."""
    changes = {
        "set": [{"name": "X-Set", "value": "set"}],
        "add": [{"name": "X-Add", "value": "added"}],
        "remove": ["x-remove"],
    }
    request_filter = {"type": "RequestHeaderModifier", "requestHeaderModifier": changes}
    response_filter = {
        "type": "ResponseHeaderModifier",
        "responseHeaderModifier": {"set": [{"name": "x-answer", "value": "yes"}], "remove": ["content-length"]},
    }
    with serving(ports, route(rule("one", filters=[request_filter, response_filter]))) as envoy:
        answer = ask(envoy, headers={"x-set": "old", "x-add": "first", "x-remove": "gone"})
    headers = answer.json["headers"]
    assert (headers["x-set"], "x-remove" in headers) == ("set", False)
    assert "added" in headers["x-add"]
    assert answer.headers["x-answer"] == "yes"
    assert "content-length" not in answer.headers


def mirrored(envoy: Envoy, name: str, at_least: int) -> int:
    """The number of requests that a backend got, once it got enough or the time is over."""
    deadline = time.monotonic() + 5
    while True:
        pattern = f"cluster.outbound.80..{name}.shop.*upstream_rq_total"
        count = sum(envoy.stats(pattern).values())
        if count >= at_least or time.monotonic() > deadline:
            return count
        time.sleep(0.05)


def test_requests_are_mirrored(ports: Mapping[str, int]) -> None:
    """Each mirror gets a copy of its share of the requests; the client sees only the answer of the backend."""
    to_two = {"type": "RequestMirror", "requestMirror": {"backendRef": to("two")}}
    half = {"type": "RequestMirror", "requestMirror": {"backendRef": to("three"), "percent": 50}}
    with serving(ports, route(rule("one", filters=[to_two, half]))) as envoy:
        assert {backend(envoy) for _ in range(100)} == {"one"}
        assert mirrored(envoy, "two", 100) == 100
        assert 25 <= mirrored(envoy, "three", 25) <= 75


def test_an_invalid_mirror_is_left_out(ports: Mapping[str, int]) -> None:
    """A mirror that does not exist changes nothing for the client."""
    missing = {"type": "RequestMirror", "requestMirror": {"backendRef": to("missing")}}
    with serving(ports, route(rule("one", filters=[missing]))) as envoy:
        assert backend(envoy) == "one"


def test_an_unsupported_filter_drops_the_route(ports: Mapping[str, int]) -> None:
    """A filter of another implementation invalidates the whole route."""
    other = {"type": "ExtensionRef", "extensionRef": {"group": "example.org", "kind": "Filter", "name": "mine"}}
    rules = rule("one", filters=[other]), rule("two", matches=[{"path": {"value": "/two"}}])
    with serving(ports, route(*rules)) as envoy:
        assert [backend(envoy, path) for path in ("/", "/two")] == ["404", "404"]


# ---- timeouts


@pytest.mark.parametrize("field", ["request", "backendRequest"])
def test_timeouts(ports: Mapping[str, int], field: str) -> None:
    """A request that takes longer than its timeout gets 504; zero is no timeout."""
    with http_backend("slow", delay=0.6) as slow:
        rules = (
            {**rule("slow", matches=[{"path": {"value": "/short"}}]), "timeouts": {field: "200ms"}},
            {**rule("slow", matches=[{"path": {"value": "/none"}}]), "timeouts": {field: "0s"}},
        )
        with serving({**ports, "slow": slow}, route(*rules)) as envoy:
            assert [backend(envoy, path) for path in ("/short", "/none")] == ["504", "slow"]


# ---- TLS and CORS


def test_a_listener_ends_tls(ports: Mapping[str, int], tmp_path: Path) -> None:
    """An HTTPS listener serves the certificate of its Secret, for its own host only."""
    authority = Authority()
    tls = {"mode": "Terminate", "certificateRefs": [{"name": "shop-tls"}]}
    listener = {"name": "https", "port": 443, "protocol": "HTTPS", "hostname": HOST, "tls": tls}
    gateway = edge({**listener, "allowedRoutes": {"namespaces": {"from": "All"}}})
    client = authority.client_context(tmp_path)
    client.check_hostname = True
    with serving(ports, route(rule("one")), secret("shop-tls", authority.issue(HOST)), gateway=gateway) as envoy:
        port = envoy.listener_port("0.0.0.0_443")
        assert request(port, host=HOST, tls=client).backend == "one"
        assert request(port, host="other.example", tls=client).status == CLOSED
        assert request(port, host=HOST).status == CLOSED


def test_scripts_of_allowed_origins_may_call(ports: Mapping[str, int]) -> None:
    """A CORS filter answers all preflights, and allows those of its origins."""
    cors = {
        "allowOrigins": ["https://app.example", "https://*.bar.example"],
        "allowMethods": ["GET", "PUT"],
        "allowHeaders": ["x-token"],
        "exposeHeaders": ["x-answer"],
        "allowCredentials": True,
        "maxAge": 60,
    }
    preflight = {"access-control-request-method": "PUT", "access-control-request-headers": "x-token"}
    with serving(ports, route(rule("one", filters=[{"type": "CORS", "cors": cors}]))) as envoy:
        for origin in ("https://app.example", "https://foo.bar.example"):
            allowed = ask(envoy, method="OPTIONS", headers={"origin": origin, **preflight})
            assert (allowed.status, allowed.backend) == (200, "")
            assert allowed.headers["access-control-allow-origin"] == origin
            assert allowed.headers["access-control-allow-methods"] == "GET,PUT"
            assert allowed.headers["access-control-allow-credentials"] == "true"
            assert allowed.headers["access-control-max-age"] == "60"
            assert ask(envoy, headers={"origin": origin}).headers["access-control-expose-headers"] == "x-answer"
        other = ask(envoy, method="OPTIONS", headers={"origin": "https://evil.example", **preflight})
        assert (other.status, other.backend) == (200, "")
        assert "access-control-allow-origin" not in other.headers


# ---- retries


def test_backends_that_do_not_answer(ports: Mapping[str, int]) -> None:
    """A connection that a backend refuses is tried again, and another endpoint answers."""
    with http_backend("gone") as gone:
        closed = gone
    rules = {**rule("both"), "retry": {"attempts": 5, "backoff": "1ms"}}
    both = service("both", ports["one"])
    named = {"metadata": {**both[1]["metadata"], "name": "both-2"}, "ports": [{"name": "http", "port": closed}]}
    with serving({**ports, "gone": closed}, *both, {**both[1], **named}, route(rules)) as envoy:
        assert {backend(envoy) for _ in range(20)} == {"one"}


def test_failed_requests_are_tried_again(ports: Mapping[str, int]) -> None:
    """A request is tried again for the statuses that the rule names, as often as it says."""
    with http_backend("broken", status=503) as broken:
        trying = {**rule("broken"), "retry": {"attempts": 2, "codes": [503], "backoff": "10ms"}}
        with serving({**ports, "broken": broken}, route(trying)) as envoy:
            assert ask(envoy).status == 503
            assert mirrored(envoy, "broken", 3) == 3
