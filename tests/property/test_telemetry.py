"""Telemetries, providers and extensions of any content: nothing raises, and order and repetition have no effect."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from meshcompile.emit.access_log import http_access_logs, listener_access_logs, tcp_access_logs
from meshcompile.emit.extensions import extensions
from meshcompile.emit.stats import stats
from meshcompile.emit.tracing import tracing
from meshcompile.envoy.message import Message, to_builtins
from meshcompile.models.base import Resource
from meshcompile.models.extensions.traffic_extension import TrafficExtension, TrafficExtensionSpec
from meshcompile.models.extensions.wasm_plugin import WasmPlugin, WasmPluginSpec
from meshcompile.models.mesh.extension_providers import ExtensionProvider
from meshcompile.models.mesh.mesh_networks import MeshNetworks
from meshcompile.models.telemetry.telemetry import Telemetry, TelemetrySpec
from meshcompile.resolve.extensions import extensions as resolved
from meshcompile.resolve.listeners.traffic import TrafficClass
from meshcompile.resolve.telemetry import telemetry_findings
from meshcompile.snapshot.extensions import TRAFFIC_EXTENSION
from meshcompile.snapshot.resources import ConfigStore
from meshcompile.snapshot.snapshot import Snapshot, SnapshotInputs
from tests.meshes import Asked, gateway, installed_mesh_config, sidecar
from tests.property.test_models import messages

Json = dict[str, Any]
NAMES = ("a", "b", "prometheus", "envoy", "A")
NAMESPACES = ("istio-system", "shop")


def renamed(spec: Json) -> Json:
    """A spec with renamed providers, of which some exist."""
    for index, block in enumerate((*spec.get("tracing", ()), *spec.get("metrics", ()), *spec.get("accessLogging", ()))):
        for number, provider in enumerate(block.get("providers", ())):
            provider["name"] = NAMES[(index + number) % len(NAMES)]
    return {key: value for key, value in spec.items() if key not in ("selector", "targetRef", "targetRefs")}


def telemetries() -> st.SearchStrategy[list[Telemetry]]:
    specs = messages(TelemetrySpec).map(renamed)
    return st.lists(st.tuples(st.sampled_from(NAMESPACES), specs), max_size=4).map(
        lambda found: [
            Telemetry.model_validate({"metadata": {"name": f"t{i}", "namespace": namespace}, "spec": spec})
            for i, (namespace, spec) in enumerate(found)
        ]
    )


providers = st.lists(messages(ExtensionProvider), min_size=1, max_size=3).map(
    lambda found: [{**provider, "name": name} for provider, name in zip(found, NAMES, strict=False)]
)


def asked_of(resources: list[Resource], *, router: bool = False, **mesh: Any) -> Asked:
    settings = installed_mesh_config(**mesh)
    made = Snapshot(SnapshotInputs(ConfigStore.of(resources), settings, MeshNetworks()))
    return Asked(made, gateway("shop") if router else sidecar(ISTIO_VERSION="1.28.0"))


def told(of: Asked) -> list[str]:
    """The findings about Telemetries."""
    return [str(finding) for finding in telemetry_findings(of.snapshot, of.proxy)]


def reported(of: Asked, traffic: TrafficClass) -> list[Json]:
    """All telemetry settings of a traffic class, as JSON."""
    found = of.telemetry(traffic)
    traced = tracing(found.tracing)
    logs = (*http_access_logs(found), *tcp_access_logs(found), *listener_access_logs(found))
    made: tuple[Message, ...] = (*stats(found), *logs, *((traced,) if traced is not None else ()))
    return [to_builtins(message) for message in made]


@settings(max_examples=60)
@given(
    found=telemetries(),
    known=providers,
    router=st.booleans(),
    traffic=st.sampled_from(TrafficClass),
    default=st.booleans(),
    random=st.randoms(use_true_random=False),
)
def test_order_of_telemetries_does_not_matter(
    found: list[Telemetry], known: list[Json], router: bool, traffic: TrafficClass, default: bool, random: Any
) -> None:
    """For Telemetries and providers of any content, neither order nor repetition affects the result."""
    defaults = {"metrics": ["a", "b"], "tracing": ["b"], "accessLogging": ["a", "envoy"]} if default else {}
    mesh = {"extensionProviders": known, "defaultProviders": defaults, "accessLogFile": "/dev/stdout"}
    first = asked_of([*found], router=router, **mesh)
    made = reported(first, traffic)
    random.shuffle(found)
    second = asked_of([*found], router=router, **mesh)
    assert made == reported(second, traffic) == reported(first, traffic)
    assert told(first) == told(second)


@settings(max_examples=60)
@given(
    specs=st.lists(
        messages(TrafficExtensionSpec).map(lambda spec: (TrafficExtension, spec))
        | messages(WasmPluginSpec).map(lambda spec: (WasmPlugin, spec)),
        max_size=4,
    ),
    traffic=st.sampled_from(TrafficClass),
    port=st.sampled_from([0, 80]),
)
def test_every_module_has_a_configuration(specs: list[tuple[Any, Json]], traffic: TrafficClass, port: int) -> None:
    """Filters discover exactly the existing configurations, and scripts are never discovered."""
    resources = [
        kind.model_validate(
            {
                "apiVersion": "extensions.istio.io/v1alpha1",
                "kind": kind.__name__,
                "metadata": {"name": f"e{index}", "namespace": "shop"},
                "spec": {**spec, "selector": None, "targetRefs": []} | ({"targetRef": None} if "url" in spec else {}),
            }
        )
        for index, (kind, spec) in enumerate(specs)
    ]
    of = asked_of(resources)
    found = of.extensions(traffic)
    listed = [each for kind in (found.http, found.network) for phase in kind.by_phase for each in kind.on(phase, port)]
    discovered = sorted(each.name for each in listed if each.script is None)
    made = extensions(resolved(of.snapshot, of.proxy, discovered))
    assert [each.name for each in made] == discovered
    assert all(each.name.startswith(TRAFFIC_EXTENSION) for each in made)
    for each in made:
        config = to_builtins(each)["typedConfig"]["config"]
        assert config["vmConfig"]["code"].keys() <= {"local", "remote"}
