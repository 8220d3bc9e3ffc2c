"""Syntax of RE2's regular expressions, as Go's `regexp` checks it.

    syntax_error("a(?=b)")   # "`(?=` is not supported"
    syntax_error("/v[12]/.*")   # None

Follows Go's `regexp/syntax`: no lookaround, no backreferences, no possessive or stacked repetitions, at most 1000
repetitions, nested ones multiplied. Nothing is matched here.
"""

import re
from collections.abc import Callable

from meshcompile.words import words

MOST_REPETITIONS = 1000
DEEPEST = 1000

REPETITION = re.compile(r"\{(\d+)(?:(,)(\d*))?\}", re.ASCII)
GROUP_NAME = re.compile(r"\(\?P?<([^>]*)>")
FLAGS = re.compile(r"\(\?(?:[imsU]*|[imsU]*-[imsU]+)([:)])")
POSIX_CLASS = re.compile(r"\[:(\^?[a-z0-9]*):\]")
HEXADECIMAL = re.compile(r"x(?:\{([0-9a-fA-F]+)\}|[0-9a-fA-F]{2})")
UNICODE_CLASS = re.compile(r"[pP](?:\{\^?([^}]*)\}|(.))", re.DOTALL)
OCTAL = re.compile(r"[1-7][0-7]{1,2}|0[0-7]{0,2}")

PERL_CLASSES = frozenset("dDsSwW")
ANCHORS = frozenset("AbBz")
CONTROLS = frozenset("afnrtv")
POSIX_CLASSES = words(
    """
    alnum alpha ascii blank cntrl digit graph lower print punct space upper word xdigit
    """
)
CATEGORIES = words(
    """
    c cc cf cn co cs l lc ll lm lo lt lu m mc me mn n nd nl no p pc pd pe pf pi po ps s sc sk sm so z zl zp zs any
    ascii assigned other control cntrl format unassigned privateuse surrogate letter casedletter lowercaseletter
    modifierletter otherletter titlecaseletter uppercaseletter mark combiningmark spacingmark enclosingmark
    nonspacingmark number decimalnumber digit letternumber othernumber punctuation punct connectorpunctuation
    dashpunctuation closepunctuation finalpunctuation initialpunctuation otherpunctuation openpunctuation symbol
    currencysymbol modifiersymbol mathsymbol othersymbol separator lineseparator paragraphseparator spaceseparator
    """
)
"""Unicode's general categories and their long names, folded as Go folds them: lower case, no blanks, `-` and `_`."""
SCRIPTS = words(
    """
    adlam ahom anatolianhieroglyphs arabic armenian avestan balinese bamum bassavah batak bengali bhaiksuki bopomofo
    brahmi braille buginese buhid canadianaboriginal carian caucasianalbanian chakma cham cherokee chorasmian common
    coptic cuneiform cypriot cyprominoan cyrillic deseret devanagari divesakuru dogra duployan egyptianhieroglyphs
    elbasan elymaic ethiopic georgian glagolitic gothic grantha greek gujarati gunjalagondi gurmukhi han hangul
    hanifirohingya hanunoo hatran hebrew hiragana imperialaramaic inherited inscriptionalpahlavi
    inscriptionalparthian javanese kaithi kannada katakana kawi kayahli kharoshthi khitansmallscript khmer khojki
    khudawadi lao latin lepcha limbu lineara linearb lisu lycian lydian mahajani makasar malayalam mandaic
    manichaean marchen masaramgondi medefaidrin meeteimayek mendekikakui meroiticcursive meroitichieroglyphs miao
    modi mongolian mro multani myanmar nabataean nagmundari nandinagari newa newtailue nko nushu
    nyiakengpuachuehmong ogham olchiki oldhungarian olditalic oldnortharabian oldpermic oldpersian oldsogdian
    oldsoutharabian oldturkic olduyghur oriya osage osmanya pahawhhmong palmyrene paucinhau phagspa phoenician
    psalterpahlavi rejang runic samaritan saurashtra sharada shavian siddham signwriting sinhala sogdian sorasompeng
    soyombo sundanese sylotinagri syriac tagalog tagbanwa taile taitham taiviet takri tamil tangsa tangut telugu
    thaana thai tibetan tifinagh tirhuta toto ugaritic vai vithkuqi wancho warangciti yezidi yi zanabazarsquare
    """
)


class _InvalidRe2(Exception):
    """The expression is invalid. The message says why."""


def syntax_error(expression: str) -> str | None:
    """The problem with the expression; None if Go compiles it."""
    try:
        _Re2Parser(expression).parse()
    except _InvalidRe2 as invalid:
        return str(invalid)
    return None


class _Re2Parser:
    """Parses an expression in one pass.

    `weights` has one entry for the expression and one for each open group: how often its operand may repeat. Nested
    repetitions multiply; operands side by side take the maximum. None means that there is no operand yet.
    """

    def __init__(self, expression: str) -> None:
        self.text = expression
        self.at = 0
        self.groups: list[int] = [1]
        self.operand: int | None = None
        self.repeated = False
        self.names: set[str] = set()

    def parse(self) -> None:
        while self.at < len(self.text):
            step = _STEPS.get(self.text[self.at], _Re2Parser._literal)
            was, self.repeated = self.repeated, False
            step(self, was)
        if len(self.groups) > 1:
            raise _InvalidRe2("a `)` is missing")

    def _literal(self, _: bool) -> None:
        self.at += 1
        self._operand(1)

    def _operand(self, weight: int) -> None:
        self.groups[-1] = max(self.groups[-1], weight)
        self.operand = weight

    def _bar(self, _: bool) -> None:
        self.at += 1
        self.operand = None

    def _open(self, _: bool) -> None:
        if not self.text.startswith("(?", self.at):
            self.at += 1
        elif name := GROUP_NAME.match(self.text, self.at):
            self._name(name[1])
            self.at = name.end()
        elif flags := FLAGS.match(self.text, self.at):
            self.at = flags.end()
            if flags[1] == ")":
                return
        else:
            raise _InvalidRe2(f"`{self.text[self.at : self.at + 3]}` is not supported")
        self.groups.append(1)
        self.operand = None
        if len(self.groups) > DEEPEST:
            raise _InvalidRe2("it nests too deeply")

    def _name(self, name: str) -> None:
        if not re.fullmatch("[A-Za-z0-9_]+", name) or name in self.names:
            raise _InvalidRe2(f"`{name}` is not a valid group name")
        self.names.add(name)

    def _close(self, _: bool) -> None:
        if len(self.groups) == 1:
            raise _InvalidRe2("a `)` has no matching `(`")
        self.at += 1
        self._operand(self.groups.pop())

    def _star(self, was_repeated: bool) -> None:
        self.at += 1
        self._repeat(was_repeated)

    def _braces(self, was_repeated: bool) -> None:
        match = REPETITION.match(self.text, self.at)
        if match is None or not canonical(match):
            self._literal(False)
            return
        least = int(match[1])
        most = least if match[2] is None else int(match[3]) if match[3] else -1
        if max(least, most) > MOST_REPETITIONS or 0 <= most < least:
            raise _InvalidRe2(f"`{match[0]}` does not repeat 0 to {MOST_REPETITIONS} times")
        self.at = match.end()
        self._repeat(was_repeated, least, most)

    def _repeat(self, was_repeated: bool, least: int = 0, most: int = 0) -> None:
        if self.text.startswith("?", self.at):
            self.at += 1
        if was_repeated:
            raise _InvalidRe2("one repetition follows another")
        if self.operand is None:
            raise _InvalidRe2("there is nothing to repeat")
        weight = self.operand * max(1, least if most < 0 else most)
        if max(least, most) >= 2 and weight > MOST_REPETITIONS:
            raise _InvalidRe2(f"nested repetitions repeat more than {MOST_REPETITIONS} times")
        self._operand(weight)
        self.repeated = True

    def _escape(self, _: bool) -> None:
        if self.text.startswith(r"\Q", self.at):
            end = self.text.find(r"\E", self.at + 2)
            quoted = self.text[self.at + 2 : end if end >= 0 else len(self.text)]
            self.at = end + 2 if end >= 0 else len(self.text)
            if quoted:
                self._operand(1)
            return
        letter = self.text[self.at + 1 : self.at + 2]
        if letter in ANCHORS and letter:
            self.at += 2
        else:
            self.at = escape_end(self.text, self.at, classes=True)
        self._operand(1)

    def _class(self, _: bool) -> None:
        """A character class in brackets. A `]` as the first character is literal."""
        text, start = self.text, self.at
        self.at += 2 if text.startswith("[^", start) else 1
        first = True
        while first or not text.startswith("]", self.at):
            if self.at >= len(text):
                raise _InvalidRe2("a `]` is missing")
            first = False
            self._class_item()
        self.at += 1
        self._operand(1)

    def _class_item(self) -> None:
        text = self.text
        if posix := POSIX_CLASS.match(text, self.at):
            if posix[1].removeprefix("^") not in POSIX_CLASSES:
                raise _InvalidRe2(f"there is no class `{posix[0]}`")
            self.at = posix.end()
            return
        if text.startswith("\\", self.at) and text[self.at + 1 : self.at + 2] in {*PERL_CLASSES, "p", "P"}:
            self.at = escape_end(text, self.at, classes=True)
            return
        start = self.at
        low = self._class_character()
        if text.startswith("-", self.at) and not text.startswith("-]", self.at) and self.at + 1 < len(text):
            self.at += 1
            if self._class_character() < low:
                raise _InvalidRe2(f"the range `{text[start : self.at]}` is empty")

    def _class_character(self) -> int:
        start = self.at
        if start >= len(self.text):
            raise _InvalidRe2("a `]` is missing")
        self.at = escape_end(self.text, start, classes=False) if self.text[start] == "\\" else start + 1
        return code_point(self.text[start : self.at])


_STEPS: dict[str, Callable[[_Re2Parser, bool], None]] = {
    "(": _Re2Parser._open,
    ")": _Re2Parser._close,
    "|": _Re2Parser._bar,
    "*": _Re2Parser._star,
    "+": _Re2Parser._star,
    "?": _Re2Parser._star,
    "{": _Re2Parser._braces,
    "[": _Re2Parser._class,
    "\\": _Re2Parser._escape,
}


def canonical(repetition: re.Match[str]) -> bool:
    """Whether its numbers have no leading zeros. Otherwise, Go reads the braces literally."""
    return all(number in (None, "") or number == str(int(number)) for number in repetition.group(1, 3))


def escape_end(text: str, start: int, classes: bool) -> int:
    """The end of the escape at `start`. Escapes for several characters are allowed only if `classes` is set."""
    letter = text[start + 1 : start + 2]
    if not letter:
        raise _InvalidRe2("it ends in a `\\`")
    if classes and letter in PERL_CLASSES:
        return start + 2
    if classes and (match := UNICODE_CLASS.match(text, start + 1)):
        name = re.sub("[-_ ]", "", match[1] if match[1] is not None else match[2]).lower()
        if name in CATEGORIES or name in SCRIPTS:
            return match.end()
    elif match := OCTAL.match(text, start + 1) or HEXADECIMAL.match(text, start + 1):
        if code_point(text[start : match.end()]) <= 0x10FFFF:
            return match.end()
    elif letter in CONTROLS or (letter.isascii() and not letter.isalnum()):
        return start + 2
    raise _InvalidRe2(f"`{text[start : start + 2]}` is not supported")


def code_point(character: str) -> int:
    """The code point of a character or of an escape."""
    if not character.startswith("\\") or len(character) < 2:
        return ord(character)
    escaped = character[1:]
    if hexadecimal := HEXADECIMAL.fullmatch(escaped):
        return int(hexadecimal[1] or escaped[1:], 16)
    if OCTAL.fullmatch(escaped):
        return int(escaped, 8)
    return ord(_CONTROLS.get(escaped, escaped))


_CONTROLS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def quoted(text: str) -> str:
    """The expression for exactly this text: Go's `regexp.QuoteMeta`."""
    return "".join(f"\\{letter}" if letter in _SPECIAL else letter for letter in text)


_SPECIAL = frozenset("\\.+*?()|[]{}^$")
