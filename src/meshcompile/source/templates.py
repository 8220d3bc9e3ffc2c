"""Templates: texts that become objects only after a program renders them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from meshcompile.diagnostics import Diagnostic
from meshcompile.documents.stream import Part

HELM = "a Helm template"
OTHER = "a template"
ADVICE = {
    HELM: "render the chart that it belongs to: `helm template CHART | meshcompile validate -f -`",
    OTHER: "fill it in first, for example with `envsubst < FILE | meshcompile validate -f -`",
}
"""The suggestion for each kind of template."""

_MARKS = ("{{", "{%", "<%", "${", "$(")
_HELM = re.compile(
    r"""\{\{-?\s*(?:
    \(?\.(?:Values|Release|Chart|Capabilities|Files|Template)\b
    | (?:include|template|define|block|if|else|range|with|end|tpl|toYaml|toJson|required|default|printf|quote|lookup)\b
    | /\* | \$[\w.]*\s*:?= | \$\.(?:Values|Release|Chart)\b )""",
    re.VERBOSE,
)
_HELM_VALUE = re.compile(r"\{\{-?\s*(?:\$?\.(?:Values|Release|Chart)\b|include\b)")
_PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\$\{\w+[^}]*\}|\$\([\w-]+\)")
_JUDGED_GROUPS = ("", "apps", "batch", "networking.k8s.io", "gateway.networking.k8s.io")
_CODE = ("EnvoyFilter", "WasmPlugin")
"""Istio kinds that may contain code and other programs' configuration, in which braces have another meaning."""
_DATA = ("ConfigMap", "Secret")


def may_be_template(text: str) -> bool:
    return any(mark in text for mark in _MARKS)


def template_kind(parts: Iterable[Part | Diagnostic], text: str) -> str:
    """The kind of template of a text; empty if it is not a template.

    A text is a template if a placeholder prevents reading one of its documents, or if a placeholder replaces a name or
    a value of an object.
    """
    parts = tuple(parts)
    broken = [part for part in parts if isinstance(part, Diagnostic)]
    values = [part.value for part in parts if isinstance(part, Part)]
    lines = text.split("\n") if broken else []
    if any(_at_mark(lines, finding) for finding in broken):
        return HELM if _HELM.search(text) else OTHER
    if any(map(_has_helm_values, values)):
        return HELM
    return OTHER if any(map(_has_placeholders, values)) else ""


def _at_mark(lines: Sequence[str], finding: Diagnostic) -> bool:
    """Whether reading stopped at a placeholder, or a few lines below one."""
    return any(mark in line for line in lines[max(finding.line - 4, 0) : finding.line] for mark in _MARKS)


def _has_helm_values(value: object) -> bool:
    if not isinstance(value, Mapping) or value.get("kind") in _DATA or not _is_judged(value):
        return False
    return any(_HELM_VALUE.search(text) for text in _lines(value))


def _has_placeholders(value: object) -> bool:
    """Whether a name is a placeholder, or whether an Istio object contains one anywhere."""
    if not isinstance(value, Mapping) or not _is_judged(value):
        return False
    metadata = value.get("metadata")
    names = [metadata.get("name"), metadata.get("namespace")] if isinstance(metadata, Mapping) else []
    istio = ".istio.io/" in str(value.get("apiVersion")) and value.get("kind") not in _CODE
    texts = (*_lines(names), *_lines(value.get("spec") if istio else ()))
    return any(_PLACEHOLDER.search(text) for text in texts)


def _is_judged(value: Mapping[Any, Any]) -> bool:
    """Whether an object is of a kind that is validated."""
    group = str(value.get("apiVersion", "")).rpartition("/")[0]
    return group in _JUDGED_GROUPS or group.endswith(".istio.io")


def _lines(value: object) -> Iterator[str]:
    """The single-line texts in a value. Texts with more lines are code or files, which may contain many braces."""
    match value:
        case str() if "\n" not in value:
            yield value
        case Mapping():
            for item in value.values():
                yield from _lines(item)
        case list() | tuple():
            for item in value:
                yield from _lines(item)
        case _:
            pass
