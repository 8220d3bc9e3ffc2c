"""What a client of the state of the world repeats of its clusters when it comes back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from meshcompile.envoy.wire import decode
from meshcompile.serve.resumed_clusters import LONGEST_NAMES, clusters_version, stand_ins, undiscovered_names

NAMES = st.frozensets(st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1, max_size=40))


@given(NAMES)
def test_a_version_has_the_names(names: frozenset[str]) -> None:
    """The names of clusters without endpoint discovery come back from the version."""
    assert undiscovered_names(clusters_version("0123", names)) == names


def test_what_always_stays_needs_no_name() -> None:
    """A version without other clusters is the version of the content alone."""
    assert clusters_version("0123", {"BlackHoleCluster", "PassthroughCluster"}) == "0123"


def test_many_names_become_a_digest() -> None:
    """A version stays short with many names, differs with them, and then has none of them."""
    many = frozenset(f"outbound|443||{hash_of}.example" for hash_of in map(str, map(hash, range(10_000, 30_000, 7))))
    version = clusters_version("0123", many)
    assert len(version) < LONGEST_NAMES
    assert version != clusters_version("0123", many | {"outbound|80||another.example"})
    assert undiscovered_names(version) == frozenset()


@given(st.text(max_size=200))
def test_the_versions_of_other_servers_have_no_names(text: str) -> None:
    """Whatever a client sends as its version, reading it raises nothing."""
    assert isinstance(undiscovered_names(f"0123+{text}"), frozenset)


def test_a_stand_in_waits_for_endpoints() -> None:
    """A stand-in has the name of the cluster, and waits for endpoints that come by this stream."""
    (resource,) = stand_ins(["outbound|80||web.example"]).values()
    cluster = decode("google.protobuf.Any", b"".join(resource.pieces))
    assert (cluster["name"], cluster["type"]) == ("outbound|80||web.example", "EDS")
    assert cluster["edsClusterConfig"]["edsConfig"]["initialFetchTimeout"] == "30s"
