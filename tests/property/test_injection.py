"""Injection of any workload: text or a finding, never an exception, and the same text when it is injected again."""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import meshcompile
from meshcompile.inject.rules import ANNOTATION_RULES
from meshcompile.inject.types import go_struct
from meshcompile.inject.workloads import SHAPES

TEXTS = st.sampled_from(["", "a", "istio-proxy", "istio-init", "auto", "8080", "true", '"', "\\", "é\n", "1Gi", "http"])
ANYTHING = st.one_of(st.none(), st.booleans(), st.integers(-5, 70000), TEXTS, st.just([]), st.just({}), st.just(1.5))
SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "string": TEXTS,
    "bool": st.booleans(),
    "int32": st.integers(-5, 70000),
    "int64": st.integers(-5, 70000),
    "intOrString": st.one_of(st.integers(0, 70000), TEXTS),
    "quantity": st.sampled_from(["1", "100m", "1Gi", 2, 0.5, "x"]),
    "time": st.sampled_from(["2024-01-31T12:00:00Z", "now"]),
    "bytes": TEXTS,
    "any": ANYTHING,
}
ANNOTATIONS = st.dictionaries(
    st.sampled_from(
        [
            *ANNOTATION_RULES,
            "inject.istio.io/templates",
            "proxy.istio.io/config",
            "proxy.istio.io/overrides",
            "sidecar.istio.io/status",
            "sidecar.istio.io/nativeSidecar",
            "sidecar.istio.io/userVolume",
            "sidecar.istio.io/userVolumeMount",
            "sidecar.istio.io/bootstrapOverride",
            "sidecar.istio.io/logLevel",
            "prometheus.io/port",
            "prometheus_io_scrape",
            "k8s.v1.cni.cncf.io/networks",
        ]
    ),
    st.sampled_from(
        [
            "",
            "0",
            "15020",
            "true",
            "false",
            "sidecar,gateway",
            "grpc-agent",
            "grpc-simple",
            "{}",
            "[]",
            "null",
            '{"a": {}}',
            '{"v": {"mountPath": "/v"}}',
            '{"containers": [{"name": "istio-proxy"}]}',
            '"',
            "\\x",
            "a: [",
            "TPROXY",
            "NONE",
            "concurrency: 1",
            "holdApplicationUntilProxyStarts: true",
            "10.0.0.0/8",
            "eth0",
            "100m",
            "-1",
            "é",
        ]
    ),
    max_size=4,
)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "pilot": st.sampled_from([{}, {"cni": {"enabled": True}}, {"cni": {"enabled": True, "provider": "multus"}}]),
        "global": st.sampled_from([{}, {"hub": None}, {"tag": 1.3}, {"network": "n"}, {"proxy": {"resources": None}}]),
    },
)


@st.composite
def values(draw: st.DrawFn, type_name: str, depth: int = 0) -> Any:
    """A value of a Go type, with few of its fields; now and then of another type."""
    if draw(st.integers(0, 60)) == 0:
        return draw(ANYTHING)
    if type_name.startswith("*"):
        return draw(values(type_name[1:], depth))
    if type_name.startswith("[]"):
        return [draw(values(type_name[2:], depth + 1)) for _ in range(draw(st.integers(0, 2)))]
    if type_name.startswith("{}"):
        return {key: draw(values(type_name[2:], depth + 1)) for key in draw(st.sets(TEXTS, max_size=2))}
    struct = go_struct(type_name)
    if struct is None:
        return draw(SCALARS[type_name])
    names = draw(st.sets(st.sampled_from(sorted(struct.fields)), max_size=4 if depth < 6 else 1))
    return {name: draw(values(struct.fields[name].type, depth + 1)) for name in names}


@st.composite
def workloads(draw: st.DrawFn) -> dict[str, Any]:
    """An object of a kind with Pods, with annotations that injection reads."""
    kind = draw(st.sampled_from(sorted(SHAPES)))
    written: dict[str, Any] = draw(values(SHAPES[kind].type)) or {}
    if not isinstance(written, dict):
        written = {}
    spec = {"containers": [{"name": "app"}], **_mapping(draw(values("PodSpec", 1)))}
    metadata = {**_mapping(draw(values("ObjectMeta", 2))), "annotations": draw(ANNOTATIONS)}
    match kind:
        case "Pod":
            written |= {"metadata": metadata, "spec": spec}
        case "CronJob":
            written["spec"] = {"jobTemplate": {"metadata": metadata, "spec": {"template": {"spec": spec}}}}
        case _:
            written["spec"] = {"template": {"metadata": metadata, "spec": spec}}
    return {**written, "apiVersion": "apps/v1", "kind": kind}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


@given(workloads(), VALUES, st.booleans())
@settings(max_examples=150)
def test_any_workload_is_injected_or_reported(workload: dict[str, Any], chart: dict[str, Any], native: bool) -> None:
    """Injection gives YAML that reads as one document, or one error."""
    text = json.dumps(workload)
    injected = meshcompile.kube_inject(f"{text}\n", values=chart, native_sidecars=native)
    errors = [each for each in injected.diagnostics if each.severity is meshcompile.Severity.ERROR]
    assert (injected.text == "") == bool(errors) == injected.failed
    assert len(errors) <= 1
    if not errors:
        first, _ = yaml.load_all(injected.text, yaml.CSafeLoader)
        assert first["kind"] == workload["kind"]


@given(workloads(), st.booleans())
@settings(max_examples=50)
def test_a_workload_that_stays_as_it_is_is_a_fixed_point(workload: dict[str, Any], native: bool) -> None:
    """Text that injection printed reads as the same object: without injection, the next run prints the same."""
    injected = meshcompile.kube_inject(f"{json.dumps(workload)}\n", native_sidecars=native)
    off = {"metadata": {"labels": {"sidecar.istio.io/inject": "false"}}}
    for document in yaml.load_all(injected.text, yaml.CSafeLoader):
        if document is None or document["kind"] != "Pod":
            continue
        written = {**document, "metadata": {**document["metadata"], **off["metadata"]}}
        once = meshcompile.kube_inject(f"{json.dumps(written)}\n").text
        assert meshcompile.kube_inject(once).text.startswith(once)
