"""Tokens of the Common Expression Language: the lexer of `cel-go`, and its checks of literals."""

import math
import re
from collections.abc import Iterator
from typing import Literal, NamedTuple, cast

MOST_CHARACTERS = 100_000

_ESCAPE = r"\\(?:[abfnrtv\\?\"'`]|x[0-9a-fA-F]{2}|X[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2})"
TOKEN = re.compile(
    rf"""
    (?P<blank>[ \t\r\n\f]+ | //[^\n]*)
  | (?P<text>
        [bB]?[rR](?:\"\"\".*?\"\"\" | '''.*?''' | "[^"\r\n]*" | '[^'\r\n]*')
      | [bB]?(?:\"\"\"(?:[^\\]|{_ESCAPE})*?\"\"\" | '''(?:[^\\]|{_ESCAPE})*?'''
              | "(?:[^"\\\r\n]|{_ESCAPE})*" | '(?:[^'\\\r\n]|{_ESCAPE})*')
    )
  | (?P<float>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)? | [0-9]+[eE][+-]?[0-9]+ | \.[0-9]+(?:[eE][+-]?[0-9]+)?)
  | (?P<uint>(?:0x[0-9a-fA-F]+ | [0-9]+)[uU])
  | (?P<int>0x[0-9a-fA-F]+ | [0-9]+)
  | (?P<escaped>`[A-Za-z0-9_.\-/\ ]+`)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<sign>\|\| | && | == | != | <= | >= | [-<>+*/%!?:.,()\[\]{{}}])
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
CODE_POINT = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|.)", re.DOTALL)
"""An escape sequence. For escapes by code point, the group has the number."""

TokenKind = Literal["text", "float", "uint", "int", "constant", "escaped", "name", "sign", "end"]
KEYWORDS: dict[str, TokenKind] = {"true": "constant", "false": "constant", "null": "constant", "in": "sign"}
"""Words that are never names, not even of fields."""


class Token(NamedTuple):
    """A token of an expression. An empty text marks the end."""

    kind: TokenKind
    text: str


END = Token("end", "")


class CelSyntaxError(Exception):
    """The reason why an expression cannot be parsed."""


def tokens(expression: str) -> Iterator[Token]:
    """The tokens of an expression without white space and comments, followed by END. Raises CelSyntaxError."""
    if len(expression) > MOST_CHARACTERS:
        raise CelSyntaxError(f"it has more than {MOST_CHARACTERS} characters")
    at = 0
    while at < len(expression):
        match = TOKEN.match(expression, at)
        if match is None:
            raise CelSyntaxError(f"`{expression[at : at + 10]}` cannot be read")
        at = match.end()
        if match.lastgroup != "blank":
            kind = cast(TokenKind, match.lastgroup)  # the group names of the pattern
            yield _checked(Token(KEYWORDS.get(match[0], kind), match[0]))
    yield END


def _checked(token: Token) -> Token:
    """The token. Raises CelSyntaxError for a string with an escape that is not a character."""
    if token.kind == "text" and "r" not in token.text[:2].lower():
        in_bytes = token.text[0] in "bB"
        for escape in CODE_POINT.finditer(token.text):
            digits = escape[1] or escape[2]
            if digits and (in_bytes or not _is_character(int(digits, 16))):
                raise CelSyntaxError(f"`{escape[0]}` is not a character" + (" of bytes" if in_bytes else ""))
    return token


def _is_character(code_point: int) -> bool:
    """Whether a code point is in Unicode's range and is not a surrogate."""
    return code_point <= 0x10FFFF and not 0xD800 <= code_point <= 0xDFFF


def check_number(token: Token, negative: bool) -> None:
    """Raise CelSyntaxError for a number that does not fit into 64 bits."""
    digits = token.text.rstrip("uU")
    match token.kind:
        case "float":
            too_large = math.isinf(float(digits))
        case "uint":
            too_large = _whole(digits) >= 2**64
        case _:
            too_large = _whole(digits) >= 2**63 + negative
    if too_large:
        raise CelSyntaxError(f"`{token.text}` is too large")


def _whole(digits: str) -> int:
    """The value of hexadecimal or decimal digits. Too many decimal digits yield an arbitrary large number."""
    if digits.startswith("0x"):
        return int(digits, 16)
    significant = digits.lstrip("0")
    return int(significant or "0") if len(significant) < 30 else 10**30
