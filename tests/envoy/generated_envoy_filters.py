"""Random EnvoyFilters that change what a request meets."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

Object = dict[str, Any]
TYPE = "type.googleapis.com/envoy.extensions.filters"
MANAGER = "envoy.filters.network.http_connection_manager"


def envoy_filters(random: Random, context: str) -> list[Object]:
    """None, or one EnvoyFilter with some patches for a context."""
    if random.random() < 0.5:
        return []
    makers = random.sample(PATCHES, random.randint(1, 3))
    patches = [patch for maker in makers for patch in maker(random, context)]
    return [
        {
            "apiVersion": "networking.istio.io/v1alpha3",
            "kind": "EnvoyFilter",
            "metadata": {"name": "patches", "namespace": namespace},
            "spec": {"configPatches": patches},
        }
        for namespace in ("istio-system",)
    ]


def patch(kind: str, context: str, operation: str, value: Object, **match: Any) -> Object:
    return {
        "applyTo": kind,
        "match": {"context": context, **match},
        "patch": {"operation": operation, "value": value},
    }


def manager_settings(random: Random, context: str) -> list[Object]:
    settings: Object = random.choice(
        (
            {"strip_any_host_port": True},
            {"strip_matching_host_port": True},
            {"strip_trailing_host_dot": True},
            {"path_with_escaped_slashes_action": "UNESCAPE_AND_REDIRECT"},
            {"path_with_escaped_slashes_action": "REJECT_REQUEST"},
            {"path_with_escaped_slashes_action": "UNESCAPE_AND_FORWARD"},
            {"merge_slashes": True},
            {"http_protocol_options": {"accept_http_10": True}},
            {"use_remote_address": True, "xff_num_trusted_hops": 1},
            {"common_http_protocol_options": {"max_headers_count": 3}},
        )
    )
    value = {"typed_config": {"@type": f"{TYPE}.network.http_connection_manager.v3.HttpConnectionManager", **settings}}
    match = {"listener": {"filterChain": {"filter": {"name": MANAGER}}}}
    return [patch("NETWORK_FILTER", context, "MERGE", value, **match)]


def table_settings(random: Random, context: str) -> list[Object]:
    settings: Object = random.choice(
        (
            {"most_specific_header_mutations_wins": True},
            {"ignore_port_in_host_matching": True},
            {"request_headers_to_add": [added(random) for _ in range(2)]},
            {"response_headers_to_add": [added(random)], "response_headers_to_remove": ["x-a"]},
        )
    )
    return [patch("ROUTE_CONFIGURATION", context, "MERGE", settings)]


def host_settings(random: Random, context: str) -> list[Object]:
    settings: Object = random.choice(
        (
            {"require_tls": "ALL"},
            {"require_tls": "EXTERNAL_ONLY"},
            {"request_headers_to_add": [added(random)], "request_headers_to_remove": ["x-b"]},
            {"response_headers_to_add": [added(random)]},
        )
    )
    return [patch("VIRTUAL_HOST", context, "MERGE", settings)]


HEADER_MATCHERS: tuple[Object, ...] = (
    {"string_match": {"exact": "a"}, "invert_match": True},
    {"string_match": {"prefix": "a"}, "invert_match": True, "treat_missing_header_as_empty": True},
    {"present_match": True},
    {"present_match": False},
    {"present_match": True, "invert_match": True},
    {"string_match": {"suffix": "b"}},
    {"safe_regex_match": {"regex": "a|b"}},
    {"range_match": {"start": 0, "end": 13}, "invert_match": True},
)
ACTIONS: tuple[Object, ...] = (
    {
        "weighted_clusters": {
            "header_name": "x-c",
            "clusters": [
                {"name": "PassthroughCluster", "weight": 11, "host_rewrite_literal": "weighted.example.com"},
                {"name": "outbound|8080||web.shop.svc.cluster.local", "weight": 1},
            ],
        }
    },
    {"cluster_header": "x-b"},
    {"prefix_rewrite": "/patched"},
    {"regex_rewrite": {"pattern": {"regex": "/(a)(/|$)"}, "substitution": r"/\\2\1\1/"}},
    {"host_rewrite_header": "x-a"},
    {"host_rewrite_literal": "patched.example.com", "append_x_forwarded_host": True},
    {"host_rewrite_path_regex": {"pattern": {"regex": "^/([a-z]*).*$"}, "substitution": r"\1.example.com"}},
    {"cluster_not_found_response_code": "NOT_FOUND"},
    {"cluster_not_found_response_code": "INTERNAL_SERVER_ERROR"},
    {"upgrade_configs": [{"upgrade_type": "websocket", "enabled": False}, {"upgrade_type": "spdy/3.1"}]},
    {"max_stream_duration": {"grpc_timeout_header_max": "1s"}},
)
REDIRECTS: tuple[Object, ...] = (
    {"prefix_rewrite": "/elsewhere"},
    {"regex_rewrite": {"pattern": {"regex": "a"}, "substitution": "<\\0>"}},
    {"strip_query": True},
    {"https_redirect": True},
    {"path_redirect": "/fixed?own=1", "strip_query": True},
)


def route_settings(random: Random, context: str) -> list[Object]:
    settings: Object = random.choice(
        (
            {"request_headers_to_add": [added(random)]},
            {"response_headers_to_add": [added(random)]},
            {"match": {"runtime_fraction": {"default_value": {"numerator": random.choice((0, 50, 100))}}}},
            {"match": {"query_parameters": [{"name": "p", "present_match": True}]}},
            {"match": {"headers": [{"name": "x-c", "range_match": {"start": 1, "end": 20}}]}},
            {"match": {"headers": [{"name": "x-a", "string_match": {"contains": "a", "ignore_case": True}}]}},
            *({"match": {"headers": [{"name": "x-a", **matcher}]}} for matcher in HEADER_MATCHERS),
        )
    )
    return [patch("HTTP_ROUTE", context, "MERGE", settings)]


def action_settings(random: Random, context: str) -> list[Object]:
    value = {"route": random.choice(ACTIONS)}
    return [patch("HTTP_ROUTE", context, "MERGE", value, **routes_with("ROUTE"))]


def redirect_settings(random: Random, context: str) -> list[Object]:
    value = {"redirect": random.choice(REDIRECTS)}
    return [patch("HTTP_ROUTE", context, "MERGE", value, **routes_with("REDIRECT"))]


def routes_with(action: str) -> Object:
    return {"routeConfiguration": {"vhost": {"route": {"action": action}}}}


def added(random: Random) -> Object:
    actions = ("APPEND_IF_EXISTS_OR_ADD", "ADD_IF_ABSENT", "OVERWRITE_IF_EXISTS_OR_ADD", "OVERWRITE_IF_EXISTS")
    values = ("e", "%REQ(x-a)%", "<%REQ(:path)%>", "100%%", "%REQ(x-b?x-c)%", "%REQ(x-a):1%", "%PROTOCOL%")
    header = {"key": random.choice(("x-a", "x-b", "x-c", "x-d")), "value": random.choice(values)}
    return {"header": header, "append_action": random.choice(actions)}


def mutation_filter(random: Random, context: str) -> list[Object]:
    mutations = [random.choice(({"append": added(random)}, {"remove": "x-c"})) for _ in range(2)]
    config = {
        "@type": f"{TYPE}.http.header_mutation.v3.HeaderMutation",
        "mutations": {"request_mutations": mutations},
    }
    return [inserted(context, "mutation", config)]


def fault_filter(random: Random, context: str) -> list[Object]:
    percentage = {"numerator": random.choice((0, 50, 100))}
    abort: Object = random.choice(({"http_status": 417}, {"grpc_status": 14}, {"header_abort": {}}))
    config = {
        "@type": f"{TYPE}.http.fault.v3.HTTPFault",
        "abort": {**abort, "percentage": percentage},
        "headers": [{"name": "x-b", "string_match": {"exact": "a"}, "invert_match": random.random() < 0.3}],
    }
    return [inserted(context, "envoy.filters.http.fault.own", config)]


def rbac_filter(random: Random, context: str) -> list[Object]:
    matcher: Object = random.choice(
        (
            {"header": {"name": "x-a", "string_match": {"exact": "a"}}},
            {"header": {"name": "x-a", "string_match": {"exact": "b"}, "invert_match": True}},
            {"header": {"name": "x-b", "present_match": False}},
            {"url_path": {"path": {"prefix": "/a"}}},
            {"destination_port_range": {"start": 80, "end": 8080}},
        )
    )
    policy = {"permissions": [matcher], "principals": [{"any": True}]}
    config = {
        "@type": f"{TYPE}.http.rbac.v3.RBAC",
        "rules": {"action": random.choice(("ALLOW", "DENY", "LOG")), "policies": {"own policy": policy}},
    }
    return [inserted(context, "own-rbac", config)]


def inserted(context: str, name: str, config: Object) -> Object:
    match = {"listener": {"filterChain": {"filter": {"name": MANAGER}}}}
    return patch("HTTP_FILTER", context, "INSERT_FIRST", {"name": name, "typed_config": config}, **match)


PATCHES: tuple[Callable[[Random, str], list[Object]], ...] = (
    *(manager_settings, manager_settings, table_settings, host_settings, route_settings),
    *(route_settings, action_settings, action_settings, redirect_settings),
    *(mutation_filter, fault_filter, rbac_filter),
)
