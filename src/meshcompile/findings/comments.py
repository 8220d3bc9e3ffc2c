"""Comments that suppress findings: `# meshcompile: ignore[IST0101] the service is in another repository`.

A comment at the end of a line applies to the findings on that line. A comment on a line of its own applies to the key
or list item below it, with everything inside. Above the first key of an object, it applies to the whole object.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from yaml import YAMLError

from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document, Origin, Position
from meshcompile.documents.excerpt import LINE_BREAK, Excerpt
from meshcompile.documents.libyaml import Scalar, StreamEnd, event_source

MARK = "meshcompile: ignore"
COMMENT = re.compile(r"(?:^|(?<=\s))#\s*meshcompile: ignore(?:\[([^\]]*)\])?(?=\s|$)")


class Comment(Struct, frozen=True):
    """A comment that suppresses findings with these codes, or all findings if it names no codes.

    `target` is the line of the key or list item that it applies to. It is None for a comment at the end of a line.
    """

    origin: Origin
    codes: tuple[str, ...]
    target: int | None

    def covers(self, found: Diagnostic) -> bool:
        """True if the finding is suppressed."""
        if self.origin.file != found.file or (self.codes and not {found.code, found.slug} & set(self.codes)):
            return False
        if self.target is None:
            return found.line == self.origin.line
        return self.target in _lines(found.origin)

    def __str__(self) -> str:
        return f"the comment `ignore[{', '.join(self.codes)}]`" if self.codes else "the comment `ignore`"


def comments(documents: Iterable[Document]) -> tuple[Comment, ...]:
    """The comments in the texts of documents."""
    return tuple(found for file, excerpt in _texts(documents).items() for found in _comments(file[0], excerpt))


def _texts(documents: Iterable[Document]) -> Mapping[tuple[str, int], Excerpt]:
    """An excerpt of each text with such comments. An embedded text is part of another one."""
    found: dict[tuple[str, int], Excerpt] = {}
    for document in documents:
        excerpt = document.excerpt
        if excerpt is not None and (key := (document.file, id(excerpt.text))) not in found and MARK in excerpt.text:
            found[key] = excerpt
    return found


def _comments(file: str, excerpt: Excerpt) -> Iterator[Comment]:
    text = excerpt.text
    first = excerpt.line - len(LINE_BREAK.findall(text, 0, excerpt.start))
    starts = (0, *(found.end() for found in LINE_BREAK.finditer(text)))
    lines = LINE_BREAK.split(text)
    scalars = tuple(_scalars_with_mark(text))
    for index, (start, line) in enumerate(zip(starts, lines, strict=True)):
        found = COMMENT.search(line) if MARK in line else None
        if found and not any(begin <= (index, found.start()) < end for begin, end in scalars):
            codes = tuple(code for part in (found[1] or "").split(",") if (code := part.strip()))
            at = start + found.start()
            place = Origin(Document(file, {}, excerpt=Excerpt(text, at, at, first + index, found.start())))
            stands_alone = not line[: found.start()].strip()
            yield Comment(place, codes, first + _next_line(lines, index) + 1 if stands_alone else None)


def _next_line(lines: list[str], index: int) -> int:
    """The index of the next line with content, or of the line itself."""
    following = ((number, lines[number].strip()) for number in range(index + 1, len(lines)))
    return next((number for number, line in following if line and not line.startswith(("#", "---"))), index)


def _scalars_with_mark(text: str) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """The starts and ends of scalars that contain such a comment as text, for example in a literal block."""
    try:
        next_event = event_source(text)
        while (event := next_event()).__class__ is not StreamEnd:
            if event.__class__ is Scalar and MARK in event.value:
                start, end = event.start_mark, event.end_mark
                yield (start.line, start.column), (end.line, end.column)
    except YAMLError:
        return


def _lines(origin: Origin) -> frozenset[int]:
    """The lines of a position and of everything around it."""
    place, path = origin.document.place, origin.path
    keys: Iterable[Position] = (place(path[:length]).key for length in range(1, len(path) + 1))
    return frozenset({origin.document.position().line, *(key.line for key in keys)})
