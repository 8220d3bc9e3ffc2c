"""`kube_inject`: the proxy in the Pods of a text, as `istioctl kube-inject` adds it with the default profile."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any

from meshcompile.codes.kube_inject import INVALID_INJECTION_VALUE
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document, Origin
from meshcompile.errors import InvalidArgument, instance
from meshcompile.inject.documents import InjectedText, injected_text
from meshcompile.inject.problems import InjectionProblem
from meshcompile.inject.settings import DEFAULT_REVISION, InjectionSettings, injection_settings
from meshcompile.inject.values import deep_merged
from meshcompile.settings import given_settings
from meshcompile.source.reading import WRITTEN, Input, UnreadableInput, read
from meshcompile.source.whole import Whole, whole_text

if TYPE_CHECKING:
    from meshcompile.models.mesh.mesh_config import MeshConfig

_CHARTS = ("_internal_defaults_do_not_set", "defaults", "istiod")
"""Keys below which values of the chart may be, beside those at the top."""


def kube_inject(
    text: Whole,
    *,
    values: Input | None = None,
    mesh_config: Input | MeshConfig | None = None,
    revision: str = DEFAULT_REVISION,
    native_sidecars: bool = False,
) -> InjectedText:
    """The text with a proxy in the Pods of its workloads. Documents without Pods keep their bytes.

    `text` is a path, `-` for standard input, or YAML. `values` override Helm values of the chart `istiod`, and
    `mesh_config` overrides the mesh config. Raises UnreadableInput for files and settings that cannot be read.
    """
    whole = whole_text(text)
    settings, findings = _settings(values, mesh_config, instance("revision", revision, str), native_sidecars)
    result = injected_text(whole.text, whole.name, settings)
    return InjectedText(result.text, (*findings, *result.diagnostics))


def _settings(
    values: Input | None, mesh_config: Input | MeshConfig | None, revision: str, native_sidecars: bool
) -> tuple[InjectionSettings, tuple[Diagnostic, ...]]:
    """The settings, and findings about the files that hold them. Raises UnreadableInput."""
    document = _values_document(values)
    given = given_settings(mesh_config, None)
    try:
        settings, findings = injection_settings(
            helm_values(document.value), given.mesh, revision, native_sidecars=native_sidecars
        )
    except InjectionProblem as problem:
        place = Origin(document, problem.path)
        raise UnreadableInput((INVALID_INJECTION_VALUE(place, problem=problem.message),)) from None
    return settings, (*given.diagnostics, *findings)


def _values_document(values: Input | None) -> Document:
    """The document with the values. Raises UnreadableInput and InvalidArgument."""
    if values is None:
        return Document("<values>", {})
    if isinstance(values, Mapping):
        return Document("<values>", values)
    found = read([instance("values", values, *WRITTEN)])
    if len(found.documents) > 1:
        raise InvalidArgument(f"{values!s}: expected one document with Helm values, found {len(found.documents)}")
    if not found.documents:
        raise UnreadableInput(found.diagnostics)
    return found.documents[0]


def helm_values(written: Any) -> Mapping[str, Any]:
    """The values of the chart `istiod`: in a values file, an IstioOperator, or the injector's ConfigMap."""
    match written:
        case {"kind": "IstioOperator" | "Istio", "spec": Mapping() as spec}:
            values = _mapping(spec.get("values"))
            mesh = deep_merged(_mapping(spec.get("meshConfig")), _mapping(values.get("meshConfig")))
            return {**values, "meshConfig": mesh}
        case {"kind": "ConfigMap", "data": {"values": str(text)}}:
            documents = read(f"\n{text}").documents
            return _mapping(documents[0].value) if documents else {}
        case Mapping():
            parts = [_mapping(written.get(chart)) for chart in _CHARTS]
            own = {key: value for key, value in written.items() if key not in _CHARTS}
            return reduce(deep_merged, parts, own)
        case _:
            return {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
