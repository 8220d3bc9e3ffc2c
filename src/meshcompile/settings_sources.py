"""Sources of mesh config and mesh networks: a ConfigMap, an IstioOperator, Helm values, or a plain message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from meshcompile.codes.mesh import INVALID_MESH_CONFIG
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document, Origin, Path
from meshcompile.errors import InvalidArgument
from meshcompile.models.base import Resource
from meshcompile.source.reading import Input, UnreadableInput, read

ROOT_NAMESPACE = "istio-system"
"""The namespace of the ConfigMap: Istio's root namespace in a default installation."""
# Paths of the mesh config in Helm values: for the chart istiod, for an umbrella chart, and for Istio's own charts.
_VALUES = ((), ("istiod",), ("defaults",), ("_internal_defaults_do_not_set",))
_MESH_CONFIG = ("meshConfig",)
_NETWORKS = ("global", "meshNetworks")
_OPERATOR_VALUES = ("spec", "values")


class SettingsSource(Struct, frozen=True):
    """An object or a file with settings of the mesh.

    The parts of the mesh config are in ascending precedence. `networks` is the message, or its only field.
    """

    name: str
    origin: Origin
    mesh: tuple[Document, ...] = ()
    networks: Document | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    is_plain: bool = False
    """True for a plain message, and for the ConfigMap that istiod reads."""


def sources_among(resources: Iterable[Resource]) -> list[SettingsSource]:
    """The sources among the objects of a mesh, the one that applies first.

    istiod reads the ConfigMap, which an IstioOperator generates. Of several IstioOperators, one without a revision
    comes first, then they are ordered by namespace and name.
    """
    objects = tuple(resources)
    config_maps = [r for r in objects if r.kind == "ConfigMap" and _is_read_by_istiod(r)]
    operators = sorted((r for r in objects if r.kind == "IstioOperator"), key=_rank)
    found = (source_of(resource.origin.document) for resource in (*config_maps, *operators))
    return [source for source in found if source.mesh or source.networks or source.diagnostics]


def _is_read_by_istiod(config_map: Resource) -> bool:
    return (config_map.namespace, config_map.name) == (ROOT_NAMESPACE, "istio")


def _rank(operator: Resource) -> tuple[bool, str, str]:
    return (bool(_at(operator.origin.document.value, ("spec", "revision"))), operator.namespace, operator.name)


def source_given(given: Input, name: str) -> SettingsSource | None:
    """The source that a caller passes: plain data, a text or a file; None if it is empty.

    Raises UnreadableInput if it cannot be read, and InvalidArgument if there are several sources.
    """
    if isinstance(given, Mapping):
        return source_of(Document(f"<{name}>", given))
    found = read([given])
    if found.diagnostics and not found.documents:
        wrong = (INVALID_MESH_CONFIG(each.origin, problem=_EXPECTED) for each in found.diagnostics)
        return SettingsSource(name, Origin(Document(str(given), {})), diagnostics=tuple(wrong))
    sources = [source_of(document) for document in found.documents]
    if len(sources) > 1:
        sources = [source for source in sources if source.mesh or source.networks]
        if len(sources) != 1:
            raise InvalidArgument(f"{given!s}: expected one {name}, found {len(sources)}")
    return next(iter(sources), None)


_EXPECTED = "expected MeshConfig, MeshNetworks, a ConfigMap, an IstioOperator or Helm values"


def source_of(document: Document) -> SettingsSource:
    """The settings in a document. A document of another kind has none and gets a diagnostic."""
    top = Origin(document)
    match document.value:
        case {"kind": "ConfigMap", "metadata": {"name": str(name)}, "data": Mapping() as data}:
            return _of_config_map(document, f"ConfigMap `{name}`", data)
        case {"kind": "IstioOperator" | "Istio" as kind}:
            parts = (*_parts(document, ("spec", *_MESH_CONFIG)), *_parts(document, (*_OPERATOR_VALUES, *_MESH_CONFIG)))
            networks = next(_parts(document, (*_OPERATOR_VALUES, *_NETWORKS)), None)
            name = f"{kind} `{document.name}`" if document.name else kind
            return SettingsSource(name, top, parts, networks)
        case {"kind": str(kind), "apiVersion": str()}:
            wrong = INVALID_MESH_CONFIG(top.at("kind"), problem=f"a {kind} holds none; {_EXPECTED}")
            return SettingsSource(kind, top, diagnostics=(wrong,))
        case values if any(_at(values, (*place, *key)) for place in _VALUES for key in (_MESH_CONFIG, _NETWORKS)):
            parts = tuple(part for place in _VALUES for part in _parts(document, (*place, *_MESH_CONFIG)))
            found = (part for place in _VALUES for part in _parts(document, (*place, *_NETWORKS)))
            return SettingsSource("the Helm values", top, parts, next(found, None))
        case _:
            return SettingsSource("the file", top, (document,), document, is_plain=True)


def _parts(document: Document, path: Path) -> Iterator[Document]:
    """The value at a path, if there is one."""
    if value := _at(document.value, path):
        yield document.part(value, *path)


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _of_config_map(document: Document, name: str, data: Mapping[str, Any]) -> SettingsSource:
    """The settings in a ConfigMap, as YAML text."""
    mesh, networks = (_embedded(document, key, data.get(key)) for key in ("mesh", "meshNetworks"))
    return SettingsSource(
        name,
        Origin(document),
        tuple(each for each in mesh if isinstance(each, Document)),
        next((each for each in networks if isinstance(each, Document)), None),
        tuple(each for each in (*mesh, *networks) if isinstance(each, Diagnostic)),
        is_plain=True,
    )


def _embedded(document: Document, key: str, text: object) -> tuple[Document | Diagnostic, ...]:
    """The document of a text inside a document, or the reason why it cannot be read."""
    if not isinstance(text, str) or not text.strip():
        return ()
    path = ("data", key)
    try:
        documents = read(f"\n{text}").documents
    except UnreadableInput as unreadable:
        where = Origin(document, path)
        return tuple(INVALID_MESH_CONFIG(where, problem=each.message) for each in unreadable.diagnostics)
    return tuple(document.embedded(each.value, path) for each in documents[:1])
