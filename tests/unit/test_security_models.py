"""Models of security, telemetry and extensions: their peculiarities."""

from typing import Any

import pytest

from meshcompile.documents import Document
from meshcompile.models.read import read
from meshcompile.models.security.authorization_policy import AuthorizationPolicyAction
from meshcompile.models.security.peer_authentication import MutualTLSMode
from meshcompile.models.telemetry.telemetry import IstioMetric, WorkloadMode

VERSIONS = {
    "PeerAuthentication": ("security.istio.io/v1", "security.istio.io/v1beta1"),
    "RequestAuthentication": ("security.istio.io/v1", "security.istio.io/v1beta1"),
    "AuthorizationPolicy": ("security.istio.io/v1", "security.istio.io/v1beta1"),
    "Telemetry": ("telemetry.istio.io/v1", "telemetry.istio.io/v1alpha1"),
    "WasmPlugin": ("extensions.istio.io/v1alpha1",),
    "TrafficExtension": ("extensions.istio.io/v1alpha1",),
}


def model(kind: str, spec: dict[str, Any], api_version: str | None = None) -> Any:
    document = {"apiVersion": api_version or VERSIONS[kind][0], "kind": kind, "metadata": {"name": "a"}, "spec": spec}
    found, problems = read(Document("a.yaml", document))
    assert problems == ()
    return found


@pytest.mark.parametrize(
    ("kind", "version"), [(kind, version) for kind, versions in VERSIONS.items() for version in versions]
)
def test_every_version_is_the_same_kind(kind: str, version: str) -> None:
    """All versions of a kind are read alike, and the written version is kept."""
    spec = {"url": "oci://a"} if kind == "WasmPlugin" else {}
    found = model(kind, spec, version)
    assert (found.kind, found.api_version) == (kind, version)
    assert found.spec == model(kind, spec).spec


def test_ports_of_a_peer_authentication_are_numbers() -> None:
    """Ports are strings in JSON and numbers in the model, and each mode has its origin."""
    found = model("PeerAuthentication", {"mtls": {"mode": "STRICT"}, "portLevelMtls": {"8080": {"mode": "DISABLE"}}})
    assert found.spec.mtls.mode is MutualTLSMode.STRICT
    assert {port: mtls.mode for port, mtls in found.spec.port_level_mtls.items()} == {8080: "DISABLE"}
    assert found.spec.port_level_mtls[8080].origin.path == ("spec", "portLevelMtls", "8080")


def test_nothing_and_an_empty_rule_are_different() -> None:
    """A policy without rules differs from one with an empty rule, and ALLOW is the default action."""
    nothing, everything = model("AuthorizationPolicy", {}), model("AuthorizationPolicy", {"rules": [{}]})
    assert (nothing.spec.rules, len(everything.spec.rules)) == ((), 1)
    assert nothing.spec.action is everything.spec.action is AuthorizationPolicyAction.ALLOW


def test_from_is_a_keyword() -> None:
    """The field `from` is `from_` in Python."""
    rule = {"from": [{"source": {"principals": ["*"]}}], "to": [{"operation": {"notPaths": ["/a"]}}]}
    (found,) = model("AuthorizationPolicy", {"rules": [rule]}).spec.rules
    assert found.from_[0].source.principals == ("*",)
    assert found.from_[0].origin.path == ("spec", "rules", 0, "from", 0)
    assert found.to[0].operation.not_paths == ("/a",)


def test_target_references_have_two_fields() -> None:
    """One or several targets: each field is kept as written."""
    target = {"kind": "Gateway", "group": "gateway.networking.k8s.io", "name": "a"}
    one, several = model("RequestAuthentication", {"targetRef": target}), model("Telemetry", {"targetRefs": [target]})
    assert one.spec.target_ref == several.spec.target_refs[0]
    assert (one.spec.target_refs, several.spec.target_ref) == ((), None)


def test_false_is_not_absent_in_telemetry() -> None:
    """A wrapper distinguishes false and zero from absence."""
    (said,) = model(
        "Telemetry", {"tracing": [{"randomSamplingPercentage": 0, "disableSpanReporting": False}]}
    ).spec.tracing
    assert (said.random_sampling_percentage, said.disable_span_reporting, said.enable_istio_tags) == (0, False, None)


def test_metrics_are_selected_by_name() -> None:
    """The metric and the mode of an override are enums of the model."""
    override = {"match": {"metric": "REQUEST_COUNT", "mode": "SERVER"}, "tagOverrides": {"a": {"operation": "REMOVE"}}}
    (found,) = model("Telemetry", {"metrics": [{"overrides": [override]}]}).spec.metrics[0].overrides
    assert (found.match.metric, found.match.mode) == (IstioMetric.REQUEST_COUNT, WorkloadMode.SERVER)
    assert found.tag_overrides["a"].operation == "REMOVE"


def test_configuration_of_a_plugin_is_free() -> None:
    """The configuration of a Wasm module is kept as written, in any form."""
    config = {"a": [1, 2.5, "x", None, {"deep_key": True}]}
    found = model("WasmPlugin", {"url": "oci://a", "pluginConfig": config, "imagePullPolicy": "Always"})
    assert found.spec.plugin_config == config
    assert found.spec.image_pull_policy == "Always"


def test_an_extension_is_wasm_or_lua() -> None:
    """A script and a module in one TrafficExtension are rejected."""
    both = {"lua": {"inlineCode": "x"}, "wasm": {"url": "oci://a"}}
    document = {
        "apiVersion": "extensions.istio.io/v1alpha1",
        "kind": "TrafficExtension",
        "metadata": {"name": "a"},
        "spec": both,
    }
    found, problems = read(Document("a.yaml", document))
    assert found is None
    assert len(problems) == 1
