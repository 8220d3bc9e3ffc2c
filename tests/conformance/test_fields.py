"""No field is silently ignored: the compiler reads it in some case, or the table of limits gives the reason."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import meshcompile
from meshcompile.models.base import Node, node_type
from meshcompile.models.mesh.connection_settings import ConnectionSettings
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.mesh.mesh_networks import MeshNetworks
from meshcompile.models.registry import KINDS
from meshcompile.models.support import COMPILED, limit
from tests.conformance import corpus
from tests.conformance.compare import load_mesh

Field = tuple[type[Node], str]

# Modules that read fields without using them.
LOOK_ONLY = ("meshcompile.models", "meshcompile.validate", "meshcompile.analyze", "meshcompile.diagnostics", "pydantic")
GATEWAY_API = ("gateway.networking.k8s.io", "gateway.networking.x-k8s.io")
UNTRIED = {
    "BudgetDetails.percent",  # snapshot.gateway_api.backend_policies, with a feature flag that no case sets
    "RequestRate.count",
    "RetryConstraint.budget",
    "RetryConstraint.min_retry_rate",
    "XBackendTrafficPolicySpec.retry_constraint",
    "XBackendTrafficPolicySpec.target_refs",
    "CertificateData.trust_domains",  # resolve.downstream_tls
    "EnvoyFilterSpec.workload_selector",  # read as `selector`, which all policies have
    "ExtensionProvider.sds",  # resolve.gateway_tls, where a proxy has no credential socket
    "LocalParametersReference.group",  # snapshot.gateway_api.overlays, for Gateways that are assumed to be deployed
    "LocalParametersReference.kind",
    "LocalParametersReference.name",
    "ProxyConfig.interception_mode",  # proxies: becomes node metadata, which cases state
    "ProxyConfig.proxy_metadata",
    "ProxyConfig.service_cluster",
    "ProxyConfig.tracing_service_name",
    "ProxyConfigSpec.environment_variables",  # models.mesh.merge: becomes proxy_metadata
    "BudgetDetails.interval",  # the fields of Istio 1.31, which tests/releases tries
    "ConnectionKeepalive.interval",
    "ConnectionKeepalive.timeout",
    *(f"ConnectionSettings.{name}" for name in ConnectionSettings.model_fields),
    "ServiceEntryVisibility.apply_to_sidecars",
    "ServiceEntryVisibility.default_visibility",
    "ServiceEntryVisibility.policies",
    "VisibilityMatchRule.namespace_selector",
    "VisibilityPolicy.matching_rules",
    "VisibilityPolicy.visibility",
    "DefaultTrafficPolicy.connection_pool",
    "DefaultTrafficPolicy.outlier_detection",
    "ZoneAwareFailover.from_",
    "ZoneAwareFailover.to",
    "ZoneAwareLoadBalancerSetting.enabled",
    "ZoneAwareLoadBalancerSetting.failover",
    "ZoneAwareLoadBalancerSetting.failover_priority",
    "ZoneAwareLoadBalancerSetting.min_cluster_size",
    "SDSProvider.name",
    "SDSProvider.port",
    "SDSProvider.service",
}
"""Fields that are used where no case leads, or by a model itself."""


class Reads:
    """Records which fields of models the compiler reads."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fields: set[Field] = set()
        plain = Node.__getattribute__

        def noting(node: Node, name: str) -> object:
            if not name.startswith("_") and name in plain(node, "__class__").__pydantic_fields__:
                reader = sys._getframe(1).f_globals.get("__name__", "")
                if not reader.startswith(LOOK_ONLY):
                    self.fields.add((plain(node, "__class__"), name))
            return plain(node, name)

        monkeypatch.setattr(Node, "__getattribute__", noting)


def compile_case(case: Path) -> None:
    spec = yaml.load((case / "case.yaml").read_text(), Loader=yaml.CSafeLoader)
    mesh, _ = load_mesh(case, spec)
    mesh.proxies()  # their metadata come from ProxyConfigs
    for proxy in spec["proxies"]:
        node = json.loads((case / "istiod" / proxy["name"] / "node.json").read_text())
        mesh.compile(meshcompile.Proxy.from_node(node))


def compiled_fields() -> Iterator[Field]:
    """All fields of Istio's kinds, of the Gateway API and of the mesh settings that are declared as compiled."""
    models = [kind.model for kind in KINDS if kind.group.endswith(("istio.io", *GATEWAY_API))]
    specs = (node_type(model.model_fields["spec"].annotation) for model in models if "spec" in model.model_fields)
    waiting: list[type[Node]] = [MeshConfig, MeshNetworks, *(spec for spec in specs if spec is not None)]
    seen: set[type[Node]] = set()
    while waiting:
        model = waiting.pop()
        if model in seen:
            continue
        seen.add(model)
        for name, info in model.model_fields.items():
            if limit(model, name) is COMPILED:
                yield model, name
                waiting += [below] if (below := node_type(info.annotation)) is not None else []


@pytest.mark.slow
def test_every_compiled_field_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A field that nobody reads in any case has a row in the table of limits."""
    reads = Reads(monkeypatch)
    for case in sorted(corpus.cases_dir().glob("*/*")):
        compile_case(case)
    unread = {f"{model.__name__}.{name}" for model, name in compiled_fields() if (model, name) not in reads.fields}
    assert sorted(unread - UNTRIED) == []
