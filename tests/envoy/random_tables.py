"""Random route tables: of compiled VirtualServices, and with every matcher that Envoy has.

The texts are few, so that routes often take the requests of later ones.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

import meshcompile
from meshcompile.envoy.config.route import (
    HeaderMatcher,
    QueryParameterMatcher,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    RouteMatchConnectMatcher,
    RouteMatchGrpcRouteMatchOptions,
    VirtualHost,
)
from meshcompile.envoy.message import replaced
from meshcompile.envoy.type import Int64Range
from meshcompile.envoy.type.matcher import RegexMatcher, StringMatcher
from tests.envoy import generated_routes
from tests.meshes import gateway, sidecar

PATHS = ("/", "/a", "/A", "/a/", "/a/b", "/ab", "/b", "/b/a", "/a/b/c")
PREFIXES = (*PATHS, "/", "/", "", "/a?", "/b/../a", "/%61")
PATH_EXPRESSIONS = (".*", "/a.*", "/[ab]/.*", "/a|/b", "[^/]*", "/(?i)A", r"/\w+", "/(a|b)(/.*)?")
TEXTS = ("", "a", "A", "ab", "b", "12", "-3", "a,b", "5 x")
EXPRESSIONS = (".*", "a.*", "[ab]+", r"\d+", "a|b", "(?i)AB?", "[^a]*", "[[:alpha:]]+", ".+")
METHODS = ("GET", "POST")
NAMES = ("x-a", "x-a", "X-B", "x-b", ":method", ":scheme", ":authority")
BEYOND = 0.005
"""The share of matchers that sets of requests do not express: of the path with its query, and of CONNECT."""
DOMAINS = (
    *("shop.example", "shop.example:8080", "*.example", "*.shop.example", "shop.*", "*"),
    *("a.shop.example", "Shop.Example", "*", "10.0.0.1", "[fd00::9]"),
)


def random_table(random: Random) -> RouteConfiguration:
    """A table with all kinds of matchers and domains."""
    domains = random.sample(sorted({domain.lower() for domain in DOMAINS}), random.randint(1, 4))
    groups: list[list[str]] = [[] for _ in range(random.randint(1, len(domains)))]
    for index, domain in enumerate(domains):
        groups[index % len(groups)].append(domain)
    hosts = [
        VirtualHost(name=str(index), domains=tuple(each), routes=tuple(_routes(random)))
        for index, each in enumerate(groups)
    ]
    return RouteConfiguration(
        name="table", virtual_hosts=tuple(hosts), ignore_port_in_host_matching=random.random() < 0.5
    )


def _routes(random: Random) -> Iterator[Route]:
    for _ in range(random.randint(1, 7)):
        yield Route(match=random_match(random), route=RouteAction(cluster=random.choice("uvw")))


def random_match(random: Random) -> RouteMatch:
    """A path, and up to four other conditions."""
    headers = [_header(random) for _ in range(random.choice((0, 0, 0, 1, 1, 2)))]
    queries = [_query(random) for _ in range(random.choice((0, 0, 0, 0, 1, 2)))]
    return RouteMatch(
        **_path(random),
        case_sensitive=random.choice((None, None, True, False)),
        headers=tuple(headers),
        query_parameters=tuple(queries),
        grpc=RouteMatchGrpcRouteMatchOptions() if random.random() < 0.05 else None,
    )


def _path(random: Random) -> dict[str, Any]:
    kinds: tuple[Callable[[], dict[str, Any]], ...] = (
        lambda: {"path": random.choice(PATHS)},
        lambda: {"prefix": random.choice(PREFIXES)},
        lambda: {"path_separated_prefix": random.choice(("/a", "/a/b", "/b"))},
        lambda: {"safe_regex": RegexMatcher(regex=random.choice(PATH_EXPRESSIONS))},
        lambda: {"connect_matcher": RouteMatchConnectMatcher()},
    )
    return random.choices(kinds, (3, 5, 2, 3, BEYOND))[0]()


def _header(random: Random) -> HeaderMatcher:
    name = ":path" if random.random() < BEYOND else random.choice(NAMES)
    flags: dict[str, Any] = {
        "invert_match": random.random() < 0.25,
        "treat_missing_header_as_empty": random.random() < 0.25,
    }
    kinds: tuple[Callable[[], dict[str, Any]], ...] = (
        lambda: {"string_match": _text(random, name)},
        lambda: {"present_match": random.random() < 0.7},
        lambda: {"range_match": Int64Range(start="-4", end="13")},
        dict,
    )
    return HeaderMatcher(name=name, **random.choices(kinds, (6, 2, 1, 1))[0](), **flags)


def _text(random: Random, name: str) -> StringMatcher:
    text = random.choice({":method": METHODS, ":scheme": ("http", "https")}.get(name, TEXTS))
    kinds: tuple[Callable[[], StringMatcher], ...] = (
        lambda: StringMatcher(exact=text, ignore_case=random.random() < 0.2),
        lambda: StringMatcher(prefix=text or "a", ignore_case=random.random() < 0.2),
        lambda: StringMatcher(suffix=text or "b"),
        lambda: StringMatcher(contains=text or "a"),
        lambda: StringMatcher(safe_regex=RegexMatcher(regex=random.choice(EXPRESSIONS))),
    )
    return random.choices(kinds, (4, 2, 1, 1, 2))[0]()


def _query(random: Random) -> QueryParameterMatcher:
    kinds: Sequence[dict[str, Any]] = (
        {"string_match": _text(random, "")},
        {"present_match": random.random() < 0.7},
        {},
    )
    return QueryParameterMatcher(name=random.choice("pq"), **random.choices(kinds, (4, 1, 1))[0])


def compiled_config(random: Random) -> meshcompile.Config:
    """The configuration of one proxy of a mesh with random VirtualServices."""
    objects = generated_routes.objects(random)
    for each in objects:
        if each["kind"] == "VirtualService" and random.random() < 0.6:
            _grow(random, each)
    mesh = meshcompile.load("\n---\n".join(map(json.dumps, objects)))
    refused = [d for d in mesh.diagnostics if d.severity is meshcompile.Severity.ERROR]
    assert not refused, refused
    sender = random.choice(generated_routes.SENDERS)
    make = sidecar if sender.gateway == "mesh" else gateway
    return mesh.compile(make(namespace=sender.namespace, labels=sender.labels))


def _grow(random: Random, virtual_service: dict[str, Any]) -> None:
    """More rules for a VirtualService that is no delegate, so that some of them cover others."""
    spec = virtual_service["spec"]
    if "hosts" in spec:
        namespace = virtual_service["metadata"]["namespace"]
        more = [generated_routes.rule(random, namespace, (), leaf=False) for _ in range(random.randint(1, 5))]
        spec["http"] = [*spec["http"], *more]


def changed_table(random: Random, table: RouteConfiguration) -> RouteConfiguration:
    """The table after an edit: routes that are moved, removed, doubled, changed or added."""
    index = random.choice([i for i, each in enumerate(table.virtual_hosts) if each.routes])
    host = table.virtual_hosts[index]
    routes = list(host.routes)
    for _ in range(random.choice((1, 1, 2))):
        at, to = random.randrange(len(routes)), random.randrange(len(routes))
        match random.choice(("swap", "remove", "double", "change", "insert")):
            case "swap":
                routes[at], routes[to] = routes[to], routes[at]
            case "remove" if len(routes) > 1:
                del routes[at]
            case "double":
                routes.insert(to, routes[at])
            case "change":
                routes[at] = replaced(routes[at], match=random_match(random))
            case _:
                routes.insert(at, replaced(routes[to], match=random_match(random)))
    hosts = list(table.virtual_hosts)
    hosts[index] = replaced(host, routes=tuple(routes))
    return replaced(table, virtual_hosts=tuple(hosts))
