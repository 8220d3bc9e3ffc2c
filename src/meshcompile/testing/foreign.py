"""Tests in formats that people have already: those of istio-config-validator, and of Envoy's router_check_tool.

Both say less than a suite does. Neither names a sender: a request comes from outside if a gateway takes its host, and
else from a workload. What they say and cannot be checked is a finding.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any

from msgspec import Struct

from meshcompile.codes.testing import LIMITED_TEST
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document, Origin
from meshcompile.errors import InvalidArgument
from meshcompile.explain.request import Request
from meshcompile.testing.foreign_shapes import ISTIO_CONFIG_VALIDATOR, ROUTER_CHECK
from meshcompile.testing.shape import Shape, fault, faults
from meshcompile.testing.suites import Holds, MeshTest

Senders = Callable[[str], str]
"""The sender of requests to a host."""
Made = Iterator[MeshTest | Diagnostic]


class ForeignFormat(Struct, frozen=True):
    """A format: its name, how a document of it is recognized, its shape, and how its tests are read."""

    name: str
    recognises: Callable[[Any], bool]
    shape: Shape
    tests: Callable[[Any, Origin, Senders], Made]


def foreign_tests(document: Document, format_: ForeignFormat, senders: Senders) -> Made:
    """The tests of a document, and findings about it."""
    wrong = list(faults(document.value, format_.shape, Origin(document)))
    yield from wrong or format_.tests(document.value, Origin(document), senders)


def _validator_tests(value: Mapping[str, Any], top: Origin, senders: Senders) -> Made:
    for index, case in enumerate(value["testCases"]):
        yield from _validator_case(case, top.at("testCases", index), senders)


def _validator_case(case: Mapping[str, Any], origin: Origin, senders: Senders) -> Made:
    """A test for each combination of authority, method and URI, and for each thing that it expects."""
    asked = case["request"]
    expectations = list(_validator_expectations(case))
    if not expectations:
        yield fault(origin, "the test expects nothing: it has no `route`, `redirect`, `rewrite`, `headers` or `fault`")
    for authority, method, uri in product(asked["authority"], asked["method"], asked["uri"]):
        request = Request(
            url=f"http://{authority}{uri}",
            method=method,
            headers=tuple((name, str(text)) for name, text in (asked.get("headers") or {}).items()),
            sender=senders(authority),
        )
        for field, expected in expectations:
            name = f"{case.get('description', 'test')}: {field} of {method} {authority}{uri}"
            holds = Holds.ALWAYS if case.get("wantMatch") else Holds.NEVER
            yield MeshTest(name, request, expected, origin, holds, field)


RULE_FIELDS = ("redirect", "rewrite", "fault", "headers", "delegate")
"""Fields that istio-config-validator compares with the rule as it is written."""


def _validator_expectations(case: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    routes = case.get("route") or []
    if len(routes) == 1:
        yield "route", _destination(routes[0]["destination"])
    elif routes:
        weights = {_named(each["destination"]): each.get("weight", 0) for each in routes}
        yield "route", {"weights": weights}
    yield from ((field, {"rule": {field: case[field]}}) for field in RULE_FIELDS if case.get(field))


def _destination(destination: Mapping[str, Any]) -> Mapping[str, Any]:
    port = (destination.get("port") or {}).get("number")
    subset = {"subset": destination["subset"]} if destination.get("subset") else {}
    return {"host": destination["host"], **subset, **({"port": port} if port else {})}


def _named(destination: Mapping[str, Any]) -> str:
    subset = destination.get("subset")
    return f"{destination['host']}/{subset}" if subset else str(destination["host"])


UNCHECKED_INPUT = ("random_value", "internal", "runtime", "dynamic_metadata", "additional_response_headers")
"""Inputs of router_check_tool that no request has."""


def _router_tests(value: Mapping[str, Any], top: Origin, senders: Senders) -> Made:
    for index, case in enumerate(value["tests"]):
        origin = top.at("tests", index)
        asked = case["input"]
        yield from (
            LIMITED_TEST(origin.at("input", name), what=f"input.{name}", kind="", namespace="", name="")
            for name in UNCHECKED_INPUT
            if asked.get(name)
        )
        expected = dict[str, Any]()
        for name, wanted in case["validate"].items():
            facts = _router_facts(name, wanted)
            if facts is None:
                place = origin.at("validate", name)
                yield LIMITED_TEST(place, what=f"validate.{name}", kind="", namespace="", name="")
            else:
                expected |= _merged(expected, facts)
        if expected:
            yield _router_test(case, expected, origin, senders)


def _router_test(
    case: Mapping[str, Any], expected: Mapping[str, Any], origin: Origin, senders: Senders
) -> MeshTest | Diagnostic:
    asked = case["input"]
    given = asked.get("additional_request_headers") or asked.get("additional_headers") or ()
    try:
        request = Request(
            url=f"{'https' if asked.get('ssl') else 'http'}://{asked['authority']}{asked['path']}",
            method=asked.get("method", "GET"),
            headers=tuple((each["key"], str(each.get("value", ""))) for each in given),
            sender=senders(asked["authority"]),
        )
    except InvalidArgument as error:
        return fault(origin.at("input"), str(error))
    return MeshTest(case["test_name"], request, expected, origin, Holds.SOMETIMES, "validate")


def _router_facts(name: str, wanted: Any) -> Mapping[str, Any] | None:
    """The facts that an assertion asks for; None if they cannot be checked. An empty text means that there is none."""
    match name:
        case "cluster_name":
            return {"cluster": wanted or None}
        case "virtual_host_name":
            return {"virtual_host": wanted or None}
        case "host_rewrite":
            return {"rewrite": {"authority": wanted}}
        case "path_rewrite":
            return {"rewrite": {"path": wanted}}
        case "path_redirect":
            return {"redirect": wanted or None}
        case "request_header_matches":
            return _header_facts("headers", wanted)
        case "response_header_matches":
            return _header_facts("response_headers", wanted)
        case _:
            return None


def _header_facts(fact: str, matches: list[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The facts of header matches with exact values, and of headers that must be absent."""
    exact = {each["name"]: _exact(each) for each in matches if not _is_absent(each)}
    absent = [each["name"] for each in matches if _is_absent(each)]
    if None in exact.values():
        return None
    return {fact: {"set": exact, **({"remove": absent} if absent else {})}}


def _is_absent(match: Mapping[str, Any]) -> bool:
    return match.get("present_match") is False or bool(match.get("present_match") and match.get("invert_match"))


def _exact(match: Mapping[str, Any]) -> str | None:
    if match.get("invert_match"):
        return None
    found = match.get("exact_match", (match.get("string_match") or {}).get("exact"))
    return str(found) if found is not None else None


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> Mapping[str, Any]:
    """The facts of both, with the parts of `rewrite` together."""
    return {key: {**one[key], **value} if key in one and value else value for key, value in other.items()}


def _is_validator(value: Any) -> bool:
    return isinstance(value, Mapping) and "testCases" in value


def _is_router_check(value: Any) -> bool:
    tests = value.get("tests") if isinstance(value, Mapping) else None
    return isinstance(tests, list) and any(isinstance(each, Mapping) and "test_name" in each for each in tests)


FORMATS: Mapping[str, ForeignFormat] = {
    each.name: each
    for each in (
        ForeignFormat("istio-config-validator", _is_validator, ISTIO_CONFIG_VALIDATOR, _validator_tests),
        ForeignFormat("router-check", _is_router_check, ROUTER_CHECK, _router_tests),
    )
}
