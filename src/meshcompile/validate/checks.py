"""Checks that the rules of several kinds share. Each takes a node and one of its fields, and yields findings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING
from typing import Protocol as Interface

from meshcompile.codes import validation as codes
from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.documents import Origin
from meshcompile.models.base import Node, json_name
from meshcompile.models.common import PolicyTargetReference, StringMatch
from meshcompile.models.common import WorkloadSelector as PolicySelector
from meshcompile.models.networking.common import WorkloadSelector
from meshcompile.syntax import re2
from meshcompile.validate.names import (
    is_label,
    is_label_value,
    label_key_problem,
)
from meshcompile.values.durations import Duration
from meshcompile.values.ports import Protocol, protocol_named

if TYPE_CHECKING:  # a model is imported only when an object of its kind is read
    from meshcompile.models.networking.service_entry import ServicePort
    from meshcompile.models.networking.sidecar import SidecarPort

Found = Iterator[Diagnostic]

MILLISECOND = 1_000_000
LONGEST_REGEX = 1024
HEADER_NAME = re.compile(r"[-,!#$%&'*+.^_`|~A-Za-z0-9]+")
TARGETS = frozenset(
    {
        ("", "Service"),
        ("core", "Service"),
        ("networking.istio.io", "ServiceEntry"),
        ("gateway.networking.k8s.io", "Gateway"),
        ("gateway.networking.k8s.io", "GatewayClass"),
    }
)


def errors(findings: Found) -> Found:
    """The findings that reject an object, without warnings."""
    return (diagnostic for diagnostic in findings if diagnostic.severity is Severity.ERROR)


class Exported(Interface):
    """A specification with `exportTo`."""

    @property
    def export_to(self) -> tuple[str, ...]: ...

    def at(self, field: str, *keys: str | int) -> Origin: ...


def port(node: Node, field: str = "number") -> Found:
    """An invalid port."""
    if not 1 <= (number := getattr(node, field)) <= 65535:
        yield codes.PORT(node.at(field), port=number)


def label_name(node: Node, field: str, what: str) -> Found:
    """A name that is not a DNS label."""
    if not is_label(name := getattr(node, field)):
        yield codes.NAME(node.at(field), value=name, what=what)


def protocol(port: SidecarPort | ServicePort) -> Found:
    """A protocol that Istio does not know. An empty protocol means that it is detected."""
    if port.protocol and protocol_named(port.protocol) is Protocol.AUTO:
        yield codes.PROTOCOL(port.at("protocol"), protocol=port.protocol)


def duration(node: Node, *fields: str) -> Found:
    """Durations that are shorter than a millisecond, or not in whole milliseconds."""
    for field in fields:
        value: Duration | None = getattr(node, field)
        if value is None:
            continue
        if value.nanoseconds < MILLISECOND:
            yield codes.DURATION(node.at(field), duration=value.json, problem="is shorter than 1ms")
        elif value.nanoseconds % MILLISECOND:
            yield codes.DURATION(node.at(field), duration=value.json, problem="is not in whole milliseconds")


def not_negative(node: Node, *fields: str) -> Found:
    """Negative numbers."""
    for field in fields:
        if (value := getattr(node, field)) < 0:
            yield bounds(node, field, value, "at least 0")


def bounds(node: Node, field: str, value: float, expected: str) -> Diagnostic:
    """The finding for a number that is too small or too large."""
    return codes.OUT_OF_BOUNDS(node.at(field), field=json_name(field), value=f"{value:g}", expected=expected)


def labels(node: Node, field: str) -> Found:
    """Labels that Kubernetes would reject."""
    values: Mapping[str, str] = getattr(node, field)
    for key, value in values.items():
        if problem := label_key_problem(key):
            yield codes.LABEL(node.at(field, key), label=key, problem=problem)
        if not is_label_value(value):
            yield codes.LABEL(
                node.at(field, key), label=f"{key}={value}", problem="the value is not a valid label value"
            )


def selector(node: PolicySelector | WorkloadSelector | None) -> Found:
    """Wildcards and empty keys in a selector. A selector without labels is a warning."""
    if node is None:
        return
    field = "match_labels" if isinstance(node, PolicySelector) else "labels"
    pairs: Mapping[str, str] = getattr(node, field)
    for key, value in pairs.items():
        if not key:
            yield codes.SELECTOR(node.at(field, key), label=f"{key}={value}", problem="has an empty key")
        if "*" in key or "*" in value:
            yield codes.SELECTOR(node.at(field, key), label=f"{key}={value}", problem="has a wildcard")
    if not pairs:
        yield codes.SELECTOR_SELECTS_ALL(node)


def attachment(spec: Node, *fields: str) -> Found:
    """More than one of selector, target and targets, and targets that do not support policies."""
    yield from exclusive(spec, *fields)
    yield from selector(getattr(spec, "selector", None))
    target: PolicyTargetReference | None = getattr(spec, "target_ref", None)
    targets: tuple[PolicyTargetReference, ...] = getattr(spec, "target_refs", ())
    for reference in (*((target,) if target else ()), *targets):
        if (reference.group, reference.kind) not in TARGETS:
            kind = f"a {reference.kind} of {reference.group}" if reference.group else f"a {reference.kind}"
            yield codes.TARGET(reference, target=kind)


def exclusive(node: Node, *fields: str) -> Found:
    """Several fields that the author wrote, even if empty, where the schema allows one."""
    written = [field for field in fields if is_written(node, field)]
    if len(written) > 1:
        yield codes.EXCLUSIVE(node.at(written[-1]), fields=listed(map(json_name, written)))


def is_written(node: Node, field: str) -> bool:
    """Whether the author wrote the field. An empty list counts as written."""
    return field in node.model_fields_set


def listed(names: Iterable[str]) -> str:
    """The quoted names, joined with commas and `and`."""
    *before, last = (f"`{name}`" for name in names)
    return f"{', '.join(before)} and {last}" if before else last


def export_to(spec: Exported, namespace: str, *, to_nobody: bool = False, selects_workloads: bool = False) -> Found:
    """Invalid values of `exportTo`: duplicates, and `*` or `~` combined with others."""
    exported = spec.export_to
    if not exported:
        return
    seen: set[str] = set()
    for index, written in enumerate(exported):
        key = namespace if written == "." else written
        if problem := _export_problem(key, seen, to_nobody):
            yield codes.EXPORT_TO(spec.at("export_to", index), value=written, problem=problem)
        else:
            seen.add(key)
    if len(exported) > 1:
        for alone in sorted(seen & {"*", "~"}):
            problem = "cannot be combined with others"
            yield codes.EXPORT_TO(spec.at("export_to", exported.index(alone)), value=alone, problem=problem)
    if selects_workloads and seen and seen != {namespace}:
        problem = "exports beyond the rule's namespace, which is not allowed with a workloadSelector"
        yield codes.EXPORT_TO(spec.at("export_to"), value=", ".join(exported), problem=problem)


def _export_problem(key: str, seen: set[str], to_nobody: bool) -> str | None:
    if key in seen:
        return "appears twice"
    if key == "~":
        return None if to_nobody else "is only for ServiceEntries"
    return None if key in (".", "*") or is_label(key) else "is not a valid namespace"


def regex(node: Node, field: str = "regex") -> Found:
    """An expression that Go does not compile, or that is longer than Istio allows."""
    expression: str = getattr(node, field)
    if len(expression) > LONGEST_REGEX or len(expression.encode()) > LONGEST_REGEX:
        problem: str | None = f"it is longer than {LONGEST_REGEX} characters"
    else:
        problem = re2.syntax_error(expression)
    if problem:
        shown = expression if len(expression) < 80 else expression[:77] + "..."
        yield codes.REGEX(node.at(field), regex=shown, problem=problem)


def string_match(match: StringMatch) -> Found:
    """A match with an empty prefix or expression, or with an invalid expression."""
    if match.prefix == "":
        yield codes.STRING_MATCH(match.at("prefix"), field="prefix")
    if match.regex is not None:
        yield from regex_match(match)


def regex_match(match: StringMatch) -> Found:
    """A match with an empty or invalid expression. An empty prefix is valid here."""
    if match.regex is None:
        return
    if match.regex:
        yield from regex(match)
    else:
        yield codes.STRING_MATCH(match.at("regex"), field="regex")
