"""Sets of what something with several values can have, such as a header with several lines.

tenant = some_of(exactly("a"))
tenant.accepts(("b", "a"))   # True: one of the lines is `a`
(~tenant).accepts(("b", "c"))   # True: no line is `a`
"""

import msgspec

from meshcompile.spaces.errors import Undecided
from meshcompile.spaces.language import ANY, Language

MOST_CASES = 200
"""The number of cases from which on a question is undecided."""


class SomeTexts(msgspec.Struct, frozen=True):
    """One or more strings: all of them are in `every`, and at least one of them is in each language of `some`."""

    every: Language
    some: tuple[Language, ...] = ()

    def accepts(self, values: tuple[str, ...]) -> bool:
        return all(map(self.every.accepts, values)) and all(any(map(one.accepts, values)) for one in self.some)

    @property
    def is_empty(self) -> bool:
        return self.every.is_empty or any(one.is_empty for one in self.some)

    def met(self, other: "SomeTexts") -> "SomeTexts":
        """The values that meet both conditions."""
        every = self.every & other.every
        return SomeTexts(every, tuple(dict.fromkeys(one & every for one in (*self.some, *other.some))))

    def example(self) -> tuple[str, ...]:
        """The shortest string of each language, or of `every`."""
        found = (one.example() for one in self.some or (self.every,))
        return tuple(dict.fromkeys(text for text in found if text is not None))


class Several(msgspec.Struct, frozen=True):
    """Values of something that a request can have several times, or lack. None stands for its absence."""

    cases: tuple[SomeTexts, ...]
    absent: bool = False

    def accepts(self, value: object) -> bool:
        if value is None:
            return self.absent
        values = value if isinstance(value, tuple) else (str(value),)
        return any(case.accepts(values) for case in self.cases)

    @property
    def is_empty(self) -> bool:
        return not self.absent and not self.cases

    def example(self) -> tuple[str, ...] | None:
        """The value None if it is in the set; otherwise short strings of the first case."""
        return None if self.absent else self.cases[0].example()

    def __and__(self, other: "Several") -> "Several":
        met = (one.met(two) for one in self.cases for two in other.cases)
        cases = tuple(dict.fromkeys(case for case in met if not case.is_empty))
        if len(cases) > MOST_CASES:
            raise Undecided(f"the values need more than {MOST_CASES} cases")
        return Several(cases, self.absent and other.absent)

    def __sub__(self, other: "Several") -> "Several":
        return self & ~other

    def __invert__(self) -> "Several":
        rest = Several((SomeTexts(ANY),), not self.absent)
        for case in self.cases:
            rest = rest & _without(case, absent=rest.absent)
        return rest


def _without(case: SomeTexts, *, absent: bool) -> Several:
    """All values but those of a case: one is not in `every`, or none is in some language of `some`."""
    outside = SomeTexts(ANY, (~case.every,))
    lacking = (SomeTexts(~one) for one in case.some)
    return Several(tuple(each for each in (outside, *lacking) if not each.is_empty), absent)


def some_of(language: Language, *, absent: bool = False) -> Several:
    """At least one value is in the language."""
    case = SomeTexts(ANY, (language,))
    return Several(() if case.is_empty else (case,), absent)


def none_of(language: Language, *, absent: bool = False) -> Several:
    """There are values, and none is in the language."""
    case = SomeTexts(~language)
    return Several(() if case.is_empty else (case,), absent)
