"""Reads suites: the tests of a file, one for each row of their tables, and what is wrong with them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum, auto
from typing import Any

from msgspec import Struct

from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document, Origin
from meshcompile.errors import InvalidArgument
from meshcompile.explain.request import Request
from meshcompile.testing.comparing import seconds
from meshcompile.testing.schema import EXPECTED, ROWS, SUITE, TEST
from meshcompile.testing.shape import fault, faults, nearest

VARIABLE = re.compile(r"\$\{([^}]*)\}")


class Holds(Enum):
    """For which outcomes all facts of a test together must hold."""

    ALWAYS = auto()  # for every outcome
    SOMETIMES = auto()  # for one of them
    NEVER = auto()  # for none of them


class MeshTest(Struct, frozen=True):
    """A request, and what must become of it.

    `expected` is one mapping of facts for every outcome, or a list of them, one for each outcome. `origin` is the place
    of the test, and `field` has what is expected. Only tests of other programs hold sometimes or never.
    """

    name: str
    request: Request
    expected: Any
    origin: Origin
    holds: Holds = Holds.ALWAYS
    field: str = "expect"

    @property
    def wanted(self) -> Origin:
        """The place of what is expected."""
        return self.origin.at(self.field)


class SuiteReading(Struct, frozen=True):
    """The tests that can be run, in order, and findings about the others."""

    tests: tuple[MeshTest, ...]
    diagnostics: tuple[Diagnostic, ...]


def suites(documents: Iterable[Document]) -> SuiteReading:
    """The tests of the documents of suites."""
    tests: list[MeshTest] = []
    wrong: list[Diagnostic] = []
    for document in documents:
        for each in _of_document(document):
            (tests if isinstance(each, MeshTest) else wrong).append(each)  # type: ignore[arg-type]  # sorted by type
    return SuiteReading(tuple(tests), tuple(dict.fromkeys(wrong)))


def _of_document(document: Document) -> Iterator[MeshTest | Diagnostic]:
    """The tests of a suite, of a list of tests, or of a document that is one test."""
    value, top = document.value, Origin(document)
    match value:
        case list():
            yield from _of_tests({}, value, top)
        case Mapping() if "expect" in value:
            yield from _of_test({}, value, top)
        case Mapping():
            wrong = list(faults(value, SUITE, top))
            yield from wrong
            if not wrong:
                yield from _of_tests(value, value["tests"], top.at("tests"))
        case _:
            yield from faults(value, SUITE, top)


def _of_tests(suite: Mapping[str, Any], tests: list[Any], top: Origin) -> Iterator[MeshTest | Diagnostic]:
    for index, test in enumerate(tests):
        yield from _of_test(suite, test, top.at(index))


def _of_test(suite: Mapping[str, Any], test: Any, origin: Origin) -> Iterator[MeshTest | Diagnostic]:
    """The tests of one entry: one for each row of its table."""
    rows = test.get("for each") if isinstance(test, Mapping) else None
    if rows is None:
        yield from _checked(suite, test, origin)
        return
    wrong = list(faults(rows, ROWS, origin.at("for each")))
    yield from wrong
    for row in () if wrong else rows:
        unknown = list(_unknown_variables({key: test[key] for key in test if key != "for each"}, row, origin))
        yield from unknown
        if not unknown:
            yield from _checked(suite, _row_test(test, row), origin)


def _unknown_variables(value: Any, row: Mapping[str, Any], origin: Origin) -> Iterator[Diagnostic]:
    match value:
        case str():
            for name in VARIABLE.findall(value):
                if name not in row:
                    hint = nearest(name, list(row)) or f"the row has {', '.join(row)}"
                    yield fault(origin, f"`${{{name}}}` is not in every row of the table", hint)
        case Mapping():
            for key, item in value.items():
                yield from _unknown_variables(item, row, origin.at(key))
        case list():
            for index, item in enumerate(value):
                yield from _unknown_variables(item, row, origin.at(index))
        case _:
            return


def _filled(value: Any, row: Mapping[str, Any]) -> Any:
    """The value with the variables of a row. A text that is only a variable becomes its value."""
    match value:
        case str() if (only := VARIABLE.fullmatch(value)) is not None:
            return row[only[1]]
        case str():
            return VARIABLE.sub(lambda found: str(row[found[1]]), value)
        case Mapping():
            return {key: _filled(item, row) for key, item in value.items()}
        case list():
            return [_filled(item, row) for item in value]
        case _:
            return value


def _row_test(test: Mapping[str, Any], row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The test of a row. If its name does not say which one, the values of the row follow it."""
    filled = {key: _filled(value, row) for key, value in test.items() if key != "for each"}
    if "name" not in test or VARIABLE.search(str(test["name"])):
        return filled
    return {**filled, "name": f"{test['name']} [{', '.join(f'{key}={value}' for key, value in row.items())}]"}


def _checked(suite: Mapping[str, Any], test: Any, origin: Origin) -> Iterator[MeshTest | Diagnostic]:
    """The test, or what is wrong with it."""
    wrong = list(faults(test, TEST, origin))
    if not wrong:
        wrong = list(_wrong_expectations(test["expect"], origin.at("expect")))
    yield from wrong
    if wrong:
        return
    try:
        request = Request.from_dict(_request(suite, test))
    except InvalidArgument as error:
        yield fault(origin.at("request"), str(error))
        return
    yield MeshTest(_name(suite, test, request), request, test["expect"], origin)


def _wrong_expectations(expected: Any, origin: Origin) -> Iterator[Diagnostic]:
    if not expected:
        yield fault(origin, "`expect` is empty, so the test cannot fail")
    for index, each in enumerate(expected if isinstance(expected, list) else ()):
        yield from faults(each, EXPECTED, origin.at(index))
    for each, place in _mappings(expected, origin):
        yield from _wrong_durations(each, place)


def _mappings(expected: Any, origin: Origin) -> Iterator[tuple[Mapping[str, Any], Origin]]:
    """All mappings of facts, those of `not` included."""
    several = enumerate(expected) if isinstance(expected, list) else ()
    for each, place in (
        [(expected, origin)] if isinstance(expected, Mapping) else [(e, origin.at(i)) for i, e in several]
    ):
        yield each, place
        if "not" in each:
            yield each["not"], place.at("not")


def _wrong_durations(expected: Mapping[str, Any], origin: Origin) -> Iterator[Diagnostic]:
    retries = expected.get("retries")
    given = [("timeout", expected.get("timeout"), origin.at("timeout"))]
    if isinstance(retries, Mapping):
        given.append(("per_try_timeout", retries.get("per_try_timeout"), origin.at("retries", "per_try_timeout")))
    for name, value, place in given:
        try:
            seconds(value)
        except ValueError:
            yield fault(place, f"`{name}`: `{value}` is no duration", "write it like `3s` or `500ms`")


def _request(suite: Mapping[str, Any], test: Mapping[str, Any]) -> Mapping[str, Any]:
    """The request of a test. What it does not say comes from its suite."""
    given = {**suite.get("request", {}), **test.get("request", {})}
    headers = {**suite.get("request", {}).get("headers", {}), **test.get("request", {}).get("headers", {})}
    for key in ("from", "given"):
        if key in test or key in suite:
            given[key] = test.get(key, suite.get(key))
    return {**given, **({"headers": headers} if headers else {})}


def _name(suite: Mapping[str, Any], test: Mapping[str, Any], request: Request) -> str:
    """The name of a test, after that of its suite. Without one, the request."""
    name = test.get("name") or f"{request.method} {request.url} from {request.sender}"
    return f"{suite['name']}: {name}" if suite.get("name") else name
