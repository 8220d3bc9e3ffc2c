"""What a test can expect: each fact with its JSON Schema, where it is read, and when it holds.

Facts of an outcome hold for the whole way of the request. Facts of a hop hold for one of the proxies that route it: the
sidecar of the sender, or a gateway.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from meshcompile.documents import Origin
from meshcompile.explain.journey import Journey
from meshcompile.simulate.header_map import HeaderMap
from meshcompile.simulate.header_mutation import operated
from meshcompile.testing import comparing as c
from meshcompile.testing.hops import ObservedHop, UpstreamName, all_places, denying
from meshcompile.testing.shape import Shape

TEXTS = {"type": ["string", "null", "array"], "items": {"type": "string"}}
NUMBERS = {"type": ["integer", "null", "array"], "items": {"type": "integer"}}
VALUES = {"type": "object", "additionalProperties": {"type": ["string", "integer", "number"]}}
NAMES = {"type": "array", "items": {"type": "string"}}
DURATION = {"type": ["string", "number", "null"], "examples": ["3s"]}
HEADERS: Shape = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "set": {**VALUES, "description": "Headers with exactly this value."},
        "add": {**VALUES, "description": "Headers that have this value among others."},
        "remove": {**NAMES, "description": "Headers that are absent."},
    },
}


class Fact(Struct, frozen=True):
    """Something that a test can expect.

    `shown` narrows what is found to what a test asks about, for messages.
    """

    shape: Shape
    description: str
    found: Callable[[ObservedHop], Any]
    holds: Callable[[Any, Any], bool] = c.is_one_of
    shown: Callable[[Any, Any], Any] = c.as_found

    @property
    def schema(self) -> Shape:
        """The JSON Schema of the expected value."""
        return {**self.shape, "description": self.description}


def _named(hop: ObservedHop) -> str | None:
    decided = hop.journey.decided_by
    return hop.world.name(decided.proxy) if decided is not None else None


def _redirect(hop: ObservedHop) -> Mapping[str, Any] | None:
    reply = hop.reply
    if reply is None or not (to := reply.headers.first("location")):
        return None
    parts = urlsplit(to)
    path = f"{parts.path}{f'?{parts.query}' if parts.query else ''}"
    place = {"scheme": parts.scheme, "host": parts.hostname, "port": parts.port, "path": path}
    return {"location": to, "status": reply.status, **place}


def _rewrite(hop: ObservedHop) -> Mapping[str, str] | None:
    forwarded = hop.forwarded
    if forwarded is None:
        return None
    return {"path": forwarded.headers.first(":path"), "authority": forwarded.headers.first(":authority")}


def _request_headers(hop: ObservedHop) -> HeaderMap | None:
    return hop.forwarded.headers if hop.forwarded is not None else None


def _response_headers(hop: ObservedHop) -> HeaderMap | None:
    if hop.forwarded is not None and hop.passage is not None and hop.passage.outcome.stream is not None:
        answered = HeaderMap().with_set(hop.forwarded.response_headers)
        return operated(answered, hop.forwarded.response_operations, hop.passage.outcome.stream)
    return hop.reply.headers if hop.reply is not None else None


def _rules(hop: ObservedHop) -> list[Mapping[str, Any]]:
    """The rules of VirtualServices that the route comes from, as they are written."""
    route = hop.step("route")
    places = hop.places(route.pointer) if route is not None else ()
    return [origin.document.value["spec"][origin.path[1]][origin.path[2]] for origin in places if _is_rule(origin)]


def _is_rule(origin: Origin) -> bool:
    return origin.document.kind == "VirtualService" and len(origin.path) >= 3


def _retries(hop: ObservedHop) -> Mapping[str, Any] | None:
    rules = hop.forwarded.policies.retries if hop.forwarded is not None else None
    if rules is None:
        return None
    return {"attempts": rules.attempts, "per_try_timeout": rules.per_try_timeout, "on": list(rules.conditions)}


def _mirrors(hop: ObservedHop) -> list[Mapping[str, Any]]:
    mirrors = hop.forwarded.policies.mirrors if hop.forwarded is not None else ()
    named = ((UpstreamName.of(each.cluster), float(each.share) * 100) for each in mirrors)
    return [{"host": name.host, "subset": name.subset, "port": name.port, "percent": share} for name, share in named]


def _lines(hop: ObservedHop) -> list[Any]:
    return list(dict.fromkeys(all_places(hop.journey)))


OUTCOME: Mapping[str, Fact] = {
    "status": Fact(
        {
            "type": ["integer", "null", "string", "array"],
            "items": {"type": "integer"},
            "pattern": "^closed$",
            "examples": ["`closed` or a number"],
        },
        "Status that the sender gets; null or `closed` for a closed connection. A list means one of several.",
        lambda hop: hop.journey.status,
        c.is_status,
    ),
    "flags": Fact(
        TEXTS, "Envoy's response flags at the proxy that decides, such as `NR`; `-` for none.",
        lambda hop: hop.journey.flags, c.are_flags,
    ),
    "proxy": Fact(TEXTS, "Proxy that decides the outcome, such as `deployment/web.shop`.", _named),
    "cluster": Fact(
        TEXTS, "Cluster in Envoy that gets the request, or that does not exist, as `explain` says; null for none.",
        lambda hop: hop.journey.cluster,
    ),
    "answered_by": Fact(
        TEXTS, "Who answers: `NAME`, `NAME.NAMESPACE`, `NAME.NAMESPACE VERSION`, or a host outside; null for nobody.",
        lambda hop: hop.journey.answered_by, c.is_workload,
    ),
    "denied_by": Fact(
        TEXTS,
        "Policy that denies the request, as `NAME` or `NAMESPACE/NAME`. If no ALLOW policy matches, each of them; null "
        "for none.",
        lambda hop: denying(hop.journey), c.names_one,
    ),
    "from_line": Fact(
        {"type": ["integer", "string", "array"], "items": {"type": ["integer", "string"]}},
        "A line of the input from which a decision on the way comes: `FILE:LINE`, or a line of any file.",
        _lines, c.covers_line, c.as_lines,
    ),
}  # fmt: skip
"""Facts about the whole way of a request."""

HOP: Mapping[str, Fact] = {
    "host": Fact(
        TEXTS, "Host that the request is sent to. `catalog` and `catalog.shop` are enough for a Service.",
        lambda hop: UpstreamName.of(hop.cluster).host, c.is_host,
    ),
    "subset": Fact(TEXTS, "Subset of the host; null for none.", lambda hop: UpstreamName.of(hop.cluster).subset),
    "port": Fact(NUMBERS, "Port of the host.", lambda hop: UpstreamName.of(hop.cluster).port),
    "route": Fact(
        TEXTS, "Name of the route, as the rule of the VirtualService has it.",
        lambda hop: step.name or None if (step := hop.step("route")) is not None else None,
    ),
    "virtual_host": Fact(
        TEXTS, "Name of the virtual host in Envoy.",
        lambda hop: step.name or None if (step := hop.step("virtual host")) is not None else None,
    ),
    "rule": Fact(
        {"type": "object"},
        "Fields of the rule of the VirtualService, as they are written: `{fault: {...}}`.",
        _rules, c.is_written, c.as_written,
    ),
    "virtual_service": Fact(
        TEXTS, "VirtualService that routes the request, as `NAME` or `NAMESPACE/NAME`; null for none.",
        lambda hop: hop.objects("VirtualService", "route"), c.names_one,
    ),
    "gateway": Fact(
        TEXTS, "Gateway that takes the request, as `NAME` or `NAMESPACE/NAME`; null for none.",
        lambda hop: hop.objects("Gateway", "listener", "filter chain", "virtual host"), c.names_one,
    ),
    "redirect": Fact(
        {
            "type": ["object", "string", "null"],
            "additionalProperties": False,
            "properties": {
                "location": {"type": "string", "description": "URL of the `location` header."},
                "status": {"type": "integer", "description": "Status of the response."},
                "scheme": {"type": "string"},
                "host": {"type": "string"},
                "port": {"type": ["integer", "null"]},
                "path": {"type": "string", "description": "Path with the query."},
            },
        },
        "Redirect that the sender gets: its location, or parts of it; null for none.",
        _redirect, c.is_redirect, c.asked,
    ),
    "rewrite": Fact(
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "path": {"type": "string", "description": "Path with the query."},
                "authority": {"type": "string", "description": "Host header."},
            },
        },
        "Path and host as the proxy sends them on.",
        _rewrite, c.has_parts, c.asked,
    ),
    "headers": Fact(HEADERS, "Headers of the request as the proxy sends it on.", _request_headers,
                    c.has_headers, c.asked_headers),
    "response_headers": Fact(
        HEADERS, "Headers that the proxy gives the response, or those of its own response.",
        _response_headers, c.has_headers, c.asked_headers,
    ),
    "timeout": Fact(
        DURATION, "Timeout of the route, such as `3s` or 0.5; null for none.",
        lambda hop: hop.forwarded.policies.timeout if hop.forwarded is not None else None, c.is_duration,
    ),
    "retries": Fact(
        {
            "type": ["object", "integer", "null"],
            "additionalProperties": False,
            "properties": {
                "attempts": {"type": "integer", "description": "Tries after the first one."},
                "per_try_timeout": {**DURATION, "description": "Timeout of each try."},
                "on": {"type": ["string", "array"], "items": {"type": "string"}, "description": "All conditions."},
            },
        },
        "Retries of the route: their number, or parts of the policy; null or 0 for none.",
        _retries, c.has_retries, c.asked,
    ),
    "mirror": Fact(
        {
            "type": ["string", "object", "array", "null"],
            "additionalProperties": False,
            "properties": {
                "host": {"type": "string"},
                "subset": {"type": ["string", "null"]},
                "port": {"type": "integer"},
                "percent": {"type": "number"},
            },
            "items": {"type": ["string", "object"]},
        },
        "Host that gets a copy of the request, or parts of the mirror; null for none.",
        _mirrors, c.has_mirrors,
    ),
}  # fmt: skip
"""Facts about one proxy that routes the request."""
ALL_FACTS: Mapping[str, Fact] = {**OUTCOME, **HOP}


def weights(hops: list[tuple[ObservedHop, float]]) -> Mapping[str, float]:
    """The share of each cluster in percent, by `HOST/SUBSET`, or by `HOST` without a subset."""
    found: dict[str, float] = {}
    for hop, share in hops:
        name = UpstreamName.of(hop.cluster)
        key = f"{name.host or hop.cluster}{f'/{name.subset}' if name.subset else ''}"
        found[key] = round(found.get(key, 0.0) + share, 4)
    return found


WEIGHTS: Shape = {
    "type": "object",
    "additionalProperties": {"type": "number"},
    "description": "Share of each destination in percent, by subset, host, or `HOST/SUBSET`. All are listed.",
}


def percent(journey: Journey) -> float:
    """The share of a journey in percent."""
    return float(journey.share) * 100
