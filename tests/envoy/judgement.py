"""What an outcome of the evaluator and a reply of the real Envoy have in common, so that they can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from meshcompile.simulate import ClosedConnection, ForwardedRequest, HttpRequest, LocalReply, ProxyOutcome
from meshcompile.simulate.header_map import HeaderMap
from meshcompile.simulate.header_mutation import operated
from meshcompile.simulate.route_table import RouteChoice
from tests.envoy import observation
from tests.envoy.connections import Reply

WATCHED = (
    *("x-a", "x-b", "x-c", "x-d", "x-forwarded-proto", "x-envoy-original-path", "x-envoy-original-host"),
    *("authorization", "x-token", "x-claim", "x-payload", "cookie", "origin", "user-agent"),
)
WATCHED_IN_RESPONSES = (
    *("x-a", "x-b", "x-c", "x-d", "access-control-allow-origin", "access-control-allow-methods"),
    *("access-control-allow-headers", "access-control-max-age", "access-control-allow-credentials"),
    "access-control-expose-headers",
)


def seen(reply: Reply | None) -> dict[str, Any]:
    """What Envoy did."""
    if reply is None:
        return {"closed": True}
    response = {"response headers": watched(reply.headers, WATCHED_IN_RESPONSES), "status": reply.status}
    got = dict(line.partition(": ")[::2] for line in reply.body.split("\n"))
    if ":path" not in got or reply.header(observation.LOCAL_DETAILS):
        return response | {
            "flags": reply.header(observation.LOCAL_FLAGS),
            "details": reply.header(observation.LOCAL_DETAILS),
            "location": reply.header("location"),
            "route": reply.header(observation.LOCAL_ROUTE) or "-",
            "chain": reply.header(observation.LOCAL_CHAIN),
        }
    lines = [line.partition(": ")[::2] for line in reply.body.split("\n")]
    return response | {
        "cluster": reply.header(observation.CLUSTER),
        "route": reply.header(observation.ROUTE),
        "chain": reply.header(observation.CHAIN),
        "path": got[":path"],
        "authority": got[":authority"],
        "method": got[":method"],
        "request headers": watched(lines, WATCHED),
    }


def expected(outcome: ProxyOutcome) -> dict[str, Any]:
    """The same of an outcome of the evaluator."""
    match outcome.ending:
        case ClosedConnection():
            return {"closed": True}
        case LocalReply(details="cors_response") as reply:  # which Envoy does not make as a local reply
            headers = watched(pairs(reply.headers), WATCHED_IN_RESPONSES)
            empty = {"flags": "", "details": "", "location": "", "route": "-", "chain": ""}
            return {"status": reply.status, "response headers": headers} | empty
        case LocalReply() as reply:
            return {
                "status": reply.status,
                "response headers": watched(pairs(reply.headers), WATCHED_IN_RESPONSES),
                "flags": ",".join(outcome.flags) or "-",
                "details": reply.details,
                "location": reply.headers.first("location"),
                "route": route_name(outcome.route),
                "chain": chain_name(outcome),
            }
        case ForwardedRequest() as request:
            return {
                "status": 200,
                "response headers": watched(_response(outcome, request), WATCHED_IN_RESPONSES),
                "cluster": outcome.cluster,
                "route": route_name(outcome.route),
                "chain": chain_name(outcome),
                "path": request.headers.first(":path"),
                "authority": request.headers.first(":authority"),
                "method": request.headers.first(":method"),
                "request headers": watched(pairs(request.headers), WATCHED),
            }
        case _:
            return {"bytes": outcome.cluster}


def _response(outcome: ProxyOutcome, request: ForwardedRequest) -> list[tuple[str, str]]:
    assert outcome.stream is not None
    headers = HeaderMap.of(observation.UPSTREAM_RESPONSE)
    return pairs(operated(headers, request.response_operations, outcome.stream).with_set(request.response_headers))


def chain_name(outcome: ProxyOutcome) -> str:
    """The index of the filter chain: `2`; "default" for the default one, "" for none."""
    pointer = next((step.pointer for step in outcome.steps if step.what == "filter chain"), "")
    last = pointer.rpartition("/")[2]
    return "default" if last == "defaultFilterChain" else last if "/filterChains/" in pointer else ""


def route_name(choice: RouteChoice | None) -> str:
    """The index of the virtual host and of the route: `3/0`; "-" without a route."""
    if choice is None or choice.route is None:
        return "-"
    parts = choice.route.pointer.split("/")
    return f"{parts[-3]}/{parts[-1]}"


def pairs(headers: HeaderMap) -> list[tuple[str, str]]:
    return [(name, line) for name, lines in headers.lines.items() for line in lines]


def watched(headers: Iterable[Sequence[str]], names: Iterable[str]) -> dict[str, list[str]]:
    """The values of some headers, in order, by name."""
    listed = [(name, value) for name, value in headers]
    return {name: values for name in names if (values := [value for key, value in listed if key == name])}


def same(outcomes: Sequence[ProxyOutcome], reply: Reply | None) -> bool:
    """Whether Envoy did one of the things that can happen."""
    return seen(reply) in [expected(outcome) for outcome in outcomes if outcome.share]


def explained(request: HttpRequest, outcomes: Sequence[ProxyOutcome], reply: Reply | None) -> str:
    """Where Envoy and the evaluator differ."""
    found = seen(reply)
    lines = [f"{request}", f"  envoy     {found}"]
    for outcome in outcomes:
        wanted = expected(outcome)
        differing = [key for key in {**wanted, **found} if wanted.get(key) != found.get(key)]
        lines.append(f"  simulated {wanted} {outcome.share} DIFFERS IN {differing}")
    return "\n".join(lines)
