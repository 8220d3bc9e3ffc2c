"""The settings of an injection: Helm values, mesh config, revision, and whether sidecars are native."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document
from meshcompile.inject.printed import printed
from meshcompile.inject.problems import InjectionProblem
from meshcompile.inject.values import DEFAULT_VALUES, InjectionValues, deep_merged, injection_values
from meshcompile.models.base import Node
from meshcompile.models.lenient import read_leniently
from meshcompile.models.mesh.defaults import INSTALLED_DEFAULTS
from meshcompile.models.mesh.merge import merged_mesh_config, merged_proxy_configs
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.mesh.proxy_config import ProxyConfig
from meshcompile.source.reading import UnreadableInput, read

N = TypeVar("N", bound=Node)
DEFAULT_REVISION = "default"
_TRACERS: Mapping[str, tuple[str, ...]] = {
    "datadog": ("address",),
    "zipkin": ("address",),
    "lightstep": ("address", "accessToken"),
    "stackdriver": ("debug", "maxNumberOfAttributes", "maxNumberOfAnnotations", "maxNumberOfMessageEvents"),
}
_STACKDRIVER = {
    "debug": False,
    "maxNumberOfAttributes": 200,
    "maxNumberOfAnnotations": 200,
    "maxNumberOfMessageEvents": 200,
}


class InjectionSettings(Struct, frozen=True):
    """What an injection depends on, except for the Pod."""

    values: InjectionValues = DEFAULT_VALUES
    mesh: MeshConfig = INSTALLED_DEFAULTS
    revision: str = ""
    """The revision of Istio. Empty for the default one."""
    native_sidecars: bool = False

    @property
    def proxy_config(self) -> ProxyConfig:
        return self.mesh.default_config or ProxyConfig()

    def with_annotation(self, text: str) -> InjectionSettings:
        """The settings of a Pod whose annotation changes the proxy config. Raises InjectionProblem."""
        config = merged_proxy_configs(self.proxy_config, annotated_config(text))
        return replace(self, mesh=self.mesh.model_copy(update={"default_config": config}))


def injection_settings(
    values: Mapping[str, Any], mesh: MeshConfig | None, revision: str, *, native_sidecars: bool
) -> tuple[InjectionSettings, tuple[Diagnostic, ...]]:
    """The settings for overrides of Helm values and of the mesh config, and findings about the values.

    Raises InjectionProblem for a value of a wrong type.
    """
    named = "" if revision == DEFAULT_REVISION else revision
    read_values = injection_values({**values, **({"revision": named} if named else {})})
    rendered, findings = _read(MeshConfig, rendered_mesh(read_values, values), "<values>")
    layers = (INSTALLED_DEFAULTS, rendered, *(() if mesh is None else (mesh,)))
    settings = InjectionSettings(read_values, reduce(merged_mesh_config, layers), named, native_sidecars)
    return settings, findings


def rendered_mesh(values: InjectionValues, written: Mapping[str, Any]) -> Mapping[str, Any]:
    """The mesh config that the chart renders from its values, without what is the default anyway."""
    own = written.get("meshConfig")
    return deep_merged(_rendered(values), own if isinstance(own, Mapping) else {})


def _rendered(values: InjectionValues) -> Mapping[str, Any]:
    given = values.global_
    revision = f"-{printed(values.revision)}" if values.revision else ""
    namespace = printed(given.istio_namespace)
    config: dict[str, Any] = {"discoveryAddress": f"istiod{revision}.{namespace}.svc:15012"}
    if given.mesh_id:
        config["meshId"] = printed(given.mesh_id)
    if variant := given.proxy.variant or given.variant:
        config["image"] = {"imageType": variant}
    tracer = given.proxy.tracer
    if tracer is not None and tracer in _TRACERS:
        config["tracing"] = {tracer: _tracer(values, tracer)}
    return {"rootNamespace": namespace, "defaultConfig": config}


def _tracer(values: InjectionValues, name: str) -> Mapping[str, Any]:
    """The settings of a tracer, with the chart's defaults."""
    given = (values.global_.tracer or {}).get(name) or {}
    defaults: Mapping[str, Mapping[str, Any]] = {
        "datadog": {"address": "$(HOST_IP):8126"},
        "zipkin": {"address": f"zipkin.{printed(values.global_.istio_namespace)}:9411"},
        "stackdriver": _STACKDRIVER,
    }
    fallback = defaults.get(name, {})
    chosen = {key: given.get(key) or fallback.get(key) for key in _TRACERS[name]}
    return {key: value for key, value in chosen.items() if value is not None}


def annotated_config(text: str) -> ProxyConfig:
    """The proxy config in an annotation: YAML or JSON, in which unknown fields count for nothing.

    Raises InjectionProblem for a text that is none.
    """
    try:
        documents = read(f"\n{text}").documents
    except UnreadableInput as unreadable:
        raise InjectionProblem(f"no proxy config: {unreadable.diagnostics[0].message}") from None
    if not documents:
        return ProxyConfig.model_construct()
    return _read(ProxyConfig, documents[0].value, "<annotation>")[0]


def _read(model: type[N], value: Any, name: str) -> tuple[N, tuple[Diagnostic, ...]]:
    """The message in plain data, and findings about it. Raises InjectionProblem for a value of a wrong type."""
    if not isinstance(value, Mapping):
        raise InjectionProblem(f"expected an object, found {value!r}")
    node, findings = read_leniently(Document(name, value), model)
    if node is None:
        wrong = next(each for each in findings if each.severity.value == "error")
        raise InjectionProblem(wrong.message, wrong.origin.path)
    return node, findings
