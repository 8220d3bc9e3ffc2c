"""Suites of tests: reading, facts, comparisons, and verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import meshcompile
from meshcompile.documents import Document
from meshcompile.errors import InvalidArgument
from meshcompile.source.suites import suite_documents
from meshcompile.testing.comparing import has_weights, is_host
from meshcompile.testing.judge import Judge, Mismatch
from meshcompile.testing.schema import suite_schema
from meshcompile.testing.selection import selection
from meshcompile.testing.suites import SuiteReading, suites
from tests.cli.conftest import MESH

RULES = """
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, sidecar.istio.io/inject: "true"}}
    spec: {containers: [{name: web, image: web}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: catalog, namespace: shop}
spec:
  hosts: [catalog]
  http:
  - name: old
    match: [{uri: {prefix: /old}}]
    redirect: {uri: /new, redirectCode: 302}
  - name: api
    match: [{uri: {prefix: /api}}]
    rewrite: {uri: /v2}
    timeout: 3s
    retries: {attempts: 4, perTryTimeout: 500ms, retryOn: "5xx"}
    mirror: {host: catalog}
    mirrorPercentage: {value: 50}
    headers:
      request: {set: {x-team: shop}, remove: [x-secret]}
      response: {add: {x-seen: "1"}}
    route:
    - {destination: {host: catalog}, weight: 90}
    - {destination: {host: other.example}, weight: 10}
  - route: [{destination: {host: catalog}}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: other, namespace: shop}
spec:
  hosts: [other.example]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: DNS
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: no-keys, namespace: shop}
spec:
  selector: {matchLabels: {app: catalog}}
  action: DENY
  rules: [{to: [{operation: {paths: ["/keys*"]}}]}]
"""


@pytest.fixture(scope="module")
def judge() -> Judge:
    """Judges tests of a mesh with one VirtualService and one policy."""
    return Judge(meshcompile.load(MESH + RULES))


def reading(*tests: Any, **suite: Any) -> SuiteReading:
    return suites([Document("t.meshtest.yaml", {**suite, "tests": list(tests)})])


def asked(url: str, expect: Any, **request: Any) -> dict[str, Any]:
    return {"from": "deployment/web.shop", "request": {"url": url, **request}, "expect": expect}


def mismatches(judge: Judge, *tests: Any) -> Sequence[Mismatch]:
    read = reading(*tests)
    assert read.diagnostics == ()
    return [each for verdict in judge.verdicts(read.tests) for each in verdict.mismatches]


RIGHT: list[tuple[str, Any]] = [
    ("/", {"status": 200, "flags": "-", "proxy": "deployment/web.shop", "answered_by": "catalog"}),
    ("/", {"host": "catalog.shop", "port": 80, "subset": None, "virtual_service": "catalog", "gateway": None}),
    ("/", {"timeout": None, "retries": 2, "mirror": None, "redirect": None, "route": None, "denied_by": None}),
    ("/", {"status": [200, 204], "host": ["catalog", "web"], "not": {"status": 404, "host": "web"}}),
    ("/old", {"status": 302, "redirect": {"path": "/new", "host": "catalog"}, "route": "old"}),
    ("/old", {"redirect": "http://catalog/new"}),
    ("/api/x", {"rewrite": {"path": "/v2/x", "authority": "catalog"}, "timeout": "3s", "route": "api"}),
    ("/api/x", {"retries": {"attempts": 4, "per_try_timeout": 0.5, "on": ["5xx"]}}),
    ("/api/x", {"mirror": {"host": "catalog", "percent": 50}, "from_line": []}),
    ("/api/x", {"headers": {"set": {"x-team": "shop"}, "remove": ["x-secret"]}}),
    ("/api/x", {"response_headers": {"add": {"x-seen": 1}}}),
    ("/api/x", {"weights": {"catalog": 90, "other.example": 10}}),
    ("/api/x", [{"share": 90, "host": "catalog"}, {"share": 10, "host": "other.example"}]),
    ("/api/x", [{"host": "catalog"}, {"host": "other.example"}, {"share": 0, "status": 404}]),
    ("/keys", {"status": 403, "denied_by": "shop/no-keys", "proxy": "deployment/catalog.shop", "host": "catalog"}),
]


@pytest.mark.parametrize(("path", "expect"), RIGHT, ids=str)
def test_what_is_so_passes(judge: Judge, path: str, expect: Any) -> None:
    """A test that expects what becomes of the request has no mismatch."""
    if isinstance(expect, dict) and expect.get("from_line") == []:
        line = (MESH + RULES).splitlines().index("  - name: api") + 1
        expect = {**expect, "from_line": [f"<text>:{line}"]}
    assert mismatches(judge, asked(f"http://catalog{path}", expect, headers={"x-secret": "1"})) == []


WRONG = [
    ("/", {"status": 404}, ["status"]),
    ("/", {"status": "closed"}, ["status"]),
    ("/", {"host": "cat", "subset": "v1"}, ["host", "subset"]),
    ("/", {"not": {"status": 200}}, ["not status"]),
    ("/", {"not": {"virtual_service": "shop/catalog"}}, ["not virtual_service"]),
    ("/", {"redirect": {"path": "/new"}}, ["redirect"]),
    ("/", {"retries": 0}, ["retries"]),
    ("/api", {"headers": {"remove": ["x-team"]}}, ["headers"]),
    ("/api", {"headers": {"set": {"x-team": "web"}}}, ["headers"]),
    ("/api", {"mirror": None}, ["mirror"]),
    ("/api", {"timeout": "2s"}, ["timeout"]),
    ("/api", {"host": "catalog"}, ["host"]),
    ("/api", {"weights": {"catalog": 100}}, ["weights"]),
    ("/api", [{"share": 80, "host": "catalog"}, {"share": 20, "host": "other.example"}], ["share", "share"]),
    ("/api", [{"host": "catalog"}], ["outcome"]),
    ("/api", [{"host": "catalog"}, {"host": "other.example"}, {"status": 404}], ["outcome"]),
    ("/keys", {"denied_by": None}, ["denied_by"]),
    ("/keys", {"denied_by": "others"}, ["denied_by"]),
    ("/", {"from_line": "<text>:2"}, ["from_line"]),
]


@pytest.mark.parametrize(("path", "expect", "facts"), WRONG, ids=str)
def test_what_is_not_so_fails(judge: Judge, path: str, expect: Any, facts: list[str]) -> None:
    """Each fact that does not hold is a mismatch, and no other one is."""
    assert [each.fact for each in mismatches(judge, asked(f"http://catalog{path}", expect))] == facts


def test_a_failure_has_its_trace_and_places(judge: Judge) -> None:
    """A failed test has the trace of its request, and the line of the expectation."""
    text = """\
name: shop
tests:
- name: keys are public
  from: deployment/web.shop
  request: {url: "http://catalog/keys"}
  expect:
    status: 200
"""
    (document,) = [Document("a.meshtest.yaml", part.value, excerpt=part.excerpt) for part in parts(text)]
    (verdict,) = judge.verdicts(suites([document]).tests)
    (mismatch,) = verdict.mismatches
    assert mismatch.to_dict() == {
        "fact": "status", "wanted": 200, "got": 403, "file": "a.meshtest.yaml", "line": 7,
    }  # fmt: skip
    assert verdict.trace is not None
    assert verdict.trace.outcome.status == 403
    assert verdict.test.name == "shop: keys are public"


def parts(text: str) -> Any:
    from meshcompile.documents.limits import DEFAULT_LIMITS
    from meshcompile.documents.stream import Reader

    return Reader(DEFAULT_LIMITS).stream(text)


def test_a_table_is_a_test_for_each_row() -> None:
    """Variables are replaced, also inside of texts; a variable alone keeps the type of its value."""
    test = {
        "name": "path ${path}",
        "for each": [{"path": "a", "status": 200}, {"path": "b", "status": 404}],
        "request": {"url": "http://catalog/${path}"},
        "expect": {"status": "${status}"},
    }
    read = reading(test, request={"method": "POST", "headers": {"x": "y"}})
    assert [(each.name, each.request.url, each.expected) for each in read.tests] == [
        ("path a", "http://catalog/a", {"status": 200}),
        ("path b", "http://catalog/b", {"status": 404}),
    ]
    assert {each.request.method for each in read.tests} == {"POST"}
    assert read.tests[0].request.headers == (("x", "y"),)
    named = reading({**test, "name": "one"})
    assert [each.name for each in named.tests] == ["one [path=a, status=200]", "one [path=b, status=404]"]


TO_A: dict[str, Any] = {"request": {"url": "http://a"}}
PROBLEMS = [
    ({"expct": {}}, ("unknown field `tests[0].expct`", "write `expect`")),
    ({**TO_A, "expect": {"statu": 1}}, ("unknown field `tests[0].expect.statu`", "write `status`")),
    ({**TO_A, "expect": {"status": "ok"}}, ("`tests[0].expect.status`: `ok` has another form", "")),
    ({**TO_A, "expect": {"port": "80"}}, ("expected a whole number or null or a list", "")),
    ({**TO_A, "expect": {"timeout": "3x"}}, ("`timeout`: `3x` is no duration", "write it like")),
    ({**TO_A, "expect": {}}, ("`expect` is empty", "")),
    ({"request": {}, "expect": {"status": 1}}, ("a request needs a `url`", "")),
    ({"for each": [{"a": 1}], "name": "${b}", "expect": {}}, ("`${b}` is not in every row", "the row has a")),
]


@pytest.mark.parametrize(("test", "wanted"), PROBLEMS, ids=str)
def test_a_wrong_test_is_a_finding(test: Any, wanted: tuple[str, str]) -> None:
    """A mistake in a suite is a finding with a suggestion, and the other tests are kept."""
    read = reading(test, asked("http://catalog", {"status": 200}))
    assert len(read.tests) == 1
    problem, suggestion = wanted
    assert problem in read.diagnostics[0].message
    assert suggestion in read.diagnostics[0].suggestion


def test_an_unknown_sender_is_an_error(judge: Judge) -> None:
    """A test whose sender does not exist is not run, and similar names are suggested."""
    (test,) = reading({**asked("http://catalog", {"status": 200}), "from": "deployment/wev.shop"}).tests
    verdict = judge.verdict(test)
    assert verdict.result == "error"
    assert verdict.problem is not None
    assert "deployment/web.shop" in verdict.problem.suggestion


def test_the_schema_accepts_what_is_read() -> None:
    """The JSON Schema for editors accepts all tests of this module, tables included."""
    validator = Draft202012Validator(suite_schema())
    tests = [asked(f"http://catalog{path}", expect) for path, expect in RIGHT if "from_line" not in expect]
    validator.validate({"tests": [*tests, {**tests[0], "expect": {"status": "${status}", "port": "${port}"}}]})
    validator.validate(tests)
    assert not validator.is_valid({"tests": [asked("http://catalog", {"statu": 1})]})


def test_documents_may_be_suites_lists_or_tests() -> None:
    """A file has suites, lists of tests, and single tests as documents."""
    test = asked("http://catalog", {"status": 200})
    read = suites([Document("a", {"tests": [test]}), Document("a", [test, test]), Document("a", test)])
    assert (len(read.tests), read.diagnostics) == (4, ())


def test_reading_a_missing_file_is_a_finding() -> None:
    """A file that does not exist is a finding."""
    (found,) = suite_documents(["no-such.meshtest.yaml"])
    assert not isinstance(found, Document)


@pytest.mark.parametrize(
    ("expression", "chosen"),
    [
        ("a", ["a b", "a c"]),
        ("A and not c", ["a b"]),
        ("b or c", ["a b", "a c"]),
        ("not (b or c)", []),
        ("not b", ["a c"]),
    ],
)
def test_expressions_select(expression: str, chosen: list[str]) -> None:
    """Words are found in texts, and combined with and, or and not."""
    assert [text for text in ("a b", "a c") if selection(expression)(text)] == chosen


@pytest.mark.parametrize("expression", ["", "and", "a b", "(a", "a or", "not", ")"])
def test_wrong_expressions_are_arguments(expression: str) -> None:
    """An incomplete expression is an InvalidArgument."""
    with pytest.raises(InvalidArgument, match="-k"):
        selection(expression)


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(0, 50), min_size=1))
def test_weights_hold_for_themselves_only(shares: dict[str, int]) -> None:
    """Weights hold for equal shares, and no more once one of them differs."""
    found = {f"{name}.shop.svc.cluster.local": float(share) for name, share in shares.items()}
    assert has_weights(dict(shares), found)
    first = next(iter(shares))
    assert not has_weights({**shares, first: shares[first] + 1}, found)


def test_short_hosts_are_those_of_services() -> None:
    """A Service may be named without the end of its host, another host may not."""
    assert is_host("catalog", "catalog.shop.svc.cluster.local")
    assert is_host("catalog.shop", "catalog.shop.svc.cluster.local")
    assert not is_host("catalog", "catalog.example.com")
    assert not is_host("cat", "catalog.shop.svc.cluster.local")
