"""Two meshes that share what they have in common."""

from __future__ import annotations

from textwrap import dedent

import meshcompile
from meshcompile.compare.sharing import sharing
from meshcompile.documents.named_text import NamedText
from tests.cli.conftest import MESH

RULE = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: catalog, namespace: shop}
spec:
  hosts: [catalog]
  http: [{timeout: 5s, route: [{destination: {host: catalog}}]}]
"""
ADDED = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: added, namespace: shop}
spec:
  hosts: [catalog.example.com]
  http: [{route: [{destination: {host: catalog}}]}]
"""


def loaded(*texts: str, name: str) -> meshcompile.Mesh:
    """A mesh of one file."""
    return meshcompile.load(NamedText(name, "---\n".join(map(dedent, texts))))


def test_objects_with_the_same_text_are_shared() -> None:
    """Only what differs is an object of its own, and every proxy gets what it gets without sharing."""
    old, new = loaded(MESH, RULE, name="old.yaml"), loaded(ADDED, MESH, RULE, name="new.yaml")
    old.compile("deployment/catalog.shop")
    later = sharing(old, new)
    assert {each.name for each in later.mesh.objects if not any(each is one for one in old.objects)} == {"added"}
    assert later.mesh.compile("deployment/catalog.shop").to_json() == new.compile("deployment/catalog.shop").to_json()
    assert later.mesh == new


def test_places_are_those_of_the_later_input() -> None:
    """A place in a shared object is found again in the later file, where it stands now."""
    old, new = loaded(MESH, RULE, name="old.yaml"), loaded(ADDED, MESH, RULE, name="new.yaml")
    later = sharing(old, new)
    shared = next(each for each in later.mesh.objects if each.kind == "VirtualService" and each.name == "catalog")
    own = next(each for each in new.objects if each.kind == "VirtualService" and each.name == "catalog")
    place, expected = later.place(shared.origin.at("spec", "hosts")), own.origin.at("spec", "hosts")
    assert (place.file, place.line) == (expected.file, expected.line) == ("new.yaml", expected.line)
    assert shared.origin.at("spec", "hosts").line != expected.line


def test_messages_that_do_not_change_are_the_same() -> None:
    """A later mesh has the messages of the earlier one wherever nothing changes."""
    old, new = loaded(MESH, RULE, name="old.yaml"), loaded(MESH, RULE.replace("5s", "6s"), name="new.yaml")
    name = "deployment/catalog.shop"
    was, now = old.compile(name), sharing(old, new).mesh.compile(name)
    assert [table.name for table, other in zip(was.routes, now.routes, strict=True) if table is not other] == ["80"]
    outbound = [each.name.startswith("outbound|") for each in was.clusters]
    same = [one is other for one, other in zip(was.clusters, now.clusters, strict=True)]
    assert all(shared for shared, of_service in zip(same, outbound, strict=True) if of_service)


def test_meshes_that_are_read_otherwise_share_nothing() -> None:
    """Answers for one kind of mesh do not hold in another."""
    old, new = loaded(MESH, name="old.yaml"), meshcompile.load(MESH, ambient=True)
    assert sharing(old, new).mesh is new
