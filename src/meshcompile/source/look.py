"""A cheap check whether a text may hold an object, without reading it as YAML.

Reading a lock file of several megabytes as YAML takes seconds. This check takes milliseconds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from meshcompile.source.recognise import JSON_WITH_COMMENTS, foreign_as, tries, untyped_as

_TYPE_KEY = r"""(?im)^%s(?:[?&!*]|(?:-[ \t]+)*["']?(?:api_?version|kind|metadata|items|<<)["']?[ \t]*:)"""
_ANYWHERE = re.compile(r"""(?i)\b(?:api_?version|kind|metadata)["']?[ \t]*:""")
_TYPE_LINES = tuple(
    re.compile(rf"""(?im)^[ \t-]*["']?{key}["']?[ \t]*:""") for key in ("api_?version", "kind", "metadata")
)
_JSON_TYPE = tuple(re.compile(rf'(?i)"{key}"\s*:') for key in ("apiVersion", "kind", "metadata"))
_TOP_KEY = re.compile(r"""(?m)^["']?([A-Za-z_$][\w.$-]*)["']?[ \t]*:""")
_SEVERAL = re.compile(r"\n---|\A---[ \t]+[^#\s]")
_FIRST_LINE = re.compile(r"(?m)^( *)(?=[^\s#%])(?!---)")
_COMMENT = re.compile(r"(?m)^\s*(?://|/\*)|[,{\[]\s*//")
_FEW_KEYS = 200


def foreign_at_a_glance(file: str, text: str) -> str | None:
    """The description of a text that holds no objects; None if only reading it can tell."""
    if text.lstrip()[:1] in ("{", "["):
        return _json_at_a_glance(file, text)
    return None if _may_hold_objects(text) else untyped_as(file, top_keys(text))


def may_name_type(beginning: bytes) -> bool:
    """Whether the beginning of a file names the type of an object at any depth."""
    return _ANYWHERE.search(beginning.replace(b"\0", b"").decode(errors="replace")) is not None


def looks_like_objects(text: str) -> bool:
    """Whether a text that cannot be read has two of the keys `apiVersion`, `kind` and `metadata`."""
    patterns = _JSON_TYPE if text.lstrip()[:1] in ("{", "[") else _TYPE_LINES
    return sum(pattern.search(text) is not None for pattern in patterns) > 1


def top_keys(text: str) -> Iterable[str]:
    """The first keys at the left edge of a text."""
    found = _TOP_KEY.finditer(text)
    return [match[1] for match, _ in zip(found, range(_FEW_KEYS), strict=False)]


def _json_at_a_glance(file: str, text: str) -> str | None:
    if not _ANYWHERE.search(text):
        return JSON_WITH_COMMENTS if _COMMENT.search(text) else untyped_as(file, _json_keys(text))
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):  # a stream of objects, YAML in braces, or not JSON
        return None
    return None if tries(value, file) or value in ({}, []) else foreign_as(file, value)


def _json_keys(text: str) -> Iterable[str]:
    """The top-level keys of a JSON object, or of its beginning if it is long."""
    try:
        value = json.loads(text) if len(text) < _SHORT else None
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, dict) else re.findall(r'(?m)^(?:\{|  |\t)\s*"([\w$]+)"\s*:', text[:_SHORT])


_SHORT = 65536


def _may_hold_objects(text: str) -> bool:
    """Whether a document has a key of an object's type at its top level, or whether it has no keys.

    The indentation of the first line is known only in a text with one document. Text that does not begin with a word
    may hold anything.
    """
    first = _FIRST_LINE.search(text)
    if first is None or not _ANYWHERE.search(text):
        return first is None
    if _SEVERAL.search(text) or not text[first.end()].isalnum():
        return True
    return re.search(_TYPE_KEY % re.escape(first[1]), text) is not None
