"""The output of `helm template`, split by the templates in its `# Source:` comments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from meshcompile.documents.named_text import NamedText

_SOURCE = re.compile(r"^---[ \t]*\r?\n# Source: (.+?)[ \t\r]*$", re.MULTILINE)


def by_template(text: str, otherwise: str) -> tuple[NamedText, ...]:
    """The documents as texts named `rendered:CHART/templates/FILE`.

    `otherwise` is the name for documents without such a comment. Lines count from the top of the whole output.
    """
    return tuple(part for part in _parts(text, otherwise) if part.text.strip())


def _parts(text: str, otherwise: str) -> Iterator[NamedText]:
    headers = [(match.start(), f"rendered:{match[1]}") for match in _SOURCE.finditer(text)]
    line = 0
    for (start, name), (end, _) in pairwise([(0, otherwise), *headers, (len(text), "")]):
        part = text[start:end]
        yield NamedText(name, part, line)
        line += part.count("\n")
