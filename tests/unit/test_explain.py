"""What becomes of a request, and which line is to blame."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import meshcompile
from meshcompile import Request, Trace
from tests.cli.conftest import MESH
from tests.unit.test_compare import GATEWAY_POD, SHOP, gateway, policy, route

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "trace.json").read_text())
CLOSED = MESH.replace("targetPort: 3000", "targetPort: 3001")
JOB = """
apiVersion: v1
kind: Pod
metadata: {name: job, namespace: batch, labels: {app: job}}
spec: {containers: [{name: job, image: job}]}
status: {podIP: 10.0.8.8, phase: Running, conditions: [{type: Ready, status: "True"}]}
"""
STRICT = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
"""


def explained(
    text: str, url: str = "http://catalog/", sender: str = "deployment/web.shop", common: str = SHOP, **more: Any
) -> Trace:
    """The trace of a request in a mesh."""
    mesh = meshcompile.load("---\n".join([common, dedent(text)]))
    trace = mesh.explain(Request.from_dict({"url": url, "from": sender, **more}))
    Draft202012Validator(SCHEMA).validate(trace.to_dict())
    return trace


def rules(*http: str) -> str:
    """A VirtualService of the catalog."""
    return f"""
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {{name: catalog, namespace: shop}}
        spec: {{hosts: [catalog], http: [{", ".join(http)}]}}
        """


def test_an_answer_has_every_hop() -> None:
    """A request that is answered passes the client's and the server's proxy, with places."""
    trace = explained(route("{uri: {prefix: /a}}"))
    assert (trace.outcome.status, trace.outcome.answered_by, trace.blame) == (200, "catalog.shop", ())
    assert [(hop.proxy, hop.direction) for hop in trace.hops] == [
        ("deployment/web.shop", "outbound"),
        ("deployment/catalog.shop", "inbound"),
    ]
    taken = next(step for step in trace.hops[0].steps if step.what == "route")
    assert "spec.http[1]" in {origin.field for origin in taken.places}
    assert trace.outcome.say == "Answered by catalog.shop with 200."


TO_CATALOG = "route: [{destination: {host: catalog}}]"
SLOW = {"given": {"apps": {"catalog": {"delay": 3}}}}
NOBODY = "[{from: [{source: {principals: [cluster.local/ns/shop/sa/nobody]}}]}]"
BLAMED: dict[str, tuple[str, dict[str, Any], tuple[int, str]]] = {
    "spec.http[0].match[0].uri.exact": (
        rules(f"{{match: [{{uri: {{exact: /a}}}}], {TO_CATALOG}}}"),
        {"url": "http://catalog/a/"},
        (404, "NR"),
    ),
    "spec.http[0].match[0].headers.x-a.exact": (
        rules(f"{{match: [{{headers: {{x-a: {{exact: B}}}}}}], {TO_CATALOG}}}"),
        {"headers": {"x-a": "b"}},
        (404, "NR"),
    ),
    "spec.http[0].route[0].destination.subset": (
        rules("{route: [{destination: {host: catalog, subset: v9}}]}"),
        {},
        (503, "NC"),
    ),
    "spec.http[0].route[0].destination.host": (rules("{route: [{destination: {host: nobody}}]}"), {}, (503, "NC")),
    "spec.http[0].timeout": (rules(f"{{timeout: 1s, {TO_CATALOG}}}"), SLOW, (504, "UT")),
    "spec.rules[0]": (
        policy("DENY", '[{to: [{operation: {paths: ["/keys*"]}}]}]'),
        {"url": "http://catalog/keys/1"},
        (403, "-"),
    ),
    "spec.rules[0].to[0].operation.methods[0]": (
        policy("ALLOW", '[{to: [{operation: {methods: ["POST"]}}]}]'),
        {},
        (403, "-"),
    ),
    "spec.rules[0].from[0].source.principals[0]": (policy("ALLOW", NOBODY), {}, (403, "-")),
}


@pytest.mark.parametrize("field", BLAMED)
def test_the_line_to_blame(field: str) -> None:
    """A request that fails has the line that a person would change first."""
    text, asked, outcome = BLAMED[field]
    trace = explained(text, **asked)
    assert (trace.outcome.status, trace.outcome.flags) == outcome
    assert trace.blame[0].origin.field.startswith(field)
    assert f"{trace.blame[0].origin.file}:{trace.blame[0].origin.line}" in trace.outcome.say


def test_plain_text_to_strict() -> None:
    """A client without a proxy is refused by a server that takes mutual TLS only."""
    trace = explained(STRICT, "http://catalog.shop/", "pod/job.batch", "---\n".join([SHOP, JOB]))
    assert (trace.outcome.status, trace.outcome.flags, trace.outcome.proxy) == (None, "NR", "deployment/catalog.shop")
    assert trace.blame[0].origin.field == "spec.mtls.mode"
    assert explained("", "http://catalog.shop/", "pod/job.batch", "---\n".join([SHOP, JOB])).outcome.status == 200


def test_a_port_on_which_nothing_listens() -> None:
    """A target port that no container declares fails at the server's own proxy."""
    trace = explained("", common="---\n".join([SHOP, CLOSED]))
    assert (trace.outcome.status, trace.outcome.flags) == (503, "URX,UF")
    assert trace.outcome.cluster == "inbound|3001||"
    assert trace.blame[0].origin.field == "spec.ports[0].targetPort"


def test_from_outside() -> None:
    """A request from outside comes through the gateway whose Service has the port."""
    common = "---\n".join([SHOP, GATEWAY_POD])
    trace = explained(gateway(80, '["*.example.com"]'), "http://a.example.com/", "outside", common)
    assert (trace.outcome.status, [hop.direction for hop in trace.hops]) == (200, ["gateway", "inbound"])
    assert explained(gateway(80, '["b.example.com"]'), "http://a.example.com/", "outside", common).outcome.status == 404
    assert explained("", "http://a.example.com:99/", "outside", common).outcome.say.endswith(
        "no gateway listens on port 99."
    )


def test_shares() -> None:
    """Weighted routes give one outcome each, the most likely first."""
    trace = explained(
        rules("{route: [{destination: {host: web}, weight: 20}, {destination: {host: catalog}, weight: 80}]}")
    )
    assert [(each.answered_by, each.share) for each in trace.outcomes] == [("catalog.shop", 80.0), ("web.shop", 20.0)]
    assert len(trace.to_dict()["outcomes"]) == 2


def test_equal_shares() -> None:
    """Of two workloads that are equally likely to answer, none is said to be the one."""
    trace = explained(
        rules("{route: [{destination: {host: web}, weight: 50}, {destination: {host: catalog}, weight: 50}]}")
    )
    assert [(each.answered_by, each.share) for each in trace.outcomes] == [("web.shop", 50.0), ("catalog.shop", 50.0)]
    assert (trace.outcome.status, trace.outcome.answered_by) == (200, None)
    assert trace.outcome.say == "Answered by web.shop or catalog.shop with 200."


def test_a_name_that_dns_does_not_know() -> None:
    """A short name without a Service ends before any proxy."""
    trace = explained("", "http://nobody/")
    assert (trace.outcome.status, trace.hops) == (None, ())
    assert "DNS knows no name nobody" in trace.outcome.say


def test_mistakes_in_a_request() -> None:
    """A request with an unknown key or without a URL is refused, and so is an unknown sender."""
    with pytest.raises(meshcompile.InvalidArgument, match="no `uri`"):
        Request.from_dict({"uri": "/"})
    with pytest.raises(meshcompile.InvalidArgument, match="needs a `url`"):
        Request.from_dict({"method": "GET"})
    with pytest.raises(meshcompile.UnknownProxy):
        explained("", sender="deployment/nobody.shop")
    request = Request.from_dict({"url": "https://a:8443/b?c=d", "headers": {"x": ["1", "2"]}})
    assert (request.target_port, request.path, request.speaks_tls, request.server_name) == (8443, "/b?c=d", True, "a")
    assert request.headers == (("x", "1"), ("x", "2"))
