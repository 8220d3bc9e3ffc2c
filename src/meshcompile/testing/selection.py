"""Selects tests with an expression, as `pytest -k` does: `checkout and not (slow or egress)`."""

import re
from collections.abc import Callable, Sequence

from meshcompile.errors import InvalidArgument

TOKEN = re.compile(r"\s*([()]|[^\s()]+)")
Selects = Callable[[str], bool]


def selection(expression: str) -> Selects:
    """Whether a text fits an expression. A word fits every text that has it, in small or capital letters.

    Raises InvalidArgument for an expression that is incomplete.
    """
    parser = _ExpressionReader(TOKEN.findall(expression), expression)
    selects = parser.alternatives()
    if parser.tokens:
        raise parser.unexpected()
    return selects


class _ExpressionReader:
    """Reads an expression from left to right."""

    def __init__(self, tokens: Sequence[str], expression: str) -> None:
        self.tokens, self.expression = list(tokens), expression

    def alternatives(self) -> Selects:
        found = self._conjunction()
        while self._takes("or"):
            found = _either(found, self._conjunction())
        return found

    def _conjunction(self) -> Selects:
        found = self._negation()
        while self._takes("and"):
            found = _both(found, self._negation())
        return found

    def _negation(self) -> Selects:
        if self._takes("not"):
            inner = self._negation()
            return lambda text: not inner(text)
        return self._word()

    def _word(self) -> Selects:
        if self._takes("("):
            inner = self.alternatives()
            if not self._takes(")"):
                raise self.unexpected()
            return inner
        if not self.tokens or self.tokens[0] in ("and", "or", ")"):
            raise self.unexpected()
        word = self.tokens.pop(0).lower()
        return lambda text: word in text.lower()

    def _takes(self, token: str) -> bool:
        found = bool(self.tokens) and self.tokens[0] == token
        if found:
            self.tokens.pop(0)
        return found

    def unexpected(self) -> InvalidArgument:
        """The error about the next token."""
        found = f"found `{self.tokens[0]}`" if self.tokens else "it ends too early"
        return InvalidArgument(f"-k {self.expression!r}: expected words with `and`, `or`, `not` and ( ): {found}")


def _either(one: Selects, other: Selects) -> Selects:
    return lambda text: one(text) or other(text)


def _both(one: Selects, other: Selects) -> Selects:
    return lambda text: one(text) and other(text)
