"""The pattern of a regular expression in RE2's syntax.

    pattern("/v[12]/.*")

Envoy matches whole strings, so the greediness of a repetition means nothing here. The strings have no line ends, so
the flags `m` and `s` mean nothing either.
"""

from collections.abc import Callable

from meshcompile.spaces.errors import Undecided
from meshcompile.spaces.letters import (
    ALL,
    NONE,
    WORD,
    Letters,
    beyond_ascii,
    characters,
    code_points,
    complement,
    union,
    without_case,
)
from meshcompile.spaces.patterns import Alternatives, Assertion, OneOf, Pattern, Repetition, Sequence
from meshcompile.syntax.re2 import (
    FLAGS,
    GROUP_NAME,
    PERL_CLASSES,
    POSIX_CLASS,
    REPETITION,
    canonical,
    code_point,
    escape_end,
    syntax_error,
)

DEEPEST = 100
"""How deep groups may nest."""

DIGITS = characters("0123456789")
SPACES = characters("\t ")
LOWER = characters("abcdefghijklmnopqrstuvwxyz")
UPPER = characters("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
GRAPHIC = code_points(0x21, 0x7E)

_PERL = {"d": DIGITS, "s": SPACES, "w": WORD}
_POSIX = {
    "alnum": union((*LOWER, *UPPER, *DIGITS)),
    "alpha": union((*LOWER, *UPPER)),
    "ascii": code_points(0, 0x7F),
    "blank": SPACES,
    "cntrl": characters("\t"),
    "digit": DIGITS,
    "graph": GRAPHIC,
    "lower": LOWER,
    "print": code_points(0x20, 0x7E),
    "punct": characters("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
    "space": SPACES,
    "upper": UPPER,
    "word": WORD,
    "xdigit": characters("0123456789abcdefABCDEF"),
}
_ASSERTIONS = {
    "\\A": Assertion.START,
    "\\z": Assertion.END,
    "\\b": Assertion.WORD_BOUNDARY,
    "\\B": Assertion.NO_WORD_BOUNDARY,
}
_LIMITS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}


def pattern(expression: str) -> Pattern:
    """The pattern of an expression.

    Raises:
        Undecided: The expression is invalid, has classes of Unicode's properties, ignores the case of a letter beyond
            ASCII, or nests too deeply.
    """
    if error := syntax_error(expression):
        raise Undecided(f"`{expression}` is no regular expression of RE2: {error}")
    return _PatternParser(expression).alternatives()


class _PatternParser:
    """Parses a valid expression by recursive descent."""

    def __init__(self, expression: str) -> None:
        self.text = expression
        self.at = 0
        self.ignore_case = False
        self.depth = 0

    def alternatives(self) -> Pattern:
        options = [self._sequence()]
        while self._next("|"):
            options.append(self._sequence())
        return options[0] if len(options) == 1 else Alternatives(tuple(options))

    def _next(self, token: str) -> bool:
        found = self.text.startswith(token, self.at)
        self.at += len(token) if found else 0
        return found

    def _sequence(self) -> Pattern:
        """Operands and their repetitions. A group of flags is no operand: `a(?i)*` repeats the `a`."""
        parts: list[Pattern] = []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            limits = self._limits()
            if limits is None:
                parts.extend(self._operands())
            else:
                parts[-1] = Repetition(parts[-1], *limits)
        return Sequence(tuple(parts))

    def _operands(self) -> list[Pattern]:
        if self._next("\\Q"):
            return self._quoted()
        if self._next("\\E"):
            return []
        if (flags := FLAGS.match(self.text, self.at)) is not None and flags[1] == ")":
            self._set_flags(flags[0])
            return []
        return [self._atom()]

    def _quoted(self) -> list[Pattern]:
        """The letters up to `\\E`."""
        end = self.text.find("\\E", self.at)
        text = self.text[self.at : end if end >= 0 else len(self.text)]
        self.at = end + 2 if end >= 0 else len(self.text)
        return [self._letters(characters(each)) for each in text]

    def _limits(self) -> tuple[int, int | None] | None:
        symbol = self.text[self.at : self.at + 1]
        if symbol in _LIMITS:
            self.at += 1
            limits = _LIMITS[symbol]
        elif (braces := REPETITION.match(self.text, self.at)) and canonical(braces):
            self.at = braces.end()
            least = int(braces[1])
            limits = (least, least if braces[2] is None else int(braces[3]) if braces[3] else None)
        else:
            return None
        self._next("?")
        return limits

    def _atom(self) -> Pattern:
        read = _ATOMS.get(self.text[self.at])
        if read is not None:
            return read(self)
        self.at += 1
        return self._letters(characters(self.text[self.at - 1]))

    def _letters(self, letters: Letters) -> OneOf:
        return OneOf(self._folded(letters))

    def _folded(self, letters: Letters) -> Letters:
        if not self.ignore_case:
            return letters
        if beyond_ascii(letters):
            raise Undecided(f"`{self.text}` ignores the case of letters beyond ASCII")
        return without_case(letters, unicode=True)

    def _dot(self) -> Pattern:
        self.at += 1
        return OneOf(ALL)

    def _caret(self) -> Pattern:
        self.at += 1
        return Assertion.START

    def _dollar(self) -> Pattern:
        self.at += 1
        return Assertion.END

    def _group(self) -> Pattern:
        was = self.ignore_case
        if (flags := FLAGS.match(self.text, self.at)) is not None:
            self._set_flags(flags[0])
        elif (name := GROUP_NAME.match(self.text, self.at)) is not None:
            self.at = name.end()
        else:
            self.at += 1
        return self._grouped(was)

    def _grouped(self, ignore_case: bool) -> Pattern:
        """The pattern up to the closing bracket, where the flags of the group end."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise Undecided(f"a regular expression nests more than {DEEPEST} groups")
        inside = self.alternatives()
        self.at += 1
        self.depth -= 1
        self.ignore_case = ignore_case
        return inside

    def _set_flags(self, group: str) -> None:
        self.at += len(group)
        on, _, off = group.removeprefix("(?").rstrip(":)").partition("-")
        self.ignore_case = (self.ignore_case or "i" in on) and "i" not in off

    def _escape(self) -> Pattern:
        start, symbol = self.at, self.text[self.at : self.at + 2]
        if symbol in _ASSERTIONS:
            self.at += 2
            return _ASSERTIONS[symbol]
        self.at = escape_end(self.text, start, classes=True)
        if symbol[1] in PERL_CLASSES:
            return OneOf(self._perl(symbol[1]))
        return self._letters(self._code_points(start, start))

    def _perl(self, symbol: str) -> Letters:
        letters = self._folded(_PERL[symbol.lower()])
        return complement(letters) if symbol.isupper() else letters

    def _code_points(self, low: int, high: int) -> Letters:
        """The letters from the character or escape at `low` to the one at `high`."""
        return code_points(self._code_point(low), self._code_point(high))

    def _code_point(self, start: int) -> int:
        escaped = self.text[start] == "\\"
        if escaped and self.text[start + 1] in "pP":
            raise Undecided(f"`{self.text}` has a class of Unicode's properties")
        end = escape_end(self.text, start, classes=False) if escaped else start + 1
        return code_point(self.text[start:end])

    def _class(self) -> Pattern:
        self.at += 1
        negated = self._next("^")
        letters, first = NONE, True
        while first or not self._next("]"):
            letters = union((*letters, *self._item()))
            first = False
        return OneOf(complement(letters) if negated else letters)

    def _item(self) -> Letters:
        """The letters of one item of a class."""
        if posix := POSIX_CLASS.match(self.text, self.at):
            self.at = posix.end()
            letters = self._folded(_POSIX[posix[1].removeprefix("^")])
            return complement(letters) if posix[1].startswith("^") else letters
        symbol = self.text[self.at : self.at + 2]
        if symbol[0] == "\\" and symbol[1] in PERL_CLASSES:
            self.at += 2
            return self._perl(symbol[1])
        return self._folded(self._range())

    def _range(self) -> Letters:
        low = high = self._class_symbol()
        if self.text.startswith("-", self.at) and not self.text.startswith("-]", self.at):
            self.at += 1
            high = self._class_symbol()
        return self._code_points(low, high)

    def _class_symbol(self) -> int:
        """The place of a character or of an escape, which is passed."""
        start = self.at
        self._code_point(start)
        self.at = escape_end(self.text, start, classes=False) if self.text[start] == "\\" else start + 1
        return start


_ATOMS: dict[str, Callable[[_PatternParser], Pattern]] = {
    "(": _PatternParser._group,
    "[": _PatternParser._class,
    ".": _PatternParser._dot,
    "^": _PatternParser._caret,
    "$": _PatternParser._dollar,
    "\\": _PatternParser._escape,
}
