"""Spaces, tables and their comparison agree with trying every request over a small alphabet."""

from __future__ import annotations

from contextlib import suppress
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshcompile.spaces.answers import Proved, Refuted, Unknown, disjoint, equivalent, implies
from meshcompile.spaces.comparison import NO_MATCH, Outcomes, differences, same
from meshcompile.spaces.errors import Undecided
from meshcompile.spaces.first_match import FirstMatch, Row, row
from meshcompile.spaces.language import (
    ANY,
    Language,
    containing,
    ending_with,
    exactly,
    matching,
    numbers,
    segments_below,
    starting_with,
)
from meshcompile.spaces.space import EVERYTHING, Space, space
from meshcompile.spaces.values import ABSENT, PRESENT, OptionalText, Ranges, Values, choices, ranges

WORDS = ["".join(letters) for size in range(4) for letters in product("a/", repeat=size)] + ["b", "A"]
TEXTS = [None, "", "a", "aa"]
REQUESTS: list[dict[str, Any]] = [
    {"path": path, "x": x, "port": port, "tls": tls}
    for path in WORDS
    for x in TEXTS
    for port in (0, 5, 9)
    for tls in (True, False)
]
LIMITED = [request for request in REQUESTS if request["port"] != 9]

words = st.text(st.sampled_from("a/"), max_size=3)
languages = st.one_of(
    words.map(exactly),
    st.lists(words, min_size=1, max_size=3).map(lambda texts: exactly(*texts)),
    words.map(starting_with),
    words.map(lambda text: starting_with(text, ignore_case=True)),
    words.map(lambda text: exactly(text, ignore_case=True)),
    words.map(ending_with),
    words.map(containing),
    words.map(segments_below),
    st.sampled_from(["a.*", "(a|b)+", "[^/]*", "/?a?", "(?i)Aa?", ".*/.*", "a{2}/*"]).map(matching),
    st.just(ANY),
)
optional = st.one_of(
    st.sampled_from([ABSENT, PRESENT]),
    languages.map(OptionalText),
    languages.map(lambda language: ~OptionalText(language)),
)
ports = st.lists(st.tuples(st.integers(-1, 9), st.integers(0, 11)), max_size=3).map(lambda pairs: ranges(pairs, 10))
flags = st.sampled_from([choices(True), choices(False), choices(True, False), ~choices(True)])
cubes: st.SearchStrategy[Space] = st.fixed_dictionaries(
    {}, optional={"path": languages, "x": optional, "port": ports, "tls": flags}
).map(space)
spaces = st.one_of(cubes, st.tuples(cubes, cubes).map(lambda pair: pair[0] | pair[1]))
rows = st.lists(spaces.map(row), min_size=1, max_size=6)


def accepted(requests: Space) -> list[bool]:
    """Which of all requests are in a space."""
    return [requests.accepts(request) for request in REQUESTS]


@settings(max_examples=150)
@given(spaces, spaces)
def test_spaces_are_sets(one: Space, other: Space) -> None:
    """The operations on spaces are those of sets, and an example is in its space."""
    left, right = accepted(one), accepted(other)
    assert accepted(one & other) == [a and b for a, b in zip(left, right, strict=True)]
    assert accepted(one | other) == [a or b for a, b in zip(left, right, strict=True)]
    assert accepted(one - other) == [a and not b for a, b in zip(left, right, strict=True)]
    assert accepted(~one) == [not a for a in left]
    for each in (one, other, one & other, one - other, ~one):
        example = each.example()
        assert each.is_empty == (example is None)
        assert example is None or each.accepts(_whole(example))


@settings(max_examples=150)
@given(spaces, spaces)
def test_cubes_of_a_space_are_disjoint(one: Space, other: Space) -> None:
    """No request is in two cubes of a space."""
    for each in (one | other, one - other, ~one):
        for request in REQUESTS:
            assert sum(cube.accepts(request) for cube in each.cubes) <= 1


@settings(max_examples=150)
@given(spaces, spaces)
def test_answers_about_two_spaces(one: Space, other: Space) -> None:
    """What is proved holds for every request, and a witness refutes what it is said to refute."""
    left, right = accepted(one), accepted(other)
    pairs = list(zip(left, right, strict=True))
    match implies(one, other):
        case Proved():
            assert all(b for a, b in pairs if a)
        case Refuted(witness):
            assert one.accepts(_whole(witness))
            assert not other.accepts(_whole(witness))
        case Unknown(reason):
            pytest.fail(reason)
    match disjoint(one, other):
        case Proved():
            assert not any(a and b for a, b in pairs)
        case Refuted(witness):
            assert one.accepts(_whole(witness))
            assert other.accepts(_whole(witness))
        case Unknown(reason):
            pytest.fail(reason)
    if equivalent(one, other) == Proved():
        assert left == right


def first_match(table: list[Row], request: dict[str, Any]) -> int | None:
    """The first row that matches, found by trying all."""
    return next((index for index, each in enumerate(table) if each.certain.accepts(request)), None)


@settings(max_examples=200)
@given(rows)
def test_rows_that_no_request_reaches(table: list[Row]) -> None:
    """No request reaches a row that is proved unreachable, also by the rows of the proof alone, and a witness does."""
    tested = FirstMatch(table)
    hits = [first_match(table, request) for request in REQUESTS]
    assert hits == [tested.hit(request) for request in REQUESTS]
    for index, each in enumerate(table):
        match tested.unreachable(index):
            case Proved(by):
                assert index not in hits
                assert (each.certain - _union(table, by)).is_empty
                assert all(earlier < index for earlier in by)
            case Refuted(witness):
                assert first_match(table, _whole(witness)) == index
            case Unknown(reason):
                pytest.fail(reason)
        assert accepted(tested.remainder(index)) == [hit == index for hit in hits]


@settings(max_examples=100)
@given(rows, st.data())
def test_unknown_conditions_never_make_a_wrong_answer(table: list[Row], data: st.DataObject) -> None:
    """Whatever an unknown condition turns out to be, what is proved and what is refuted stays so."""
    blurred, actual = [], []
    for each in table:
        within = data.draw(spaces)
        possible = each.certain | within
        known = data.draw(st.booleans())
        blurred.append(each if known else Row(each.certain, possible, "a condition is unknown"))
        actual.append(each if known else row(each.certain | (within & data.draw(spaces))))
    hits = [first_match(actual, request) for request in REQUESTS]
    tested = FirstMatch(blurred)
    for index in range(len(table)):
        match tested.unreachable(index):
            case Proved():
                assert index not in hits
            case Refuted(witness):
                assert first_match(actual, _whole(witness)) == index
            case Unknown(reason):
                assert reason == "a condition is unknown"
    for request, hit in zip(REQUESTS, hits, strict=True):
        with suppress(Undecided):
            assert tested.hit(request) == hit


@settings(max_examples=100)
@given(rows, rows, st.data())
def test_differences_of_two_tables(one: list[Row], other: list[Row], data: st.DataObject) -> None:
    """Exactly the requests with different outcomes are in a difference, each in one."""
    other = data.draw(st.sampled_from([other, one, [*one[:2], *other], [*other[:1], *one]]))
    before = [(each, data.draw(st.sampled_from("uvw"))) for each in one]
    after = [(each, data.draw(st.sampled_from("uvw"))) for each in other]
    universe = space(port=ranges([(0, 9)], 10))
    tables = Outcomes(before, universe), Outcomes(after, universe)
    found = list(differences(*tables))
    for request in LIMITED:
        outcomes = _outcome(before, request), _outcome(after, request)
        holding = [each for each in found if each.space.accepts(request)]
        assert len(holding) == (outcomes[0] != outcomes[1])
        for each in holding:
            assert (tables[0].outcomes[each.before], tables[1].outcomes[each.after]) == outcomes
    match same(*tables):
        case Proved():
            assert not found
        case Refuted(witness):
            assert _outcome(before, _whole(witness)) != _outcome(after, _whole(witness))
        case Unknown(reason):
            pytest.fail(reason)


@given(st.integers(-1200, 1200), st.integers(-1200, 1200), st.integers(-1300, 1300))
def test_numbers_in_a_header(low: int, high: int, number: int) -> None:
    """A range holds exactly the integers in it, however they are written."""
    values = numbers(low, high)
    for text in (str(number), f" {number}\t", f"{number:+05d}"):
        assert values.accepts(text) == (low <= number < high)
    assert not values.accepts("")
    assert not values.accepts("1x")
    assert values.is_empty == (low >= high)


@given(languages, languages)
def test_languages_with_the_same_strings(one: Language, other: Language) -> None:
    """Two languages are the same exactly if no string is in one of them only."""
    assert one.same(other) == (one | other).same(one & other)


def _whole(partial: dict[str, Any] | Any) -> dict[str, Any]:
    """A request with some value in the dimensions that an example leaves open."""
    return {"path": "", "x": None, "port": 0, "tls": True, **partial}


def _union(table: list[Row], indexes: tuple[int, ...]) -> Space:
    found = Space()
    for index in indexes:
        found = found | table[index].certain
    return found


def _outcome(table: list[tuple[Row, str]], request: dict[str, Any]) -> Any:
    return next((outcome for each, outcome in table if each.certain.accepts(request)), NO_MATCH)


def test_examples_are_short_and_pleasant() -> None:
    """An example reads as a person would write it."""
    assert (starting_with("/") - exactly("/")).example() == "/a"
    assert (matching("/v[0-9]+/.*") - starting_with("/v0")).example() == "/v1/"
    assert matching("[^a-z]").example() == "0"


def test_what_is_too_large_is_undecided() -> None:
    """A question that would need too much is answered as unknown, with the reason."""
    deep = [OptionalText(matching(f"(a|b)*{letter}(a|b){{11}}"), absent=True) for letter in "ab"]
    assert implies(space(x=deep[0]), space(x=~deep[1])) == Unknown("the strings need more than 5000 states")
    with pytest.raises(Undecided, match="5000 states"):
        space(path=matching("(a|b)*a(a|b){16}"))
    with pytest.raises(Undecided, match="Unicode"):
        matching(r"\pL+")
    with pytest.raises(Undecided, match="positions"):
        matching("(a{900}b){1}c{900}(d{900}e{900}f{900})").automaton  # noqa: B018  # the property is computed here


def test_one_dimension_has_one_type_of_values() -> None:
    """Two types of values in one dimension are a mistake of the caller."""
    wrong: Values = Ranges(((0, 1),), 2)
    with pytest.raises(TypeError, match="one type"):
        space(path=ANY) & space(path=wrong)


def test_everything_is_everything() -> None:
    """The space of all requests needs no dimensions."""
    assert EVERYTHING.example() == {}
    assert (~EVERYTHING).is_empty
