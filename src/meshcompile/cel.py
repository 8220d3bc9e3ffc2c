"""Syntax of the Common Expression Language, as `cel-go` parses it.

    syntax_error("response.code >=")   # "it ends too early"
    syntax_error("response.code >= 400 && !connection.mtls")   # None

Names and types are not looked at: istiod does not either.
"""

import math
import re
from collections.abc import Iterator

from meshcompile.words import words

_ESCAPE = r"\\(?:[abfnrtv\\?\"'`]|x[0-9a-fA-F]{2}|X[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2})"
TOKEN = re.compile(
    rf"""
    (?P<blank>[ \t\r\n\f]+ | //[^\n]*)
  | (?P<literal>
        [bB]?[rR](?:\"\"\".*?\"\"\" | '''.*?''' | "[^"\r\n]*" | '[^'\r\n]*')
      | [bB]?(?:\"\"\"(?:[^\\]|{_ESCAPE})*?\"\"\" | '''(?:[^\\]|{_ESCAPE})*?'''
              | "(?:[^"\\\r\n]|{_ESCAPE})*" | '(?:[^'\\\r\n]|{_ESCAPE})*')
      | (?:[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)? | [0-9]+[eE][+-]?[0-9]+ | \.[0-9]+(?:[eE][+-]?[0-9]+)?)
      | (?:0x[0-9a-fA-F]+ | [0-9]+)[uU]?
    )
  | (?P<escaped>`[A-Za-z0-9_.\-/\ ]+`)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<sign>\|\| | && | == | != | <= | >= | [-<>+*/%!?:.,()\[\]{{}}])
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
CONSTANTS = frozenset({"true", "false", "null"})
RESERVED = words(
    """
    as break const continue else for function if import let loop package namespace return var void while
    """
)
COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})
SUMS = frozenset({"+", "-"})
PRODUCTS = frozenset({"*", "/", "%"})
LOOPS = {"all": (2,), "exists": (2,), "exists_one": (2,), "existsOne": (2,), "map": (2, 3), "filter": (2,)}
"""Macros that bind a name -> how many arguments they take."""
DEEPEST = 250

Token = tuple[str, str]
END: Token = ("end", "")


class _Invalid(Exception):
    """What is wrong with the expression."""


def syntax_error(expression: str) -> str | None:
    """What is wrong with the expression; None if it can be parsed."""
    try:
        parser = _Parser((*_tokens(expression), END))
        parser.expression()
        parser.expect("end", "")
    except _Invalid as invalid:
        return str(invalid)
    return None


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise _Invalid(f"`{text[at : at + 10]}` cannot be read")
        at = match.end()
        if match.lastgroup != "blank":
            yield match.lastgroup, match[0]


def _check_number(literal: str, negative: bool) -> None:
    """Refuse a number of more than 64 bits."""
    if re.fullmatch("(0x[0-9a-fA-F]+|[0-9]+)[uU]?", literal):
        digits = literal.rstrip("uU")
        limit = 2**64 if digits != literal else 2**63 + negative
        too_large = int(digits, 16 if digits.startswith("0x") else 10) >= limit
    else:
        too_large = literal[0] in ".0123456789" and math.isinf(float(literal))
    if too_large:
        raise _Invalid(f"`{literal}` is too large")


class _Parser:
    """Recursive descent; each method reads one rule of the grammar and says what it read, as far as macros ask."""

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    def expression(self) -> str:
        self.depth += 1
        if self.depth > DEEPEST:
            raise _Invalid("it nests too deeply")
        shape = self._chain(("||",), lambda: self._chain(("&&",), self._relation))
        if self._skip("?"):
            self._chain(("||",), lambda: self._chain(("&&",), self._relation))
            self.expect("sign", ":")
            self.expression()
            shape = ""
        self.depth -= 1
        return shape

    def expect(self, kind: str, text: str) -> None:
        if self.tokens[self.at] != (kind, text):
            raise self._unexpected()
        self.at += 1

    def _relation(self) -> str:
        return self._chain(COMPARISONS, lambda: self._chain(SUMS, lambda: self._chain(PRODUCTS, self._unary)))

    def _chain(self, operators, operand) -> str:  # type: ignore[no-untyped-def]
        shape: str = operand()
        while self.tokens[self.at][1] in operators and self.tokens[self.at][0] != "literal":
            self.at += 1
            operand()
            shape = ""
        return shape

    def _unary(self) -> str:
        sign = self.tokens[self.at][1]
        if sign not in ("!", "-") or self.tokens[self.at][0] == "literal":
            return self._member()
        count = 0
        while self._skip(sign):
            count += 1
        self._member(negative=sign == "-" and count == 1)
        return ""

    def _member(self, negative: bool = False) -> str:
        shape = self._primary(negative)
        while True:
            if self._skip("."):
                shape = self._selection()
            elif self._skip("["):
                self.expression()
                self.expect("sign", "]")
                shape = ""
            else:
                return shape

    def _selection(self) -> str:
        if self.tokens[self.at][0] == "escaped":
            self.at += 1
            return "selection"
        name = self._identifier(field=True)
        if not self._skip("("):
            return "selection"
        arguments = self._list(")", self.expression)
        if len(arguments) in LOOPS.get(name, ()) and arguments[0] != "name":
            raise _Invalid(f"the first argument of `{name}` is not a name")
        return ""

    def _primary(self, negative: bool) -> str:
        kind, text = self.tokens[self.at]
        if kind == "literal":
            _check_number(text, negative)
        if kind == "literal" or text in CONSTANTS:
            self.at += 1
            return ""
        if self._skip("("):
            shape = self.expression()
            self.expect("sign", ")")
            return shape
        if self._skip("["):
            self._list("]", self.expression, comma_may_end=True)
            return ""
        if self._skip("{"):
            self._list("}", self._entry, comma_may_end=True)
            return ""
        return self._named()

    def _named(self) -> str:
        """A name, a call, or a message such as `a.b.C{d: 1}`."""
        absolute = self._skip(".")
        name = self._identifier(field=False)
        if self._skip("("):
            arguments = self._list(")", self.expression)
            if name == "has" and not absolute and len(arguments) == 1 and arguments[0] != "selection":
                raise _Invalid("the argument of `has` is not a field")
            return ""
        start = self.at
        while self._skip("."):
            if self.tokens[self.at][0] != "name":
                break
            self.at += 1
        if self._skip("{"):
            self._list("}", self._message_field, comma_may_end=True)
            return ""
        self.at = start
        return "name"

    def _entry(self) -> str:
        self.expression()
        self.expect("sign", ":")
        return self.expression()

    def _message_field(self) -> str:
        self._identifier(field=True)
        self.expect("sign", ":")
        return self.expression()

    def _list(self, end: str, item, comma_may_end: bool = False) -> list[str]:  # type: ignore[no-untyped-def]
        items: list[str] = []
        if comma_may_end and self._skip(","):
            self.expect("sign", end)
            return items
        while not self._skip(end):
            if items:
                self.expect("sign", ",")
                if comma_may_end and self._skip(end):
                    break
            items.append(item())
        return items

    def _identifier(self, field: bool) -> str:
        kind, text = self.tokens[self.at]
        if kind != "name" or text in CONSTANTS or text == "in" or (text in RESERVED and not field):
            raise self._unexpected()
        self.at += 1
        return text

    def _skip(self, sign: str) -> bool:
        if self.tokens[self.at] != ("sign", sign):
            return False
        self.at += 1
        return True

    def _unexpected(self) -> _Invalid:
        token = self.tokens[self.at]
        return _Invalid("it ends too early" if token == END else f"`{token[1]}` is not expected there")
