"""The networking kinds: details that are easy to get wrong."""

from typing import Any

import pytest

from meshcompile.models.networking.destination_rule import DestinationRule, SimpleLB
from meshcompile.models.networking.envoy_filter import EnvoyFilter, Operation
from meshcompile.models.networking.gateway import Gateway, TLSMode
from meshcompile.models.networking.proxy_config import ProxyConfig
from meshcompile.models.networking.service_entry import ServiceEntry
from meshcompile.models.networking.sidecar import OutboundTrafficPolicyMode, Sidecar
from meshcompile.models.networking.virtual_service import (
    Destination,
    HTTPRoute,
    HTTPRouteDestination,
    VirtualService,
    VirtualServiceSpec,
)
from meshcompile.models.networking.workload_entry import WorkloadEntry
from meshcompile.models.networking.workload_group import WorkloadGroup
from meshcompile.models.registry import KINDS
from meshcompile.values.durations import Duration

META = {"metadata": {"name": "x"}}


def spec(model: Any, **fields: Any) -> Any:
    return model.model_validate({**META, "spec": fields}).spec


def test_an_object_can_be_made_in_python() -> None:
    """In Python, kind and apiVersion are optional, and fields have their Python names."""
    route = HTTPRoute(route=(HTTPRouteDestination(destination=Destination(host="catalog"), weight=100),))
    made = VirtualService.model_validate({**META, "spec": VirtualServiceSpec(hosts=("catalog",), http=(route,))})
    assert (made.api_version, made.kind) == ("networking.istio.io/v1", "VirtualService")
    assert made.model_dump(exclude_defaults=True)["spec"]["http"][0]["route"][0] == {
        "destination": {"host": "catalog"},
        "weight": 100,
    }


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.group == "networking.istio.io"], ids=lambda k: k.name)
def test_the_registry_and_the_models_agree(kind: Any) -> None:
    """A model accepts exactly the registered apiVersions of its kind."""
    annotation = kind.model.model_fields["api_version"].annotation
    assert kind.api_versions == annotation.__args__
    assert kind.model.model_fields["api_version"].default == kind.api_versions[0]
    assert kind.model.model_fields["kind"].default == kind.name


def test_an_empty_string_match_asks_for_presence() -> None:
    """`{}` is a match, unlike an absent match."""
    (http,) = spec(VirtualService, http=[{"match": [{"headers": {"x-a": {}}}]}]).http
    assert http.match[0].headers["x-a"].exact is None


def test_zero_and_absent_differ_where_protobuf_has_a_wrapper() -> None:
    """Wrappers, messages and fields of a oneof distinguish 0, false and "" from absence."""
    detection = spec(DestinationRule, host="a", trafficPolicy={"outlierDetection": {"consecutive5xxErrors": 0}})
    outlier = detection.traffic_policy.outlier_detection
    assert (outlier.consecutive_5xx_errors, outlier.consecutive_gateway_errors) == (0, None)
    (http,) = spec(VirtualService, http=[{"redirect": {"port": 0}, "timeout": "0s"}]).http
    assert (http.redirect.port, http.redirect.derive_port, http.timeout) == (0, None, Duration())


def test_a_deprecated_field_keeps_its_second_spelling() -> None:
    """The API server accepts both `mirror_percent` and `mirrorPercent`."""
    made = VirtualService.model_validate(
        {**META, "spec": {"http": [{"mirror_percent": 5}]}}, by_alias=True, by_name=False
    )
    assert made.spec.http[0].mirror_percent == 5


def test_selectors_differ_between_apis() -> None:
    """Older networking kinds select by `labels`, others by `matchLabels`."""
    assert spec(Sidecar, workloadSelector={"labels": {"a": "b"}}).workload_selector.labels == {"a": "b"}
    rule = spec(DestinationRule, host="a", workloadSelector={"matchLabels": {"a": "b"}})
    assert rule.workload_selector.match_labels == {"a": "b"}
    assert spec(ProxyConfig, selector={"matchLabels": {"a": "b"}}).selector.match_labels == {"a": "b"}


def test_enums_start_at_the_zero_value() -> None:
    """An absent enum has protobuf's zero value, which may be unexpected."""
    (server,) = spec(
        Gateway, servers=[{"port": {"number": 1, "name": "a", "protocol": "TLS"}, "hosts": ["*"], "tls": {}}]
    ).servers
    assert server.tls.mode is TLSMode.PASSTHROUGH
    assert spec(Sidecar, outboundTrafficPolicy={}).outbound_traffic_policy.mode is (
        OutboundTrafficPolicyMode.REGISTRY_ONLY
    )
    (policy, named) = (
        spec(DestinationRule, host="a", trafficPolicy={"loadBalancer": load_balancer}).traffic_policy.load_balancer
        for load_balancer in ({}, {"simple": "LEAST_CONN"})
    )
    assert (policy.simple, named.simple) == (None, SimpleLB.LEAST_CONN)


def test_localities_go_from_and_to() -> None:
    """`from`, a Python keyword, is `from_` in Python."""
    setting = {"distribute": [{"from": "r1/*", "to": {"r1/z1/*": 100}}], "failover": [{"from": "r1", "to": "r2"}]}
    load_balancer = spec(
        DestinationRule, host="a", trafficPolicy={"loadBalancer": {"localityLbSetting": setting}}
    ).traffic_policy.load_balancer
    assert load_balancer.locality_lb_setting.distribute[0].from_ == "r1/*"
    assert load_balancer.model_dump(exclude_defaults=True)["localityLbSetting"] == {
        "distribute": ({"from": "r1/*", "to": {"r1/z1/*": 100}},),
        "failover": ({"from": "r1", "to": "r2"},),
    }


def test_automatic_addresses_are_in_the_status() -> None:
    """istiod writes the assigned addresses of a ServiceEntry to its status. Other parts of the status are ignored."""
    status = {"addresses": [{"value": "240.240.0.1", "host": "a.b"}], "observedGeneration": "3", "more": 1}
    entry = ServiceEntry.model_validate({**META, "spec": {"hosts": ["a.b"]}, "status": status})
    assert entry.status is not None
    assert [(address.host, address.value) for address in entry.status.addresses] == [("a.b", "240.240.0.1")]
    assert entry.status.observed_generation == 3


def test_the_health_of_a_workload_is_a_condition() -> None:
    """The health of a workload entry is in the conditions of its status."""
    entry = WorkloadEntry.model_validate(
        {**META, "spec": {"address": "10.0.0.1"}, "status": {"conditions": [{"type": "Healthy", "status": "False"}]}}
    )
    assert entry.status is not None
    assert [(condition.type, condition.status) for condition in entry.status.conditions] == [("Healthy", "False")]


def test_a_patch_is_any_data() -> None:
    """The value of an EnvoyFilter patch is kept as written, including null."""
    value = {"name": "a", "typed_config": {"@type": "type.googleapis.com/x", "list": [1, 1.5, None, {"b": False}]}}
    (patch,) = spec(
        EnvoyFilter,
        configPatches=[{"applyTo": "HTTP_FILTER", "patch": {"operation": "INSERT_BEFORE", "value": value}}],
    ).config_patches
    assert patch.patch.operation is Operation.INSERT_BEFORE
    assert patch.patch.value == value


def test_a_probe_has_one_kind_of_check() -> None:
    """A workload group's probe has one of HTTP, TCP, exec and gRPC."""
    group = spec(WorkloadGroup, template={"serviceAccount": "vm"}, probe={"exec": {"command": ["true"]}})
    assert group.probe.exec.command == ("true",)
    with pytest.raises(ValueError, match="only one of tcpSocket, exec can be set"):
        spec(WorkloadGroup, template={}, probe={"exec": {"command": ["true"]}, "tcpSocket": {"port": 1}})
