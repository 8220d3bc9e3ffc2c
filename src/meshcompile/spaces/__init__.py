"""Sets of requests, and proofs about them.

    api = space(path=starting_with("/api"), method=exactly("GET"))
    health = space(path=exactly("/api/health"), method=exactly("GET"))
    FirstMatch([row(api), row(health)]).unreachable(1)   # Proved(by=(0,))

A `Space` is a set of requests: conditions over dimensions, whose names and meaning the caller decides. The values of a
dimension are strings (`Language`, with the regular expressions of RE2), strings that can be absent (`OptionalText`) or
come several times (`Several`), integers (`Ranges`) or plain choices (`Choices`). A table whose first matching row
decides is a `FirstMatch`; `Outcomes` and `differences` compare two of them.

Every question has one of three answers: `Proved`, `Refuted` with a witness, or `Unknown` with the reason, when the
computation would become too large or a condition cannot be expressed. An answer is never a guess.

The strings consist of tabs, spaces, printable ASCII and characters from U+0080, in valid UTF-8: what a header of HTTP
can hold, but for bytes that are no UTF-8. The package knows nothing about Istio, Envoy or HTTP.
"""

from meshcompile.spaces.answers import Answer, Proved, Refuted, Unknown, disjoint, equivalent, implies, is_empty
from meshcompile.spaces.comparison import NO_MATCH, Difference, Outcomes, differences, same
from meshcompile.spaces.errors import Undecided
from meshcompile.spaces.first_match import FirstMatch, Row, row
from meshcompile.spaces.language import (
    ANY,
    NOTHING,
    Language,
    containing,
    ending_with,
    exactly,
    matching,
    numbers,
    segments_below,
    starting_with,
)
from meshcompile.spaces.several import Several, SomeTexts, none_of, some_of
from meshcompile.spaces.space import EVERYTHING, NO_REQUESTS, Cube, Request, Space, any_of, space
from meshcompile.spaces.values import ABSENT, PRESENT, Choices, OptionalText, Ranges, Values, choices, either, ranges

__all__ = [
    "ABSENT",
    "ANY",
    "EVERYTHING",
    "NOTHING",
    "NO_MATCH",
    "NO_REQUESTS",
    "PRESENT",
    "Answer",
    "Choices",
    "Cube",
    "Difference",
    "FirstMatch",
    "Language",
    "OptionalText",
    "Outcomes",
    "Proved",
    "Ranges",
    "Refuted",
    "Request",
    "Row",
    "Several",
    "SomeTexts",
    "Space",
    "Undecided",
    "Unknown",
    "Values",
    "any_of",
    "choices",
    "containing",
    "differences",
    "disjoint",
    "either",
    "ending_with",
    "equivalent",
    "exactly",
    "implies",
    "is_empty",
    "matching",
    "none_of",
    "numbers",
    "ranges",
    "row",
    "same",
    "segments_below",
    "some_of",
    "space",
    "starting_with",
]
