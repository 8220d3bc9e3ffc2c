"""Completions at a position: hosts, subsets and gateways.

The text may be incomplete YAML, so this module matches lines and does not parse the document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from meshcompile.mesh import Mesh
from meshcompile.models.networking.destination_rule import DestinationRule
from meshcompile.models.networking.gateway import Gateway
from meshcompile.values.hosts import qualified

_KEY = re.compile(r"^(?P<indent>[\s-]*)(?P<key>host|subset|gateways)\s*:\s*\[?[\w./*-]*$")
_FLOW = re.compile(r"[{,]\s*(?P<key>host|subset)\s*:\s*[\w./*-]*$")
_ITEM = re.compile(r"^(?P<indent>\s*)-\s*[\w./*-]*$")
_HOST = re.compile(r"\bhost\s*:\s*[\"']?([\w./*-]+)")
_NAMESPACE = re.compile(r"\bnamespace\s*:\s*[\"']?([\w-]+)")
NEAR = 6
"""How many lines before and after a subset may contain its host."""


def candidates(mesh: Mesh, lines: Sequence[str], row: int, column: int) -> list[str]:
    """The completions at a row and column, both counted from 0, sorted."""
    line = lines[row][:column]
    namespace = _namespace(lines, row) or mesh.namespace
    match _key(lines, row, line):
        case "host":
            return sorted(set(_hosts(mesh, namespace)))
        case "subset":
            return sorted(set(_subsets(mesh, _host(lines, row), namespace)))
        case "gateways":
            return sorted({"mesh", *_gateways(mesh, namespace)})
        case _:
            return []


def _key(lines: Sequence[str], row: int, line: str) -> str:
    """The key of the value at the end of a line."""
    if match := _KEY.match(line) or _FLOW.search(line):
        return match["key"]
    item = _ITEM.match(line)
    if item is None:
        return ""
    above = (_KEY.match(other.rstrip()) for other in reversed(lines[:row]) if not _ITEM.match(other.rstrip()))
    first = next(above, None)
    return first["key"] if first and first["key"] == "gateways" else ""


def _hosts(mesh: Mesh, namespace: str) -> Iterator[str]:
    """The hostnames of all services, and also the short names of services in the same namespace."""
    for service in mesh.snapshot.services.all:
        yield service.hostname
        if service.namespace == namespace and service.hostname == qualified(service.name, namespace):
            yield service.name


def _subsets(mesh: Mesh, host: str, namespace: str) -> Iterator[str]:
    hostname = qualified(host, namespace)
    for rule in mesh.objects:
        if isinstance(rule, DestinationRule) and qualified(rule.spec.host, rule.namespace) == hostname:
            yield from (subset.name for subset in rule.spec.subsets)


def _gateways(mesh: Mesh, namespace: str) -> Iterator[str]:
    for gateway in mesh.objects:
        if isinstance(gateway, Gateway):
            yield gateway.name if gateway.namespace == namespace else gateway.full_name


def _host(lines: Sequence[str], row: int) -> str:
    """The host that belongs to a subset: the host on the same or the nearest line."""
    near = sorted(range(max(row - NEAR, 0), min(row + NEAR, len(lines))), key=lambda other: abs(other - row))
    return next((match[1] for other in near if (match := _HOST.search(lines[other]))), "")


def _namespace(lines: Sequence[str], row: int) -> str:
    """The namespace of the object that contains a row."""
    starts = [number for number in range(row + 1) if lines[number].startswith("---")]
    end = next((number for number in range(row + 1, len(lines)) if lines[number].startswith("---")), len(lines))
    own = lines[starts[-1] if starts else 0 : end]
    return next((match[1] for line in own if (match := _NAMESPACE.search(line))), "")
