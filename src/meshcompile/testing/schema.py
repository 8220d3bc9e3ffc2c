"""The JSON Schemas of suites and of the output of `meshcompile test -o json`."""

from collections.abc import Mapping
from typing import Any

from meshcompile.json_schema import DIALECT
from meshcompile.testing.facts import ALL_FACTS, WEIGHTS
from meshcompile.testing.shape import Shape

TEXT: Shape = {"type": "string"}
GIVEN: Shape = {
    "type": "object",
    "additionalProperties": False,
    "description": "What the configuration does not say: `apps` with their `status` and `delay`, `externals` by host.",
    "properties": {
        "apps": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"status": {"type": "integer"}, "delay": {"type": "number"}},
            },
        },
        "externals": {"type": "object", "additionalProperties": {"type": "object"}},
    },
}
FROM: Shape = {**TEXT, "description": "Workload that sends the request, such as `deployment/web.shop`, or `outside`."}
REQUEST: Shape = {
    "type": "object",
    "additionalProperties": False,
    "description": "The request, as `meshcompile explain --request` takes it.",
    "properties": {
        "from": FROM,
        "method": {**TEXT, "description": "Method; by default GET."},
        "url": {**TEXT, "description": "URL with scheme and host, such as `http://catalog/items`."},
        "headers": {
            "type": "object",
            "description": "Headers by name. A list of values gives several lines.",
            "additionalProperties": {"type": ["string", "integer", "number", "array"], "items": TEXT},
        },
        "sni": {**TEXT, "description": "Server name of the sender's own TLS; by default the host."},
        "tls": {"type": "boolean", "description": "Whether the sender speaks TLS itself; by default for https."},
        "principal": {**TEXT, "description": "SPIFFE identity of a sender without a proxy."},
        "claims": {"type": ["object", "null"], "description": "Claims of a valid token."},
        "to": {**TEXT, "description": "Gateway that gets a request from outside."},
        "ip": {**TEXT, "description": "Address that is called; by default that of the host."},
        "port": {"type": "integer", "description": "Port that is called; by default that of the URL."},
        "from_ip": {**TEXT, "description": "Address of a sender outside."},
        "given": GIVEN,
    },
}
FACTS: Mapping[str, Shape] = {name: fact.schema for name, fact in ALL_FACTS.items()}
NOT: Shape = {
    "type": "object",
    "additionalProperties": False,
    "description": "Facts that must not hold, each by itself.",
    "properties": FACTS,
}
EXPECTED: Shape = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        **FACTS,
        "weights": WEIGHTS,
        "not": NOT,
        "share": {"type": "number", "description": "In a list: share in percent of the outcomes that this entry fits."},
    },
}
NAME: Shape = {**TEXT, "description": "Name in reports; by default the request."}
ROWS: Shape = {"type": "array", "items": {"type": "object"}}
TEST: Shape = {
    "type": "object",
    "additionalProperties": False,
    "required": ["expect"],
    "properties": {
        "name": NAME,
        "from": FROM,
        "request": REQUEST,
        "given": GIVEN,
        "for each": {
            **ROWS,
            "description": "A table: the test is run for each row, with `${KEY}` replaced by the value of the row.",
        },
        "expect": {
            **EXPECTED,
            "type": ["object", "array"],
            "description": "What every outcome must be. A list has one entry for each outcome, with its share.",
        },
    },
}
SUITE: Shape = {
    "type": "object",
    "additionalProperties": False,
    "required": ["tests"],
    "properties": {
        "name": {**TEXT, "description": "Name of the suite."},
        "from": {**FROM, "description": "Sender of the tests that name none."},
        "request": {**REQUEST, "description": "Parts of the request that the tests do not give."},
        "given": GIVEN,
        "tests": {"type": "array", "description": "The tests."},
    },
}


def suite_schema() -> Mapping[str, Any]:
    """The schema of a `*.meshtest.yaml` file.

    Variables of tables may stand for any value, so editors are told to accept them everywhere.
    """
    test = _with_variables({**TEST, "properties": {**TEST["properties"], "expect": _expect()}})
    suite = {**SUITE, "properties": {**SUITE["properties"], "tests": {**SUITE["properties"]["tests"], "items": test}}}
    return {
        "$schema": DIALECT,
        "$id": "urn:meshcompile:schema:meshtest",
        "title": "*.meshtest.yaml",
        "description": "Tests for `meshcompile test`: a suite, a list of tests, or one test per document.",
        "anyOf": [suite, test, {"type": "array", "items": test}],
    }


def _expect() -> Shape:
    return {**TEST["properties"]["expect"], "items": EXPECTED}


def _with_variables(shape: Shape) -> Shape:
    """The shape, which also accepts `${KEY}` where it does not accept a text."""
    made = dict(shape)
    if "properties" in made:
        made["properties"] = {name: _with_variables(each) for name, each in made["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(made.get(key), Mapping):
            made[key] = _with_variables(made[key])
    if "pattern" in made:
        made["pattern"] = made["pattern"] + r"|\$\{"
    types = [made["type"]] if isinstance(made.get("type"), str) else list(made.get("type", ()))
    if types and not {"string", "object"} & set(types) and types != ["array"]:
        made["type"] = [*types, "string"]
    return made


RESULT: Mapping[str, Shape] = {
    "name": TEXT,
    "file": TEXT,
    "line": {"type": "integer"},
    "result": {"enum": ["passed", "failed", "error"]},
    "request": {"type": "object", "description": "The request, as `--request` takes it."},
    "mismatches": {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["fact", "wanted", "got", "file", "line"],
            "properties": {
                "fact": {**TEXT, "description": "What was expected: `status`, `not host`."},
                "wanted": {},
                "got": {},
                "file": TEXT,
                "line": {"type": "integer"},
            },
        },
    },
    "problem": {"type": ["string", "null"], "description": "Why the test could not be run."},
    "trace": {"description": "For a failed test, the trace of its request, as trace.json describes it; else null."},
}


COVERED: Mapping[str, Shape] = {
    "what": {**TEXT, "description": "Kind of the part: `rule`, `match`, `subset`, `host` and others."},
    "field": TEXT,
    "file": TEXT,
    "line": {"type": "integer"},
    "tests": {"type": "integer", "minimum": 0, "description": "Number of tests that reach it."},
}
COVERAGE: Shape = {
    "type": "object",
    "description": "With `--coverage`: the parts of the input that tests can reach.",
    "required": ["percent", "targets"],
    "properties": {
        "percent": {"type": "number"},
        "targets": {"type": "array", "items": {"type": "object", "required": list(COVERED), "properties": COVERED}},
    },
}


def results_schema() -> Mapping[str, Any]:
    """The schema of the output of `meshcompile test -o json`."""
    count = {"type": "integer", "minimum": 0}
    counts = dict.fromkeys(("tests", "passed", "failed", "errors"), count)
    tests = {"type": "array", "items": {"type": "object", "required": list(RESULT), "properties": RESULT}}
    return {
        "$schema": DIALECT,
        "$id": "urn:meshcompile:schema:test-results",
        "title": "Results of tests",
        "description": "The output of `meshcompile test -o json`.",
        "type": "object",
        "required": ["summary", "tests", "findings"],
        "properties": {
            "summary": {"type": "object", "required": list(counts), "properties": counts},
            "tests": tests,
            "findings": {"type": "array", "description": "What is wrong with the suites, as findings.json says."},
            "coverage": COVERAGE,
        },
    }
