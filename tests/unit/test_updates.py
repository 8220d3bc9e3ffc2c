"""What an update reads again, and what its arguments mean."""

from __future__ import annotations

import gc
import pickle
from collections.abc import Callable
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest

import meshcompile
from meshcompile.documents.named_text import NamedText
from meshcompile.queries import Query
from meshcompile.snapshot.snapshot import Snapshot

SERVICE = """\
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: shop}}
spec: {{clusterIP: 10.0.0.1, ports: [{{name: http, port: {port}}}]}}
"""


def service(name: str, port: int = 80) -> str:
    return SERVICE.format(name=name, port=port)


def service_data(name: str, port: int = 80) -> dict[str, Any]:
    ports = [{"name": "http", "port": port}]
    meta = {"name": name, "namespace": "shop"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"clusterIP": "10.0.0.1", "ports": ports}}


def ports(mesh: meshcompile.Mesh) -> dict[str, int]:
    """The port of each Service, in the order of the input."""
    return {each.name: each.spec.ports[0].port for each in mesh.config_cluster.resources}  # type: ignore[attr-defined]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.yaml").write_text(service(name))
    return tmp_path


def test_only_what_changed_is_read_again(folder: Path) -> None:
    """A file that is not named is as it was, whatever happens to it, and its objects are the same objects."""
    mesh = meshcompile.load([folder])
    for name in ("a", "b", "c"):
        (folder / f"{name}.yaml").write_text(service(name, 8080))
    updated = mesh.updated([folder / "b.yaml"])
    assert ports(updated) == {"a": 80, "b": 8080, "c": 80}
    assert ports(mesh) == {"a": 80, "b": 80, "c": 80}
    assert updated.config_cluster.resources[0] is mesh.config_cluster.resources[0]


def test_new_files_stand_where_a_load_finds_them(folder: Path) -> None:
    """A new file of a folder has its place by its name; one outside comes last."""
    mesh = meshcompile.load([folder])
    (folder / "aa.yaml").write_text(service("aa"))
    outside = folder.parent / f"{folder.name}-outside.yaml"
    outside.write_text(service("outside"))
    updated = mesh.updated([folder / "aa.yaml", outside])
    assert list(ports(updated)) == ["a", "aa", "b", "c", "outside"]
    assert updated == meshcompile.load([folder, outside])


def test_removed_files_are_gone_even_if_they_are_there(folder: Path) -> None:
    """A file or a folder that is removed takes no part until it is named as changed."""
    mesh = meshcompile.load([folder])
    without = mesh.updated(removed=[folder / "b.yaml"])
    assert list(ports(without)) == ["a", "c"]
    assert list(ports(without.updated([folder / "a.yaml"]))) == ["a", "c"]
    assert list(ports(without.updated([folder / "b.yaml"]))) == ["a", "b", "c"]
    assert list(ports(mesh.updated(removed=[folder]))) == []


def test_paths_may_be_written_in_any_way(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is known by what it is, not by how its path is written."""
    monkeypatch.chdir(folder)
    mesh = meshcompile.load(["."])
    (folder / "b.yaml").write_text("#\n" + service("b", 8080))
    updated = mesh.updated([str(folder / "b.yaml")])
    assert ports(updated)["b"] == 8080
    assert updated.config_cluster.resources[1].origin.file == "./b.yaml"


def test_a_folder_that_changed_is_read_again(folder: Path) -> None:
    """All files of a folder that is named are read again, and new ones are found."""
    mesh = meshcompile.load([folder])
    (folder / "a.yaml").write_text(service("a", 81))
    (folder / "d.yaml").write_text(service("d"))
    (folder / "c.yaml").unlink()
    assert ports(mesh.updated([folder])) == {"a": 81, "b": 80, "d": 80}


def test_ignore_files_count_at_once(folder: Path) -> None:
    """An ignore file that changed decides anew which files of the folder are read."""
    mesh = meshcompile.load([folder])
    (folder / ".meshcompileignore").write_text("b.yaml\n")
    assert list(ports(mesh.updated([folder / ".meshcompileignore"]))) == ["a", "c"]


def test_a_kustomization_decides_anew(folder: Path) -> None:
    """Files that a new kustomization names as patches are no objects any more."""
    mesh = meshcompile.load([folder])
    (folder / "kustomization.yaml").write_text("patches: [{path: b.yaml}]\n")
    updated = mesh.updated([folder / "kustomization.yaml"])
    fresh = meshcompile.load([folder])
    assert list(ports(updated)) == list(ports(fresh)) == ["a", "c"]
    assert updated.diagnostics == fresh.diagnostics
    again = updated.updated([folder / "c.yaml"])
    assert again.diagnostics == fresh.diagnostics


def test_objects_take_the_place_of_the_one_with_their_name(folder: Path) -> None:
    """An object replaces the one of its name, from a file or not, valid or not, and no finding is left of that."""
    mesh = meshcompile.load([folder, service_data("x", 123456)])
    assert [found.name for found in mesh.diagnostics] == ["x"]
    updated = mesh.updated([service_data("b", 81), service_data("x", 82), service_data("new", 83)])
    assert ports(updated) == {"a": 80, "b": 81, "c": 80, "x": 82, "new": 83}
    assert updated.diagnostics == ()
    assert ports(updated.updated(removed=[service_data("b"), service_data("x")])) == {"a": 80, "c": 80, "new": 83}
    assert ports(updated.updated([folder / "b.yaml"])) == {"a": 80, "b": 80, "c": 80, "x": 82, "new": 83}


def test_a_text_is_its_objects(folder: Path) -> None:
    """The objects of a text replace those of their names."""
    mesh = meshcompile.load([folder])
    assert ports(mesh.updated(service("b", 81) + "---\n" + service("c", 82))) == {"a": 80, "b": 81, "c": 82}


def test_texts_of_files_count_until_the_file_changes(folder: Path) -> None:
    """A text that is not saved replaces what the file holds, with its places, until the file is named again."""
    mesh = meshcompile.load([folder])
    path = str(folder / "b.yaml")
    unsaved = mesh.updated(NamedText(path, "\n\n" + service("b", 81)))
    assert ports(unsaved)["b"] == 81
    assert str(unsaved.config_cluster.resources[1].origin) == f"{path}:3:1"
    assert ports(unsaved.updated([folder / "a.yaml"]))["b"] == 81
    assert ports(unsaved.updated([path]))["b"] == 80


def test_places_move_with_the_lines(folder: Path) -> None:
    """All objects of a file that changed have their new places, those that did not change too."""
    (folder / "b.yaml").write_text(service("b") + "---\n" + service("bad", 123456))
    mesh = meshcompile.load([folder])
    (folder / "b.yaml").write_text("#\n#\n" + service("b") + "---\n" + service("bad", 123456))
    updated = mesh.updated([folder / "b.yaml"])
    assert [found.line + 2 for found in mesh.diagnostics] == [found.line for found in updated.diagnostics]


def test_input_that_cannot_be_read_raises(folder: Path) -> None:
    """What `load` cannot read, an update cannot read either; the mesh before it still works."""
    mesh = meshcompile.load([folder / "a.yaml", folder / "b.yaml"])
    (folder / "a.yaml").write_bytes(b"\xff")
    with pytest.raises(meshcompile.UnreadableInput):
        mesh.updated([folder / "a.yaml"])
    (folder / "a.yaml").write_text(service("a", 81))
    assert ports(mesh.updated([folder / "a.yaml"])) == {"a": 81, "b": 80}


def test_the_settings_of_the_mesh_follow(folder: Path) -> None:
    """The mesh config is read again when the file changes that it was given in."""
    config = folder.parent / f"{folder.name}-mesh.yaml"
    config.write_text("trustDomain: one\n")
    mesh = meshcompile.load([folder], mesh_config=config)
    config.write_text("trustDomain: two\n")
    updated = mesh.updated([config])
    assert updated.settings.mesh.trust_domain == "two"
    assert updated.config_cluster is mesh.config_cluster
    assert mesh.updated([folder / "a.yaml"]).settings is mesh.settings


def test_remote_clusters_follow(folder: Path) -> None:
    """A file belongs to the cluster that it was read for; a new object to the cluster that is named."""
    remote = folder.parent / f"{folder.name}-remote.yaml"
    remote.write_text(service("r"))
    mesh = meshcompile.load([folder], clusters={"east": [remote]})
    remote.write_text(service("r", 81))
    updated = mesh.updated([remote])
    assert updated.remote_clusters["east"].resources[0].spec.ports[0].port == 81  # type: ignore[attr-defined]
    added = mesh.updated(service_data("new"), cluster="east")
    assert [each.name for each in added.remote_clusters["east"].resources] == ["r", "new"]
    with pytest.raises(meshcompile.InvalidArgument, match="did you mean 'east'"):
        mesh.updated(service_data("new"), cluster="eats")


def test_copies_and_assumptions_can_be_updated(folder: Path) -> None:
    """A mesh that was pickled, or that assumes a proxy, can be updated too."""
    mesh = meshcompile.load([folder])
    (folder / "a.yaml").write_text(service("a", 81))
    assert ports(pickle.loads(pickle.dumps(mesh)).updated([folder / "a.yaml"]))["a"] == 81
    assuming = mesh.assuming("sidecar:shop,app=a").updated([folder / "a.yaml"])
    assert assuming.proxy_names == mesh.assuming("sidecar:shop,app=a").proxy_names


def test_arguments_are_checked(folder: Path) -> None:
    """What is no input is refused."""
    with pytest.raises(meshcompile.InvalidArgument, match="inputs must be"):
        meshcompile.load([folder]).updated([3])  # type: ignore[list-item]


def test_nothing_changed(folder: Path) -> None:
    """Without an edit the mesh has the same objects."""
    mesh = meshcompile.load([folder])
    assert mesh.updated().config_cluster is mesh.config_cluster


def test_objects_that_stand_where_they_stood_are_kept(folder: Path) -> None:
    """In a file that changed, an object with the same text at the same lines is the same object; others are new."""
    path = folder / "b.yaml"
    path.write_text(service("b") + "---\n" + service("same") + "---\n" + service("moved"))
    mesh = meshcompile.load([folder])
    path.write_text(service("b", 8080) + "---\n" + service("same") + "---\n\n" + service("moved"))
    updated = mesh.updated([path])
    before, now = (dict(zip(ports(each), each.config_cluster.resources, strict=True)) for each in (mesh, updated))
    assert [name for name in now if now[name] is before[name]] == ["a", "same", "c"]
    assert now["moved"].origin.line == before["moved"].origin.line + 1
    assert updated == meshcompile.load([folder])
    assert [each.origin for each in updated.config_cluster.resources] == [
        each.origin for each in meshcompile.load([folder]).config_cluster.resources
    ]


MESH = """
apiVersion: v1
kind: Pod
metadata: {name: web-0, namespace: shop, labels: {app: web}}
spec: {containers: [{name: app}, {name: istio-proxy}]}
status: {phase: Running, podIP: 10.1.0.1}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIP: 10.0.0.1, selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: shop}
spec: {host: web, trafficPolicy: {outlierDetection: {}}}
"""
VIRTUAL_SERVICE = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: web, namespace: shop}}
spec: {{hosts: [web], http: [{{timeout: {seconds}s, route: [{{destination: {{host: web}}}}]}}]}}
"""


def test_messages_that_do_not_depend_on_an_edit_are_kept() -> None:
    """After an edit of a VirtualService the clusters and endpoints are the same objects, and the routes are new."""
    mesh = meshcompile.load([MESH, VIRTUAL_SERVICE.format(seconds=1)])
    before = mesh.compile("web-0.shop")
    updated = mesh.updated(VIRTUAL_SERVICE.format(seconds=2))
    now = updated.compile("web-0.shop")
    own = [cluster.name for cluster in before.clusters if not cluster.name.startswith("outbound|")]
    assert [one.name for one, other in zip(before.clusters, now.clusters, strict=True) if one is not other] == own
    assert all(one is other for one, other in zip(before.endpoints, now.endpoints, strict=True))
    assert before.routes != now.routes
    assert mesh.compile("web-0.shop").to_dict() == before.to_dict()


def test_no_answer_holds_a_snapshot() -> None:
    """An answer that held the snapshot could read from it what nothing records."""
    mesh = meshcompile.load([MESH, VIRTUAL_SERVICE.format(seconds=1)])
    mesh.compile("web-0.shop")
    mesh.analyze()
    answers = mesh.snapshot.answers
    values = [answer.value for known in answers._by_query.values() for answer in known.values()]
    assert [value for value in reachable(values) if isinstance(value, Snapshot)] == []


def reachable(values: list[object]) -> list[object]:
    """Everything that can be reached from values, apart from modules, classes and functions."""
    seen: dict[int, object] = {}
    waiting = list(values)
    while waiting:
        value = waiting.pop()
        if id(value) not in seen and not isinstance(value, type | ModuleType | FunctionType | Query):
            seen[id(value)] = value
            waiting += gc.get_referents(value)
    return list(seen.values())


@pytest.mark.slow
@pytest.mark.parametrize(
    "edit",
    [
        lambda number: VIRTUAL_SERVICE.format(seconds=1 + number % 9),
        lambda number: MESH.replace("port: 80", f"port: {80 + number}"),
        lambda number: POLICY.format(path=number),
    ],
    ids=["VirtualService", "Service", "AuthorizationPolicy"],
)
def test_a_chain_of_updates_needs_no_more_memory(edit: Callable[[int], str]) -> None:
    """After a thousand updates, each compiled, no more objects are alive than after a few."""
    mesh = meshcompile.load([MESH])
    alive = []
    for number in range(1000):
        mesh = mesh.updated(edit(number))
        mesh.compile("web-0.shop")
        if number in (20, 999):
            gc.collect()
            alive.append(len(gc.get_objects()))
    assert alive[1] < alive[0] * 1.02


POLICY = """
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: web, namespace: shop}}
spec: {{rules: [{{to: [{{operation: {{paths: [/{path}]}}}}]}}]}}
"""
