"""Plans: what reaches the fleet, and a safe order of applying."""

from __future__ import annotations

from textwrap import dedent

import meshcompile
from meshcompile import Plan
from meshcompile.rollout.edits import edits
from meshcompile.rollout.saved import deviations, saved
from meshcompile.rollout.stages import after, stage
from tests.cli.conftest import MESH

CLIENT = MESH.replace("catalog", "web").replace("10.96.0.10", "10.96.0.11")
SHOP = f"{MESH}---\n{CLIENT}"
V2 = MESH[MESH.index("apiVersion: apps/v1") :].replace("name: catalog", "name: catalog-v2")
V2 = V2.replace("app: catalog", "app: catalog, version: v2")


def rule(*subsets: str) -> str:
    """A DestinationRule with subsets, each for the version with its name, or for all Pods."""
    listed = ", ".join(f"{{name: {name}{', labels: {version: v2}' if name == 'v2' else ''}}}" for name in subsets)
    return f"""
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {{name: catalog, namespace: shop}}
        spec: {{host: catalog, subsets: [{listed}]}}
        """


def route(subset: str, host: str = "catalog") -> str:
    """A VirtualService that routes the catalog to a subset."""
    return f"""
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {{name: catalog, namespace: shop}}
        spec: {{hosts: [catalog], http: [{{route: [{{destination: {{host: {host}, subset: {subset}}}}}]}}]}}
        """


def loaded(*texts: str) -> meshcompile.Mesh:
    """A mesh of a client and a server, and of more objects."""
    return meshcompile.load("---\n".join([SHOP, *map(dedent, texts)]))


def applied(plan: Plan) -> list[str]:
    """The kinds of the steps, in order."""
    return [f"{step.action} {step.edit.id[2]}" for step in plan.steps]


def test_a_canary() -> None:
    """Pods come before the subset, and the subset comes before the route; in the opposite order when it goes."""
    small, large = loaded(rule("v1"), route("v1")), loaded(V2, rule("v1", "v2"), route("v2"))
    there, back = meshcompile.plan(small, large), meshcompile.plan(large, small)
    assert applied(there) == ["apply Deployment", "apply DestinationRule", "apply VirtualService"]
    assert applied(back) == ["apply VirtualService", "apply DestinationRule", "delete Deployment"]
    assert (there.verdict, there.needs_two_phases, there.blocked) == ("safe", False, ())
    assert "before VirtualService shop/catalog routes there" in there.steps[1].reason
    assert dict(there.steps[2].pushes) == {"RDS": 3}


def test_every_stage_is_safe() -> None:
    """Applied one after the other, no step makes a proxy route to nothing, and the last stage is the later mesh."""
    before, later = loaded(rule("v1"), route("v1")), loaded(V2, rule("v1", "v2"), route("v2"))
    plan = meshcompile.plan(before, later)
    reached = stage(before)
    for step in plan.steps:
        reached = after(reached, (step.edit,))
        assert not reached.problems
    for proxy in later.proxies():
        assert reached.mesh.compile(proxy).to_json() == later.compile(proxy).to_json()


def test_the_wrong_order_is_seen() -> None:
    """A route to a subset that does not exist yet is a problem."""
    before, later = loaded(rule("v1"), route("v1")), loaded(rule("v1", "new"), route("new"))
    changed = {edit.id[2]: edit for edit in edits(before, later)}
    problems = after(stage(before), (changed["VirtualService"],)).problems
    assert {problem.cluster for problem in problems} == {"outbound|80|new|catalog.shop.svc.cluster.local"}


def test_a_subset_with_another_name() -> None:
    """Where no order is safe, a version with both subsets comes first, and the final one last."""
    plan = meshcompile.plan(loaded(rule("old"), route("old")), loaded(rule("new"), route("new")))
    assert applied(plan) == ["apply DestinationRule", "apply VirtualService", "apply DestinationRule"]
    assert plan.needs_two_phases
    manifest = plan.to_dict()["order"]["steps"][0]["manifest"]
    assert [subset["name"] for subset in manifest["spec"]["subsets"]] == ["new", "old"]


def test_no_order() -> None:
    """If a subset has no Pods in between, whatever is applied first, the plan says so for each object."""
    labelled = V2.replace("catalog-v2", "catalog-versions")
    subset = rule("v2").replace("name: v2", "name: one")
    before = loaded(labelled, subset, route("one"))
    later = loaded(
        labelled.replace("version: v2", "version: v3"), subset.replace("version: v2", "version: v3"), route("one")
    )
    plan = meshcompile.plan(before, later)
    assert (plan.verdict, plan.steps) == ("impossible", ())
    assert [name for name, _ in plan.blocked] == ["Deployment shop/catalog-versions", "DestinationRule shop/catalog"]
    assert all("which has no endpoints" in problems[0] for _, problems in plan.blocked)


def test_sizes_and_drains() -> None:
    """A listener that goes away closes its connections, and the configuration becomes smaller."""
    tcp = """
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: db, namespace: shop}
        spec:
          hosts: [db.example.com]
          addresses: [10.9.9.9]
          ports: [{number: 5432, name: tcp, protocol: TCP}]
          resolution: STATIC
          endpoints: [{address: 1.1.1.1}]
        """
    plan = meshcompile.plan(loaded(tcp), loaded())
    assert [(drain.listener, drain.is_removed) for drain in plan.drains] == [("10.9.9.9_5432", True)] * 2
    before, later = plan.sizes
    assert before.bytes > later.bytes
    assert before.resources - later.resources == 2 * 3
    assert plan.pushes["LDS"] == ("deployment/catalog.shop", "deployment/web.shop")
    assert plan.pushes["RDS"] == ()


def test_a_sidecar_would_save() -> None:
    """The saving of a Sidecar is what the configuration without other namespaces takes less."""
    other = MESH.replace("shop", "other").replace("10.96.0.10", "10.96.0.12")
    plan = meshcompile.plan(loaded(), loaded(other))
    assert plan.savings.with_sidecar is not None
    assert plan.savings.with_sidecar.bytes < plan.savings.sidecars.bytes
    assert {each.namespace for each in plan.savings.exports} == {"shop", "other"}


def test_saved_plans() -> None:
    """A saved plan is the plan again for the same objects, and for no others."""
    before, later = loaded(rule("v1"), route("v1")), loaded(rule("v1", "new"), route("new"))
    reviewed = saved(meshcompile.plan(before, later), before, later)
    again = loaded("# a comment", rule("v1", "new"), route("new"))
    assert not list(deviations(reviewed, saved(meshcompile.plan(before, again), before, again)))
    other = loaded(rule("v1", "other"), route("other"))
    assert list(deviations(reviewed, saved(meshcompile.plan(before, other), before, other)))[:1] == [
        "NEW is not the input that was reviewed"
    ]
