"""Headers: names that can be matched or changed, and values with Envoy's `%COMMANDS%`.

Follows istiod's `validation.go`, and its `header_value_validator.go`, which mirrors Envoy's parser.
"""

import re
from collections.abc import Mapping

from meshcompile.codes import validation as codes
from meshcompile.models.networking.virtual_service import HeaderOperations, Headers, HTTPRewrite
from meshcompile.validate.checks import HEADER_NAME, Found

PSEUDO_HEADERS = frozenset({":method", ":scheme", ":authority", ":path", ":status"})
CLAIM = re.compile(r"@request\.auth\.claims(\..+|\[.+\])", re.IGNORECASE | re.DOTALL)
CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f]")

TEXT, NAME, ARGUMENT, LIST_ITEM, STRING, AFTER_STRING, LIST_END, COMMAND_END = range(8)
"""Where Envoy's parser is: in `text`, `%NAME(` or `%NAME( ["string" , ] ) %`; a bare argument is read as a string."""
NEXT = {
    (NAME, "%"): TEXT,
    (NAME, "("): ARGUMENT,
    (ARGUMENT, "["): LIST_ITEM,
    (LIST_ITEM, '"'): STRING,
    (STRING, ")"): COMMAND_END,
    (STRING, '"'): AFTER_STRING,
    (AFTER_STRING, ","): LIST_ITEM,
    (AFTER_STRING, "]"): LIST_END,
    (LIST_END, ")"): COMMAND_END,
    (COMMAND_END, "%"): TEXT,
}
"""The next state, by state and character."""
ELSE = {NAME: NAME, STRING: STRING, ARGUMENT: STRING}
"""The next state for characters that are not in NEXT. In states that are not listed, only spaces are allowed."""


def is_claim(name: str) -> bool:
    """Whether the name of a header refers to a claim of a token."""
    return CLAIM.fullmatch(name) is not None


def is_matchable(name: str) -> bool:
    """Whether a match can use a header of this name."""
    return bool(HEADER_NAME.fullmatch(name)) or name in PSEUDO_HEADERS or is_claim(name)


def changes(headers: Headers) -> Found:
    """Findings about changes to the headers of requests and responses."""
    if headers.request is not None:
        yield from _changes(headers.request, authority_allowed=True)
    if headers.response is not None:
        yield from _changes(headers.response, authority_allowed=False)


def _changes(operations: HeaderOperations, authority_allowed: bool) -> Found:
    for field in ("add", "set"):
        values: Mapping[str, str] = getattr(operations, field)
        for name, value in values.items():
            if not (authority_allowed and is_authority(name)) and (problem := _name_problem(name)):
                yield codes.HEADER_NAME(operations.at(field, name), value=name, problem=problem)
            if problem := value_problem(value):
                yield codes.HEADER_VALUE(operations.at(field, name), value=value, problem=problem)
    for index, name in enumerate(operations.remove):
        if problem := _name_problem(name):
            yield codes.HEADER_NAME(operations.at("remove", index), value=name, problem=problem)


def is_authority(name: str) -> bool:
    """Whether a header sets the authority of requests."""
    return name.lower() in (":authority", "host")


def _name_problem(name: str) -> str | None:
    if not name:
        return ": it is empty"
    if name.lower() == "host":
        return ": Host cannot be changed here"
    return ": headers that begin with `:` cannot be changed" if name.startswith(":") else None


def value_problem(value: str) -> str | None:
    """The reason why Envoy cannot format the value, or None."""
    if CONTROL.search(value):
        return "it contains control characters"
    return _command_problem(value) if "%" in value else None


def authority_twice(rewrite: HTTPRewrite | None, headers: Headers | None) -> Found:
    """Settings of the authority that follow an earlier one."""
    set_before = rewrite.authority if rewrite is not None else ""
    request = headers.request if headers is not None else None
    if request is None:
        return
    for field in ("set", "add"):
        values: Mapping[str, str] = getattr(request, field)
        for name, value in values.items():
            if is_authority(name):
                if set_before:
                    yield codes.AUTHORITY_TWICE(request.at(field, name))
                set_before = value


def _command_problem(value: str) -> str | None:
    state, characters = TEXT, iter(value)
    for character in characters:
        if state == TEXT:
            if character != "%":
                continue
            following = next(characters, None)
            if following is None:
                return "the `%` at the end does not begin a command"
            if following == "%":
                continue
            state, character = NAME, following
        if state == STRING and character == "\\":
            if next(characters, None) is None:
                return "a `\\` at the end escapes nothing"
        elif (state, character) in NEXT:
            state = NEXT[state, character]
        elif character != " " or state in (NAME, STRING):
            if state not in ELSE:
                return f"`{character}` is not expected in a command"
            state = ELSE[state]
    return None if state == TEXT else "a command has no end"
