"""What a client of the state of the world repeats of its clusters when it comes back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from meshcompile.envoy.message import TYPE_URL
from meshcompile.envoy.wire import decode, encode_json
from meshcompile.envoy.wire.encoding import any_bytes
from meshcompile.serve.resumed_clusters import (
    LONGEST_NAMES,
    STAND_IN,
    clusters_version,
    endpoints_instead,
    stand_ins,
    undiscovered_names,
)
from meshcompile.serve.xds_resources import XdsResource

ASSIGNMENT = "envoy.config.endpoint.v3.ClusterLoadAssignment"

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


def test_a_stand_in_asks_by_a_name_of_its_own() -> None:
    """So the cluster that it stands in for is found again from both names, and its endpoints are not mistaken."""
    (resource,) = stand_ins(["outbound|80||web.example", f"outbound|80||web.example{STAND_IN}"]).values()
    cluster = decode("google.protobuf.Any", b"".join(resource.pieces))
    assert cluster["edsClusterConfig"]["serviceName"] == f"outbound|80||web.example{STAND_IN}"


def test_a_subset_that_has_left_gets_the_endpoints_of_its_service() -> None:
    """A cluster that may be warming gets those of its service, or none. One with a stand-in gets nothing."""
    whole = {"clusterName": "outbound|80||web.example", "endpoints": [{"priority": 3}]}
    data = any_bytes(f"{TYPE_URL}{ASSIGNMENT}", encode_json(ASSIGNMENT, whole))
    known = {"outbound|80||web.example": XdsResource("outbound|80||web.example", "1", (data,))}
    gone, kept = "outbound|80||gone.example", "outbound|80||kept.example"
    found = endpoints_instead({"outbound|80|v1|web.example", gone, kept, f"{kept}{STAND_IN}"}, known)
    contents = {name: decode("google.protobuf.Any", b"".join(each.pieces)) for name, each in found.items()}
    assert contents == {
        gone: {"@type": f"{TYPE_URL}{ASSIGNMENT}", "clusterName": gone},
        "outbound|80|v1|web.example": {
            "@type": f"{TYPE_URL}{ASSIGNMENT}",
            "clusterName": "outbound|80|v1|web.example",
            "endpoints": [{"priority": 3}],
        },
    }
