"""Upgrades of Istio: which differences between the releases are at work in a mesh."""

from __future__ import annotations

from pathlib import Path

import pytest

import meshcompile
from meshcompile.behaviour import RELEASES
from meshcompile.compare.sharing import following as keeping_answers
from meshcompile.upgrades.following import following
from meshcompile.upgrades.search import fleet_state
from meshcompile.upgrades.steps import VERSION, behaviour_after, compatibility_features, rows_between, stages

COOLSTORE = Path(__file__).parents[2] / "examples" / "coolstore"
WARMUP = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: slow, namespace: istioinaction}
spec:
  host: webapp.istioinaction.svc.cluster.local
  trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN, warmup: {duration: 30s, aggression: 0.5}}}
"""
LEGACY = """
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: legacy, namespace: istioinaction}
spec:
  configPatches:
  - applyTo: CLUSTER
    match: {context: SIDECAR_OUTBOUND, proxy: {proxyVersion: '^1\\.30.*'}}
    patch: {operation: MERGE, value: {connect_timeout: 3s}}
"""
KEPT = {"PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS": False}


def test_the_stages_end_with_the_later_release() -> None:
    """The rows of all releases on the way, and then the version of proxies, make one release the other."""
    for old, new in (("1.29", "1.30"), ("1.30", "1.31"), ("1.29", "1.31")):
        before, after = RELEASES[old], RELEASES[new]
        found = stages(before, after)
        assert (found[-1].behaviour, found[-1].row.field) == (after, VERSION)
        assert found[-2].behaviour.release == before.release


def test_a_row_that_a_later_release_takes_back_is_no_row() -> None:
    """What 1.30 changes and 1.31 changes back is not a difference between 1.29 and 1.31."""
    between = {row.field for row in rows_between(RELEASES["1.29"], RELEASES["1.31"])}
    assert "missing_backends_not_found" not in between
    assert {"traffic_extensions", "send_unhealthy_endpoints"} <= between


def test_a_row_names_proxies_fields_and_the_way_back() -> None:
    """The coolstore gets one new field in each cluster, and keeps what it has with a feature flag."""
    mesh = meshcompile.load(COOLSTORE)
    found = meshcompile.upgrade(mesh, to="1.31")
    (row,) = found.rows
    (effect,) = row.fields
    assert (row.change.field, len(row.proxies), row.requests) == ("send_unhealthy_endpoints", 4, ())
    assert (effect.type, effect.field) == ("clusters", "/commonLbConfig/healthyPanicThreshold")
    assert (effect.example.before, effect.example.after) == (None, {})
    assert meshcompile.upgrade(mesh, to="1.31", features=KEPT).is_empty


def test_a_compatibility_version_keeps_the_feature_flags() -> None:
    """`compatibilityVersion: 1.30` sets the flags that 1.31 adds to what 1.30 does."""
    kept = compatibility_features("1.30", "1.31")
    assert kept.items() >= KEPT.items()
    assert compatibility_features("1.29", "1.31") == {**kept, "PILOT_SIDECAR_PICK_BEST_SERVICE_NAMESPACE": False}


def test_findings_that_go() -> None:
    """An object that the later release accepts is no longer rejected, and its effect belongs to the same row."""
    mesh = meshcompile.load([COOLSTORE, WARMUP])
    rows = {row.change.field: row for row in meshcompile.upgrade(mesh, to="1.31", features=KEPT).rows}
    assert rows.keys() == {"slow_warmups"}
    assert [each.rejected for each in rows["slow_warmups"].gone_findings] == [True]
    assert {each.type for each in rows["slow_warmups"].fields} == {"clusters"}


def test_patches_for_a_version_of_proxies() -> None:
    """A patch for proxies of the earlier release stops to apply, and is reported, with the version of the proxies."""
    mesh = meshcompile.load([COOLSTORE, LEGACY])
    found = meshcompile.upgrade(mesh, to="1.31", features=KEPT)
    (row,) = found.rows
    assert (row.change.field, [each.slug for each in row.new_findings]) == (VERSION, ["patch-of-other-release"])
    assert {each.field for each in row.fields} == {"/connectTimeout"}
    assert not found.unexplained


@pytest.mark.parametrize("release", RELEASES)
def test_kept_answers_do_not_show(release: str) -> None:
    """A mesh that keeps answers of another release gives each proxy the same as a mesh that is loaded for its own."""
    inputs: tuple[Path | str, ...] = (COOLSTORE, WARMUP, LEGACY)
    earlier = meshcompile.load(inputs, release="1.29")
    fleet_state(earlier)
    later = fleet_state(keeping_answers(earlier, following(earlier, RELEASES[release])))
    assert later.equals(fleet_state(meshcompile.load(inputs, release=release)))


@pytest.mark.parametrize(
    ("to", "features", "message"),
    [
        ("1.28", {}, "known are 1.29, 1.30, 1.31"),
        ("1.30", {}, "not a later release"),
        ("1.31", {"PILOT_ENABLE_MONGO_FILTER": False}, "PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS"),
    ],
)
def test_wrong_arguments(to: str, features: dict[str, bool], message: str) -> None:
    """The message says what is possible."""
    with pytest.raises(meshcompile.InvalidArgument, match=message):
        meshcompile.upgrade(meshcompile.load(COOLSTORE), to=to, features=features)


def test_feature_flags_of_the_mesh_stay() -> None:
    """A flag that the mesh is loaded with holds in the later release too."""
    mesh = meshcompile.load([], features={"PILOT_ENABLE_MONGO_FILTER": False})
    assert not behaviour_after(mesh.behaviour, "1.31", {}).mongo_filter


GATEWAY = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: web, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [shop.example.com]}]
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {ports: [{name: http, port: 80}]}
"""
KUBERNETES_GATEWAY = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: {name}, namespace: shop}}
spec:
  gatewayClassName: {class_name}
  addresses: {addresses}
  listeners: [{{name: http, port: 80, protocol: HTTP}}]
"""


def kubernetes_gateway(name: str, class_name: str = "istio", addresses: str = "[]") -> str:
    return KUBERNETES_GATEWAY.format(name=name, class_name=class_name, addresses=addresses)


def test_a_gateway_without_a_workload_is_assumed() -> None:
    """What changes at a gateway is reported although the input has no workload for it."""
    found = meshcompile.upgrade(meshcompile.load(GATEWAY), to="1.31")
    assert found.assumed == ("pod/assumed-ingressgateway.istio-system",)
    assert [row.proxies for row in found.rows] == [found.assumed]
    assert not found.left_out


def test_a_gateway_with_a_workload_is_not_assumed() -> None:
    """A workload that a Gateway selects by some of its labels is the gateway."""
    assert not meshcompile.upgrade(meshcompile.load(COOLSTORE), to="1.31").assumed


def test_the_service_of_a_gateway_selects_its_proxy() -> None:
    """A Gateway of the Gateway API with a Service of its own gets the proxies that the Service selects."""
    service = "{apiVersion: v1, kind: Service, metadata: {name: edge, namespace: shop}, spec: {selector: {app: edge}}}"
    own = kubernetes_gateway("own", addresses="[{type: Hostname, value: edge}]")
    found = meshcompile.upgrade(meshcompile.load([own, service, GATEWAY]), to="1.31")
    assert found.assumed == ("pod/assumed-ingressgateway.istio-system", "pod/assumed-edge.shop")


@pytest.mark.parametrize(
    ("class_name", "reason"),
    [("istio-waypoint", "only an ambient mesh has waypoints"), ("istio-remote", "in another cluster")],
)
def test_gateways_that_are_left_out(class_name: str, reason: str) -> None:
    """A Gateway without a proxy is reported with the reason."""
    (left_out,) = meshcompile.upgrade(meshcompile.load(kubernetes_gateway("far", class_name)), to="1.31").left_out
    assert left_out.startswith("gateway/far.shop: ")
    assert reason in left_out


def test_places_are_exact() -> None:
    """The places of a field have each resource only with the workloads at which it changes."""
    sidecar = """
    apiVersion: networking.istio.io/v1
    kind: Sidecar
    metadata: {name: alone, namespace: istioinaction}
    spec: {workloadSelector: {labels: {app: catalog}}, egress: [{hosts: ['./catalog.istioinaction.svc.cluster.local']}]}
    """
    (row,) = meshcompile.upgrade(meshcompile.load([COOLSTORE, sidecar]), to="1.31").rows
    (effect,) = row.fields
    resources = {proxy: set(place.resources) for place in effect.places for proxy in place.proxies}
    assert resources.keys() == set(effect.proxies)
    assert all("catalog." in name for name in resources["deployment/catalog-v1.istioinaction"])
    assert set().union(*resources.values()) == set(effect.resources)


SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {selector: {app: db}, ports: [{name: tcp, port: 5432}]}
"""


def test_all_replicas_count() -> None:
    """The summary counts proxies, also where the rows name one workload."""
    stateful_set = """
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: db, namespace: shop}
    spec:
      replicas: 3
      serviceName: db
      selector: {matchLabels: {app: db}}
      template:
        metadata: {labels: {app: db, sidecar.istio.io/inject: "true"}}
        spec: {containers: [{name: db, image: db}]}
    """
    found = meshcompile.upgrade(meshcompile.load([stateful_set, SERVICE]), to="1.31")
    assert (found.changed, found.changing, found.proxies) == (("statefulset/db.shop",), 3, 3)
