"""Rules for the values of annotations. An invalid one stops the injection of its Pod.

Follows `validateAnnotations` (pkg/kube/inject/validate.go).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_network
from typing import NamedTuple

from meshcompile.inject.input import INTERCEPTION_MODE, STATUS_PORT
from meshcompile.inject.parts import FAILURE_THRESHOLD, INITIAL_DELAY, PERIOD
from meshcompile.inject.prometheus import MERGE_METRICS, boolean
from meshcompile.inject.quantities import canonical_quantity
from meshcompile.inject.traffic import (
    EXCLUDE_INBOUND_PORTS,
    EXCLUDE_INTERFACES,
    EXCLUDE_OUTBOUND_IP_RANGES,
    EXCLUDE_OUTBOUND_PORTS,
    INCLUDE_INBOUND_PORTS,
    INCLUDE_OUTBOUND_IP_RANGES,
    KUBEVIRT_INTERFACES,
    REROUTE_INTERFACES,
)

_INTERFACE = re.compile(r"[a-zA-Z][a-zA-Z0-9_.-]{0,14}")


class AnnotationRule(NamedTuple):
    """What an annotation expects, and a test of its value."""

    expected: str
    allows: Callable[[str], bool]


def is_port(text: str) -> bool:
    digits = text.strip()
    return digits.isascii() and digits.isdecimal() and len(digits.lstrip("0")) < 6 and int(digits) < 1 << 16


def is_port_list(text: str) -> bool:
    return not text.strip() or all(is_port(each) for each in text.split(","))


def is_range_list(text: str) -> bool:
    return not text or all(_is_range(each) for each in text.split(","))


def _is_range(text: str) -> bool:
    address, slash, length = text.partition("/")
    if not slash or "%" in address or not length.isascii() or not length.isdecimal() or str(int(length)) != length:
        return False
    try:
        return ip_network(text, strict=False) is not None
    except ValueError:
        return False


def is_count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text.lstrip("0")) < 11 and int(text) < 1 << 32


def is_quantity(text: str) -> bool:
    if any(ord(each) < 32 or 127 <= ord(each) < 160 for each in text):
        return False
    try:
        canonical_quantity(text)
    except ValueError:
        return False
    return True


def are_interfaces(text: str) -> bool:
    return not text or all(_INTERFACE.fullmatch(each.strip()) for each in text.split(","))


_COUNT = AnnotationRule("a whole number, such as 15", is_count)
_PORTS = AnnotationRule("port numbers separated by commas, such as 80,8080", is_port_list)
_QUANTITY = AnnotationRule("a quantity, such as 100m or 128Mi", is_quantity)
_RANGES = "IP ranges separated by commas, such as 10.0.0.0/8"
_INTERFACES = AnnotationRule("names of network interfaces separated by commas", are_interfaces)

ANNOTATION_RULES: Mapping[str, AnnotationRule] = {
    INTERCEPTION_MODE: AnnotationRule(
        "REDIRECT, TPROXY or NONE", frozenset({"REDIRECT", "TPROXY", "NONE"}).__contains__
    ),
    STATUS_PORT: AnnotationRule("a port number, such as 15020", is_port),
    INITIAL_DELAY: _COUNT,
    PERIOD: _COUNT,
    FAILURE_THRESHOLD: _COUNT,
    INCLUDE_OUTBOUND_IP_RANGES: AnnotationRule(f"* or {_RANGES}", lambda text: text == "*" or is_range_list(text)),
    EXCLUDE_OUTBOUND_IP_RANGES: AnnotationRule(_RANGES, is_range_list),
    INCLUDE_INBOUND_PORTS: AnnotationRule(f"* or {_PORTS.expected}", lambda text: text == "*" or is_port_list(text)),
    EXCLUDE_INBOUND_PORTS: _PORTS,
    EXCLUDE_OUTBOUND_PORTS: _PORTS,
    EXCLUDE_INTERFACES: _INTERFACES,
    KUBEVIRT_INTERFACES: _INTERFACES,
    REROUTE_INTERFACES: _INTERFACES,
    MERGE_METRICS: AnnotationRule("true or false", lambda text: boolean(text) is not None),
    "sidecar.istio.io/proxyCPU": _QUANTITY,
    "sidecar.istio.io/proxyMemory": _QUANTITY,
    "sidecar.istio.io/proxyCPULimit": _QUANTITY,
    "sidecar.istio.io/proxyMemoryLimit": _QUANTITY,
}


def invalid_annotations(annotations: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The annotations with a value that injection refuses, sorted by name, and what each expects."""
    for name in sorted(annotations):
        rule = ANNOTATION_RULES.get(name)
        if rule is not None and not rule.allows(annotations[name]):
            yield name, rule.expected
