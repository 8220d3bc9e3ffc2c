"""The documents of a text as bytes, so that those without Pods stay as they are.

Follows `YAMLReader` of k8s.io/apimachinery (pkg/util/yaml/decoder.go).
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

SEPARATOR = "---"


class Chunk(Struct, frozen=True):
    """A document with everything around it, and the line of the text on which it begins, from 0."""

    text: str
    line: int


def chunks(text: str) -> Iterator[Chunk]:
    """The documents of a text. Every line ends with a newline, also the last one."""
    lines, start = list[str](), 0
    for number, line in enumerate(_lines(text)):
        if line.startswith(SEPARATOR) and lines:
            yield Chunk("".join(f"{each}\n" for each in lines), start)
            lines = []
            start = number + 1
        else:
            lines.append(line)
    if lines:
        yield Chunk("".join(f"{each}\n" for each in lines), start)


def _lines(text: str) -> list[str]:
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    return lines[:-1] if lines[-1] == "" else lines
