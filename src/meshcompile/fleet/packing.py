"""The configurations of a part in serialized form: each message once, as compressed JSON."""

from __future__ import annotations

import io
import pickle
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, partial
from typing import Any, cast

from msgspec import Struct

from meshcompile.collector import gc_paused
from meshcompile.config import Config
from meshcompile.emit.resources import Resources
from meshcompile.encoded import RESOURCE_TYPES, EncodedResources, Measure
from meshcompile.envoy.message import EncodedMessage, Message, fragment
from meshcompile.fleet.catalogue import NUMBERS, Catalogue
from meshcompile.fleet.compilable import CompilableMesh
from meshcompile.fleet.parts import AnyProxy, Part
from meshcompile.output.credentials import Credential

FASTEST = 1
"""The level of compression. Envoy's JSON is so repetitive that the fastest level leaves a fifteenth or less."""


class PackedConfig(Struct, frozen=True):
    """One configuration: the measure of each type of resource, and the numbers of its messages in the part."""

    measures: dict[str, Measure]
    numbers: dict[str, bytes]


class PackedPart(Struct, frozen=True):
    """The configurations of a part.

    `texts` has the JSON of each message on a line, by type. `rest` has the proxy, the diagnostics and the patches of
    each configuration, pickled.
    """

    configs: tuple[PackedConfig, ...]
    texts: dict[str, bytes]
    rest: bytes


@gc_paused()
def packed(mesh: CompilableMesh, configs: Iterable[Config]) -> PackedPart:
    """The configurations in serialized form, for a process with an equal mesh."""
    texts = {kind: _Lines() for kind in RESOURCE_TYPES}
    catalogues = {kind: Catalogue(texts[kind].add) for kind in RESOURCE_TYPES}
    packed_configs, rest = [], []
    for config in configs:
        listed = {kind: catalogues[kind].listed(getattr(config.resources, kind)) for kind in RESOURCE_TYPES}
        packed_configs.append(
            PackedConfig(
                {kind: each.measure for kind, each in listed.items()},
                {kind: each.numbers for kind, each in listed.items()},
            )
        )
        rest.append((config.proxy, config.diagnostics, config.patches))
    compressed = {kind: lines.compressed() for kind, lines in texts.items()}
    return PackedPart(tuple(packed_configs), compressed, pickled(rest, mesh))


class _Lines:
    """The JSON of messages, compressed incrementally."""

    def __init__(self) -> None:
        self._compressor = zlib.compressobj(FASTEST)
        self._pieces: list[bytes] = []

    def add(self, message: Message) -> None:
        self._pieces.append(self._compressor.compress(f"{fragment(message, -1, 0)}\n".encode()))

    def compressed(self) -> bytes:
        return b"".join((*self._pieces, self._compressor.flush()))


def unpacked(
    mesh: CompilableMesh, credentials: Mapping[str, Credential], part: Part, sent: PackedPart
) -> Iterator[Config]:
    """The configurations of a part, in order."""
    texts = {kind: _Texts(compressed) for kind, compressed in sent.texts.items()}
    rest = unpickled(sent.rest, mesh)
    for proxy_or_name, config, (proxy, diagnostics, patches) in zip(part, sent.configs, rest, strict=True):
        resources = EncodedResources(
            config.measures, partial(_messages, texts, config.numbers), partial(_resources, mesh, proxy_or_name)
        )
        # It has all attributes of Resources, created on first use.
        yield Config(proxy, cast(Resources, resources), diagnostics, credentials, patches)


class _Texts:
    """The messages of one type in a part, unpacked on first use."""

    def __init__(self, compressed: bytes) -> None:
        self._compressed = compressed

    @cached_property
    def messages(self) -> list[EncodedMessage]:
        return [EncodedMessage(line) for line in zlib.decompress(self._compressed).splitlines()]


def _messages(texts: Mapping[str, _Texts], numbers: Mapping[str, bytes], kind: str) -> tuple[EncodedMessage, ...]:
    return tuple(map(texts[kind].messages.__getitem__, array(NUMBERS, numbers[kind])))


def _resources(mesh: CompilableMesh, proxy: AnyProxy) -> Resources:
    return mesh.compile(proxy).resources


def _objects(mesh: CompilableMesh) -> list[object]:
    """The objects of a mesh and their documents. An equal mesh has equal ones in the same order."""
    clusters = (mesh.config_cluster, *mesh.remote_clusters.values())
    resources = (resource for cluster in clusters for resource in cluster.resources)
    return [each for resource in resources for each in (resource, resource.origin.document)]


def pickled(data: object, mesh: CompilableMesh) -> bytes:
    """The pickled data. Objects of the mesh are replaced by numbers, so that neither they nor their files are sent."""
    numbers = {id(each): number for number, each in enumerate(_objects(mesh))}

    class Pickler(pickle.Pickler):
        def persistent_id(self, value: object) -> int | None:
            return numbers.get(id(value))

    buffer = io.BytesIO()
    Pickler(buffer, pickle.HIGHEST_PROTOCOL).dump(data)
    return buffer.getvalue()


def unpickled(data: bytes, mesh: CompilableMesh) -> Any:
    """The data that a process with an equal mesh pickled."""
    objects = _objects(mesh)

    class Unpickler(pickle.Unpickler):
        def persistent_load(self, number: int) -> object:
            return objects[number]

    return Unpickler(io.BytesIO(data)).load()
