"""RE2's regular expressions as Python's.

    pattern("a(?i)b|[[:digit:]]")   # a(?:(?i:b))|[0-9], compiled

Numbers of groups stay the same; names are dropped. Raises Untranslatable for what has no counterpart, such as classes
of Unicode scripts, and for expressions that RE2 refuses.
"""

import re
from collections.abc import Callable
from sys import maxunicode
from unicodedata import category

from meshcompile.syntax.re2 import GROUP_NAME, POSIX_CLASS, UNICODE_CLASS, syntax_error
from meshcompile.syntax.re2_sets import is_nested, matches_all, parsed

REPETITION = re.compile(r"\{(?:0|[1-9]\d*)(?:,(?:0|[1-9]\d*)?)?\}", re.ASCII)  # without leading zeros
FLAGS = re.compile(r"\(\?([imsU]*)(?:-([imsU]+))?([:)])")
HEXADECIMAL = re.compile(r"x(?:\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{2}))")
OCTAL = re.compile(r"[1-7][0-7]{1,2}|0[0-7]{0,2}")
CONTROLS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
PERL_CLASSES = {"d": "0-9", "s": r"\t\n\f\r ", "w": "0-9A-Za-z_"}
WORD = "[0-9A-Za-z_]"
ANCHORS = {
    "A": r"\A",
    "z": r"\Z",
    "b": f"(?<!{WORD})(?={WORD})|(?<={WORD})(?!{WORD})",
    "B": f"(?<!{WORD})(?!{WORD})|(?<={WORD})(?={WORD})",  # Python's own never matches the empty string
}
POSIX_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}


class Untranslatable(ValueError):
    """The expression has no counterpart in Python. The message says why."""


def pattern(expression: str) -> re.Pattern[str]:
    """The expression, compiled for `fullmatch` and `search`."""
    if (problem := syntax_error(expression)) is not None:
        raise Untranslatable(problem)
    try:
        return re.compile(_Translator(expression).translated())
    except (re.error, OverflowError, RecursionError) as error:
        raise Untranslatable(str(error)) from error


def full_matcher(expression: str) -> Callable[[str], bool]:
    """A function that says whether the expression matches a whole text, in polynomial time.

    Raises Untranslatable as `pattern` does.
    """
    compiled = pattern(expression)
    tree = parsed(_tokens(expression))
    if is_nested(tree):
        return lambda text: matches_all(tree, text)
    return lambda text: compiled.fullmatch(text) is not None


def _tokens(expression: str) -> list[str]:
    translator = _Translator(expression)
    translator.translated()
    return translator.out


class _Translator:
    """Translates an expression in one pass.

    `flags` has one entry for the expression and one for each open group: the flags that hold, and how many groups were
    opened for changes of flags. Such a group ends at the next `|` or `)`, and is opened again after a `|`.
    """

    def __init__(self, expression: str) -> None:
        self.text = expression
        self.at = 0
        self.out: list[str] = []
        self.flags: list[frozenset[str]] = [frozenset()]

    def translated(self) -> str:
        while self.at < len(self.text):
            self._step(self.text[self.at])
        return "".join(self.out)

    def _step(self, character: str) -> None:
        match character:
            case "(":
                self._open()
            case ")":
                self.flags.pop()
                self._add(")", 1)
            case "[":
                self._add(self._folded(self._class()), 0)
            case "\\":
                self._escape()
            case ".":
                self._add("(?s:.)" if "s" in self.flags[-1] else r"[^\n]", 1)
            case "^":
                self._add(r"(?<![^\n])" if "m" in self.flags[-1] else r"(?:\A)", 1)
            case "$":
                self._add(r"(?![^\n])" if "m" in self.flags[-1] else r"(?:\Z)", 1)
            case "|":
                self._add("|", 1)
            case "*" | "+" | "?" | "{":
                self._repetition()
            case other:
                self._add(self._folded(re.escape(other)), 1)

    def _add(self, text: str, length: int) -> None:
        self.out.append(text)
        self.at += length

    def _folded(self, text: str) -> str:
        return f"(?i:{text})" if "i" in self.flags[-1] else text

    def _open(self) -> None:
        if name := GROUP_NAME.match(self.text, self.at):
            self._group("(", name.end())
        elif flags := FLAGS.match(self.text, self.at):
            changed = (self.flags[-1] | set(flags[1])) - set(flags[2] or "")
            self.at = flags.end()
            if flags[3] == ":":
                self.out.append("(?:")
                self.flags.append(changed)
            else:
                self.flags[-1] = changed
        else:
            self._group("(", self.at + 1)

    def _group(self, text: str, end: int) -> None:
        self.out.append(text)
        self.at = end
        self.flags.append(self.flags[-1])

    def _repetition(self) -> None:
        found = REPETITION.match(self.text, self.at) if self.text[self.at] == "{" else None
        if self.text[self.at] == "{" and found is None:
            self._add(r"\{", 1)
            return
        operator = found[0] if found else self.text[self.at]
        self.at += len(operator)
        lazy = self.text.startswith("?", self.at)
        self.at += lazy
        self.out.append(operator + ("?" if lazy != ("U" in self.flags[-1]) else ""))

    def _escape(self) -> None:
        after = self.text[self.at + 1]
        if after in ANCHORS:
            self._add(f"(?:{ANCHORS[after]})", 2)
        elif after == "C":
            self._add("(?s:.)", 2)
        elif after == "Q":
            end = self.text.find(r"\E", self.at + 2)
            end = len(self.text) if end < 0 else end
            quoted = self.text[self.at + 2 : end]
            self.out += [self._folded(re.escape(each)) for each in quoted]
            self.at = end + 2
        elif after == "E":
            self.at += 2
        else:
            item = self._class_item()
            self.out.append(self._folded(item[1:]) if item.startswith("=") else f"[{item}]")

    def _class(self) -> str:
        """The class that starts here."""
        self.at += 1
        negated = self.text.startswith("^", self.at)
        self.at += negated
        items: list[str] = []
        first = True
        while first or self.text[self.at] != "]":
            first = False
            items.append(self._range())
        self.at += 1
        return f"[{'^' if negated else ''}{''.join(items)}]"

    def _range(self) -> str:
        low = self._class_item()
        if not low.startswith("=") or not self.text.startswith("-", self.at) or self.text.startswith("-]", self.at):
            return low.removeprefix("=")
        self.at += 1
        return f"{low[1:]}-{self._class_item()[1:]}"

    def _class_item(self) -> str:
        """What one item of a class matches, as the inside of a class; a single character follows a `=`."""
        if posix := POSIX_CLASS.match(self.text, self.at):
            self.at = posix.end()
            name = posix[1].removeprefix("^")
            if name not in POSIX_CLASSES:
                raise Untranslatable(f"there is no class {name}")
            return _complement(POSIX_CLASSES[name]) if posix[1].startswith("^") else POSIX_CLASSES[name]
        character = self.text[self.at]
        self.at += 1
        if character != "\\":
            return "=" + re.escape(character)
        return self._escaped_item()

    def _escaped_item(self) -> str:
        after = self.text[self.at]
        if after.lower() in PERL_CLASSES:
            self.at += 1
            inside = PERL_CLASSES[after.lower()]
            return _complement(inside) if after.isupper() else inside
        if unicode := UNICODE_CLASS.match(self.text, self.at):
            self.at = unicode.end()
            return _unicode_class(unicode[0])
        if number := HEXADECIMAL.match(self.text, self.at):
            self.at = number.end()
            return "=" + re.escape(chr(int(number[1] or number[2], 16)))
        if octal := OCTAL.match(self.text, self.at):
            self.at = octal.end()
            return "=" + re.escape(chr(int(octal[0], 8)))
        self.at += 1
        return "=" + re.escape(CONTROLS.get(after, after))


def _complement(inside: str) -> str:
    """The inside of a class that matches all characters but those of a class of ASCII."""
    matched = re.compile(f"[{inside}]")
    return _ranges([code for code in range(128) if matched.match(chr(code)) is None]) + r"\x80-\U0010ffff"


def _unicode_class(name: str) -> str:
    found = re.fullmatch(r"\\([pP])(?:\{(\^?)(\w+)\}|(\w))", name)
    wanted = found and (found[3] or found[4])
    if not found or not wanted or len(wanted) > 2:
        raise Untranslatable(f"the class {name} is not supported")
    negated = (found[1] == "P") != (found[2] == "^")
    return _ranges([code for code in range(maxunicode + 1) if category(chr(code)).startswith(wanted) != negated])


def _ranges(codes: list[int]) -> str:
    """The inside of a class with these characters, which are in order."""
    first = [code for at, code in enumerate(codes) if at == 0 or codes[at - 1] != code - 1]
    last = [code for at, code in enumerate(codes) if at == len(codes) - 1 or codes[at + 1] != code + 1]
    return "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in zip(first, last, strict=True))
