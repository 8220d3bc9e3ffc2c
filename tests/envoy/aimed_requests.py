"""Requests that meet a rule of a VirtualService, or miss it by one condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from tests.envoy.reference_routes import Request

Object = dict[str, Any]
FULLY = "{}.{}.svc.cluster.local"
MATCHED = {
    ".*": ("", "a", "/a"),
    "/a.*": ("/a", "/a/b", "/ab"),
    "/[ab]/.*": ("/a/", "/b/c", "/a/b/c"),
    r"/\w+": ("/ab", "/c_1"),
    r".*\.json": ("/c.json", "/a/b.json"),
    "/a|/b": ("/a", "/b"),
    "a.*": ("a", "ab", "a,b"),
    "[ab]+": ("a", "ba"),
    r"\d+": ("12", "0"),
    "a|b": ("a", "b"),
    ".*:80": ("web:80",),
    "GET|POST": ("GET", "POST"),
    "https://t.*": ("https://two.example",),
}
"""Texts that the regular expressions of the generators accept."""
ENDS = ("", "", "b", "/b", "/b/c", "/", "/..", "//b", "/%2e%2e/b", "?p=a", "b?q=b")


def aimed(random: Random, rules: Sequence[Object]) -> Request | None:
    """A request for one of the rules; None if there are none."""
    chosen = [each for each in rules if each["spec"].get("hosts") and each["spec"].get("http")]
    if not chosen:
        return None
    virtual_service = random.choice(chosen)
    rule = random.choice(virtual_service["spec"]["http"])
    leaf = _delegated(random, rule, rules)
    return missed(random, met(random, _host(random, virtual_service), (rule, leaf) if leaf else (rule,)))


def _delegated(random: Random, rule: Object, rules: Sequence[Object]) -> Object | None:
    named = rule.get("delegate")
    leaves = [each for each in rules if named and each["metadata"].items() >= named.items()]
    return random.choice(leaves[0]["spec"]["http"]) if leaves else None


def _host(random: Random, virtual_service: Object) -> str:
    """A host of the VirtualService. Nothing stands for the `*` at times, which no virtual host takes."""
    host = str(random.choice(virtual_service["spec"]["hosts"]))
    if "*" in host:
        return host.replace("*", random.choice(("x", "www", "x.y", "")))
    names = (host, FULLY.format(host, virtual_service["metadata"]["namespace"]))
    return host if "." in host else random.choice(names)


def met(random: Random, host: str, rules: Sequence[Object]) -> Request:
    """A request to the host that meets a match of each rule."""
    matches = [random.choice(rule["match"]) for rule in rules if rule.get("match")]
    joined: Object = {name: value for match in matches for name, value in match.items()}
    headers = [(name, text(random, wanted)) for match in matches for name, wanted in match.get("headers", {}).items()]
    headers += [(name, "zz") for name in joined.get("withoutHeaders", {}) if random.random() < 0.5]
    parameters = {name: text(random, w) for match in matches for name, w in match.get("queryParams", {}).items()}
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    path = _path(random, joined.get("uri", {"prefix": "/"}))
    if query:
        path += ("&" if "?" in path else "?") + query
    method = text(random, joined["method"]) if "method" in joined else "GET"
    if any("corsPolicy" in rule for rule in rules) or random.random() < 0.05:
        headers, method = _from_origin(random, rules, headers, method)
    authority = text(random, joined["authority"]) if "authority" in joined else host
    return Request(method, authority, path, text(random, joined.get("scheme", {"exact": "http"})), tuple(headers))


def _path(random: Random, uri: Object) -> str:
    """A path that the match of a URI takes. One that begins with a prefix may go on."""
    path = text(random, uri)
    return (path if path.startswith("/") else f"/{path}") + (random.choice(ENDS) if "prefix" in uri else "")


def _from_origin(
    random: Random, rules: Sequence[Object], headers: list[tuple[str, str]], method: str
) -> tuple[list[tuple[str, str]], str]:
    origins = [origin for rule in rules for origin in rule.get("corsPolicy", {}).get("allowOrigins", ())]
    origin = text(random, random.choice(origins)) if origins and random.random() < 0.8 else "https://three.example"
    headers = [*headers, ("origin", origin)]
    if random.random() < 0.4:
        return [*headers, ("access-control-request-method", random.choice(("GET", "")))], "OPTIONS"
    return headers, method


def text(random: Random, match: Mapping[str, str]) -> str:
    """A text that a match takes."""
    match match:
        case {"exact": exact}:
            return str(exact)
        case {"prefix": prefix}:
            return prefix + random.choice(("", "", "b", "OST"))
        case {"regex": regex}:
            return random.choice(MATCHED[regex])
        case _:
            return random.choice(("a", "12", ""))


def missed(random: Random, request: Request) -> Request:
    """The request as it is, or with one thing changed."""
    method, authority, target, headers = request.method, request.authority, request.target, request.headers
    match random.randrange(12):
        case 0:
            headers = headers[1:]
        case 1:
            headers = tuple((name.upper(), value) for name, value in headers)
        case 2:
            headers = tuple((name, value.upper() + random.choice(("", "x"))) for name, value in headers)
        case 3:
            headers = (*headers, *((name, "b") for name, _ in headers[:1]))
        case 4:
            target = target.upper()
        case 5:
            target = target[:-1] or "/"
        case 6:
            method = random.choice(("GET", "POST", "PUT", "OPTIONS", "PATCH"))
        case 7 | 8:
            authority += random.choice((":80", ":443", ":8080", ":8443", ".", ".:80"))
        case _:
            pass
    return Request(method, authority, target, request.scheme, headers)
