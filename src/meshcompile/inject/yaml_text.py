"""YAML as Go prints it: keys in natural order, and quotes only where they are needed.

Follows go.yaml.in/yaml/v2, whose emitter is the same libyaml as PyYAML's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cmp_to_key
from typing import Any

import yaml

from meshcompile.documents import scalars
from meshcompile.documents.scalars import Unrepresentable

_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_TIMESTAMP = re.compile(
    r"[0-9]{4}-(?:[0-9]{2}-[0-9]{2}|[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}.*)"
)
_STRING = "tag:yaml.org,2002:str"
_DIGITS = re.compile(r"[0-9]+")


def yaml_text(value: Any) -> str:
    """The YAML of plain data."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False)
    return text


class _Dumper(yaml.CSafeDumper):
    """Prints plain data without anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        """The type that a scalar has without quotes, as Go reads it."""
        if kind is yaml.ScalarNode and implicit[0] and _is_plain(value):
            return _STRING
        tag: str = super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]  # PyYAML has no types
        return tag


def _mapping(dumper: _Dumper, value: Mapping[str, Any]) -> yaml.Node:
    return dumper.represent_mapping(
        "tag:yaml.org,2002:map", [(key, value[key]) for key in sorted(value, key=_KEY_ORDER)]
    )


def _string(dumper: _Dumper, value: str) -> yaml.Node:
    style = "|" if "\n" in value else None if _is_plain(value) else '"'
    return dumper.represent_scalar(_STRING, value, style)


def _is_plain(text: str) -> bool:
    """True for a text that YAML reads as text without quotes, as far as types go."""
    if _BASE_60.fullmatch(text) or _TIMESTAMP.fullmatch(text):
        return False
    try:
        return text != "" and isinstance(scalars.resolved(text), str)
    except Unrepresentable:
        return False


_Dumper.add_representer(dict, _mapping)
_Dumper.add_representer(str, _string)


def _compared(one: str, other: str) -> int:
    """The natural order of two keys: numbers in them by value, and letters after all else."""
    place = next((index for index, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
    if place is None:
        return len(one) - len(other)
    left, right = one[place], other[place]
    if left.isalpha() or right.isalpha():
        both = left.isalpha() and right.isalpha()
        return (ord(left) - ord(right)) if both else (1 if left.isalpha() else -1)
    nonzero = "0" in (left, right) and bool(_SIGNIFICANT.search(one[:place]))
    numbers = [_DIGITS.match(key, place) for key in (one, other)]
    texts = [match[0] if match else "" for match in numbers]
    values = [int(f"{int(nonzero)}{text}") for text in texts]
    lengths = [len(text) for text in texts]
    return values[0] - values[1] or lengths[0] - lengths[1] or ord(left) - ord(right)


_SIGNIFICANT = re.compile(r"[1-9][0-9]*$")
_KEY_ORDER = cmp_to_key(_compared)
