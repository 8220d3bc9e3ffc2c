"""Reads config dumps. They come from outside: nothing is trusted, and only what is no dump at all is an error."""

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import msgspec

from meshcompile.codes.config_dumps import (
    NO_ENDPOINTS,
    REJECTED_UPDATE,
    UNKNOWN_DUMP_FIELD,
    UNREADABLE_DUMP,
    UNREADABLE_PART,
)
from meshcompile.config_dump.dump import ConfigDump
from meshcompile.config_dump.sections import PLACES, REJECTED, DumpPart, DumpPlace, Path, below, items, sections
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document, Origin
from meshcompile.documents.limits import DEFAULT_LIMITS, Limits
from meshcompile.emit.resources import Resources
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import TypedExtensionConfig
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment
from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.config.route import RouteConfiguration
from meshcompile.envoy.extensions.transport_sockets.tls import Secret
from meshcompile.envoy.message import TYPE_URL, Message
from meshcompile.envoy.reading import Fault, read_with_unknown_types
from meshcompile.output.xds_types import TYPE_URLS, resource_name
from meshcompile.patch.editing import decoded
from meshcompile.source.reading import UnreadableInput

CLASSES: Mapping[str, type[Message]] = {
    "listeners": Listener,
    "routes": RouteConfiguration,
    "clusters": Cluster,
    "endpoints": ClusterLoadAssignment,
    "extensions": TypedExtensionConfig,
    "secrets": Secret,
}
BOOTSTRAP = "envoy.config.bootstrap.v3.Bootstrap"
START = b'"configs"'


def is_config_dump(text: bytes) -> bool:
    """Whether a text looks like a config dump: a JSON object with `configs`, and types of Envoy's admin."""
    return text.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and START in text and b"envoy.admin.v3." in text


def parsed_config_dump(text: bytes, file: str = "<text>", limits: Limits = DEFAULT_LIMITS) -> ConfigDump:
    """The config dump in a text. `file` is its name in diagnostics. Raises UnreadableInput if it is none."""
    data = _decoded(text, file, limits)
    return _DumpReading(Document(file, data), []).dump()


def _decoded(text: bytes, file: str, limits: Limits) -> Mapping[str, Any]:
    """The JSON object in a text."""
    if len(text) > limits.document_size:
        _no_dump(file, f"it has {len(text)} bytes, more than {limits.document_size}")
    try:
        data = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        _no_dump(file, _located(str(error), text))
    except RecursionError:
        _no_dump(file, "it is nested too deeply")
    if not isinstance(data, Mapping) or not isinstance(data.get("configs"), list):
        _no_dump(file, "it has no list `configs`")
    if _deeper_than(data, limits.depth):
        _no_dump(file, f"it is nested more than {limits.depth} levels deep")
    if not any(True for _ in sections(data)):
        _no_dump(file, "`configs` has no section with a type such as envoy.admin.v3.ListenersConfigDump")
    return data


def _no_dump(file: str, problem: str) -> NoReturn:
    raise UnreadableInput((UNREADABLE_DUMP(Origin(Document(file, None)), problem=problem),))


def _located(problem: str, text: bytes) -> str:
    """A problem of the JSON decoder, with the line and the column instead of the byte."""
    head, marker, rest = problem.partition(" (byte ")
    digits = rest.rstrip(")")
    if not marker or not digits.isdecimal():
        return problem
    before = text[: int(digits)]
    line, column = before.count(b"\n") + 1, len(before) - (before.rfind(b"\n") + 1) + 1
    return f"{head} at line {line}, column {column}"


def _deeper_than(data: object, depth: int) -> bool:
    """Whether JSON data has more levels of objects and lists. It needs no stack of its own depth."""
    level: list[object] = [data]
    for _ in range(depth):
        level = [item for each in level for item in _inside(each)]
        if not level:
            return False
    return any(isinstance(each, dict | list) for each in level)


def _inside(data: object) -> Iterator[object]:
    values = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return (value for value in values if isinstance(value, dict | list))


class _DumpReading(msgspec.Struct, frozen=True):
    """Reads one dump. `found` collects the diagnostics."""

    document: Document
    found: list[Diagnostic]

    def dump(self) -> ConfigDump:
        """The dump. Of several resources with one name, the first one holds."""
        parts = [(name, section) for name, section in sections(self.document.value)]
        bootstrap = self.bootstrap(parts)
        read = {place: self.resources(place, parts) for place in PLACES}
        self.report_rejected(parts)
        clusters = (each for place in PLACES if place.kind == "clusters" for each in read[place])
        discovered = {cluster.name for cluster in clusters if cluster.type == "EDS"}
        if discovered and not any(name == "EndpointsConfigDump" for name, _ in parts):
            self.found.append(NO_ENDPOINTS(Origin(self.document)))
        node = bootstrap.get("node", {})
        return ConfigDump(
            file=self.document.file,
            node=node if isinstance(node, Mapping) else {},
            content=bootstrap,
            resources=_resources(read, discovered, is_static=False),
            static=_resources(read, discovered, is_static=True),
            secrets=tuple(each for place in PLACES if place.kind == "secrets" for each in read[place]),
            diagnostics=tuple(self.found),
        )

    def bootstrap(self, parts: list[tuple[str, DumpPart]]) -> Mapping[str, Any]:
        """The canonical JSON of the bootstrap; empty if there is none."""
        for name, section in parts:
            part = below(section, ("bootstrap",))
            if name == "BootstrapConfigDump" and part is not None:
                return self.canonical(BOOTSTRAP, part, "the bootstrap") or {}
        return {}

    def resources(self, place: DumpPlace, parts: list[tuple[str, DumpPart]]) -> tuple[Any, ...]:
        """The messages at a place, sorted by name."""
        all_items = (item for name, section in parts if name == place.section for item in items(section, place.items))
        read = (self.message(place.kind, part) for item in all_items if (part := below(item, place.steps)) is not None)
        by_name = {resource_name(each): each for each in reversed([each for each in read if each is not None])}
        return tuple(by_name[name] for name in sorted(by_name))

    def message(self, kind: str, part: DumpPart) -> Message | None:
        """The message of a resource; None if it is none of Envoy's API."""
        if not isinstance(part.data, Mapping):
            self.left_out(part.path, kind.removesuffix("s"), "expected an object")
            return None
        label = f"{kind.removesuffix('s')} {_shown_name(part.data)}".rstrip()
        full_name = TYPE_URLS[kind].removeprefix(TYPE_URL)
        url = str(part.data.get("@type", TYPE_URLS[kind]))
        if url.rpartition("/")[2] != full_name:
            self.left_out(part.path, label, f"its type is {url}")
            return None
        rest = {key: value for key, value in part.data.items() if key != "@type"}
        data = self.canonical(full_name, DumpPart(rest, part.path), label)
        if data is None:
            return None
        try:
            return decoded(CLASSES[kind], data)
        except msgspec.ValidationError as error:
            self.left_out(part.path, label, str(error))
            return None

    def canonical(self, full_name: str, part: DumpPart, label: str) -> Mapping[str, Any] | None:
        """The canonical JSON of a message; None if it cannot be read."""
        reading = read_with_unknown_types(full_name, part.data)
        for problem in reading.problems:
            path = (*part.path, *problem.path)
            if reading.value is None and problem.fault is not Fault.UNKNOWN_FIELD:
                self.left_out(path, label, problem.text)
            else:
                origin = Origin(self.document, path)
                self.found.append(UNKNOWN_DUMP_FIELD(origin, place=origin.field, problem=problem.text))
        return reading.value

    def left_out(self, path: Path, label: str, problem: str) -> None:
        """Report a part that cannot be read."""
        origin = Origin(self.document, path)
        self.found.append(UNREADABLE_PART(origin, part=label, place=origin.field, problem=problem))

    def report_rejected(self, parts: list[tuple[str, DumpPart]]) -> None:
        """Report the resources whose latest version Envoy has rejected."""
        for wanted, list_name in REJECTED:
            for item in (item for name, section in parts if name == wanted for item in items(section, list_name)):
                details = below(item, ("error_state", "details"))
                if details is not None and isinstance(item.data, Mapping):
                    label = f"{list_name.split('_')[-1].removesuffix('s')} {_shown_name(item.data)}".rstrip()
                    text = " ".join(str(details.data).split())[:500]
                    self.found.append(REJECTED_UPDATE(Origin(self.document, details.path), part=label, details=text))


def _shown_name(data: Mapping[str, Any]) -> str:
    for key in ("name", "cluster_name", "clusterName"):
        if isinstance(data.get(key), str):
            return str(data[key])[:200]
    return ""


def _resources(read: Mapping[DumpPlace, tuple[Any, ...]], discovered: set[str], *, is_static: bool) -> Resources:
    """The resources of the control plane, or those of the bootstrap. Envoy also dumps endpoints that clusters hold."""
    kinds: dict[str, tuple[Any, ...]] = dict.fromkeys(Resources.__struct_fields__, ())
    for place in PLACES:
        if place.is_static == is_static and place.kind in kinds:
            kinds[place.kind] = read[place]
    kinds["endpoints"] = tuple(each for each in kinds["endpoints"] if resource_name(each) in discovered)
    return Resources(**kinds)
