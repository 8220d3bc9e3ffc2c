"""Syntax of the Common Expression Language, as `cel-go` parses it.

    syntax_error("response.code >=")   # "it ends too early"
    syntax_error("response.code >= 400 && !connection.mtls")   # None

Names and types are not checked, as in istiod.
"""

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from enum import Enum, auto

from meshcompile.syntax.cel_macros import COMPUTED, Expr, Ident, Select, called, check_loop
from meshcompile.syntax.cel_tokens import CelSyntaxError, Token, TokenKind, check_number, tokens
from meshcompile.words import words

RESERVED = words(
    """
    as break const continue else for function if import let loop package namespace return var void while
    """
)
"""Words that may name fields and messages, but not variables and functions."""
COMPARISONS = dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), 1)
ARITHMETIC = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2}
"""The precedence of each operator. A higher number binds more tightly."""
DEEPEST = 250


class Rule(Enum):
    """Grammar rules that are recursive. Each may nest `DEEPEST` times."""

    EXPRESSION = auto()
    RELATION = auto()
    ARITHMETIC = auto()
    MEMBER = auto()


Reading = Generator["Reading", Expr, Expr]
"""A grammar rule in progress. It yields the rules for its subexpressions, and receives their results."""


def syntax_error(expression: str) -> str | None:
    """The problem with the expression, or None if it can be parsed."""
    try:
        parse(expression)
    except CelSyntaxError as error:
        return str(error)
    return None


def parse(expression: str) -> Expr:
    """The outermost node of the expression. Raises CelSyntaxError."""
    parser = _Parser(tuple(tokens(expression)))
    expr = _read(parser.expression())
    parser.expect("end", "")
    return expr


def _read(reading: Reading) -> Expr:
    """The result of a grammar rule. Rules that it yields run on an explicit stack."""
    stack = [reading]
    child: Expr | None = None
    while True:
        try:
            stack.append(next(stack[-1]) if child is None else stack[-1].send(child))
            child = None
        except StopIteration as end:
            stack.pop()
            result: Expr = end.value
            if not stack:
                return result
            child = result


class _Parser:
    """A recursive descent parser. Each method reads one grammar rule.

    Expressions may nest deeper than Python's call stack. So a method yields the rules for its subexpressions instead of
    calling them.
    """

    def __init__(self, found: tuple[Token, ...]) -> None:
        self.tokens = found
        self.at = 0
        self.depths: Counter[Rule] = Counter()

    def expression(self) -> Reading:
        with self._nested(Rule.EXPRESSION):
            operand = yield from self._or()
            if not self._skip("?"):
                return operand
            yield from self._or()
            self.expect("sign", ":")
            yield self.expression()
            return COMPUTED

    def expect(self, kind: TokenKind, text: str) -> None:
        if self.tokens[self.at] != (kind, text):
            raise self._unexpected()
        self.at += 1

    def _or(self) -> Reading:
        operand = yield from self._and()
        while self._skip("||"):
            yield from self._and()
            operand = COMPUTED
        return operand

    def _and(self) -> Reading:
        operand = yield from self._relation()
        while self._skip("&&"):
            yield from self._relation()
            operand = COMPUTED
        return operand

    def _relation(self) -> Reading:
        return (yield from self._operation(Rule.RELATION, COMPARISONS, self._arithmetic))

    def _arithmetic(self) -> Reading:
        return (yield from self._operation(Rule.ARITHMETIC, ARITHMETIC, self._unary))

    def _operation(
        self, rule: Rule, operators: Mapping[str, int], operand: Callable[[], Reading], tighter_than: int = 0
    ) -> Reading:
        """Operands joined by operators of at least this precedence. Each operator is another level of nesting."""
        with self._nested(rule):
            left = yield from operand()
            while (level := self._operator_level(operators)) > tighter_than:
                self._deepen(rule)
                self.at += 1
                yield from self._operation(rule, operators, operand, level)
                left = COMPUTED
            return left

    def _operator_level(self, operators: Mapping[str, int]) -> int:
        token = self.tokens[self.at]
        return operators.get(token.text, 0) if token.kind == "sign" else 0

    def _unary(self) -> Reading:
        signs = () if self._at_negative_number() else ("!", "-")
        for sign in signs:
            if self._skip(sign):
                while self._skip(sign):
                    pass
                yield from self._member()
                return COMPUTED
        return (yield from self._member())

    def _at_negative_number(self) -> bool:
        """Whether the next token is a `-` that belongs to the following number."""
        return self.tokens[self.at] == ("sign", "-") and self.tokens[self.at + 1].kind in ("int", "float")

    def _member(self) -> Reading:
        with self._nested(Rule.MEMBER):
            target = yield from self._primary()
            while True:
                if self._skip("."):
                    self._deepen(Rule.MEMBER)
                    target = yield from self._selection()
                elif self._skip("["):
                    self._deepen(Rule.MEMBER)
                    yield self.expression()
                    self.expect("sign", "]")
                    target = COMPUTED
                else:
                    return target

    def _selection(self) -> Reading:
        """A field selection or a method call."""
        if self.tokens[self.at].kind == "escaped":
            return Select(self._next())
        name = self._name()
        if not self._skip("("):
            return Select(name)
        arguments = yield from self._arguments()
        check_loop(name, arguments)
        return COMPUTED

    def _primary(self) -> Reading:
        negative = self._at_negative_number() and self._skip("-")
        token = self.tokens[self.at]
        match token.kind:
            case "int" | "uint" | "float":
                check_number(token, negative)
                self.at += 1
                return COMPUTED
            case "text" | "constant":
                self.at += 1
                return COMPUTED
            case "sign" if token.text in "([{":
                self.at += 1
                return (yield from self._enclosed(token.text))
            case _:
                return (yield from self._named())

    def _enclosed(self, bracket: str) -> Reading:
        """An expression in parentheses, a list or a map."""
        match bracket:
            case "(":
                inner = yield self.expression()
                self.expect("sign", ")")
                return inner
            case "[":
                yield from self._elements("]", self.expression)
            case _:
                yield from self._elements("}", self._entry)
        return COMPUTED

    def _named(self) -> Reading:
        """A variable, a call, or a message such as `a.b.C{d: 1}`."""
        dot = "." if self._skip(".") else ""
        start = self.at
        name = self._name()
        if self._at_message():
            yield from self._elements("}", self._message_field)
            return COMPUTED
        if name in RESERVED:
            self.at = start
            raise self._unexpected()
        if not self._skip("("):
            return Ident(dot + name)
        return called(dot + name, (yield from self._arguments()))

    def _at_message(self) -> bool:
        """Whether further names and a `{` follow. Only then are these tokens consumed."""
        start = self.at
        while self._skip("."):
            if self.tokens[self.at].kind != "name":
                break
            self.at += 1
        if self._skip("{"):
            return True
        self.at = start
        return False

    def _entry(self) -> Reading:
        yield self.expression()
        self.expect("sign", ":")
        return (yield self.expression())

    def _message_field(self) -> Reading:
        if self.tokens[self.at].kind == "escaped":
            self.at += 1
        else:
            self._name()
        self.expect("sign", ":")
        return (yield self.expression())

    def _arguments(self) -> Generator[Reading, Expr, tuple[Expr, ...]]:
        """The arguments of a call, up to the closing parenthesis."""
        if self._skip(")"):
            return ()
        arguments = [(yield self.expression())]
        while not self._skip(")"):
            self.expect("sign", ",")
            arguments.append((yield self.expression()))
        return tuple(arguments)

    def _elements(self, end: str, element: Callable[[], Reading]) -> Generator[Reading, Expr, None]:
        """Elements up to the closing bracket. A trailing comma is allowed, also on its own."""
        while not self._skip(end):
            if self.tokens[self.at] != ("sign", ","):
                yield element()
            if not self._skip(","):
                self.expect("sign", end)
                return
            if self.tokens[self.at] == ("sign", ","):
                raise self._unexpected()

    def _name(self) -> str:
        if self.tokens[self.at].kind != "name":
            raise self._unexpected()
        return self._next()

    def _next(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1].text

    def _skip(self, sign: str) -> bool:
        if self.tokens[self.at] != ("sign", sign):
            return False
        self.at += 1
        return True

    @contextmanager
    def _nested(self, rule: Rule) -> Iterator[None]:
        """Read a subexpression inside a rule. Its nesting ends with it."""
        before = self.depths[rule]
        self._deepen(rule)
        yield
        self.depths[rule] = before

    def _deepen(self, rule: Rule) -> None:
        self.depths[rule] += 1
        if self.depths[rule] > DEEPEST:
            raise CelSyntaxError("it nests too deeply")

    def _unexpected(self) -> CelSyntaxError:
        token = self.tokens[self.at]
        return CelSyntaxError("it ends too early" if token.kind == "end" else f"`{token.text}` is not expected there")
