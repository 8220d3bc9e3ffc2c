"""The clusters that a client of the state of the world still has from an earlier stream.

A response with all clusters removes those that it lacks, and a client that comes back does not say which it has. But
the endpoints that it asks for have the names of clusters, and the version of its clusters, which the client repeats,
has the names of clusters without endpoint discovery. So the server needs no memory of what it has sent.

A stand-in keeps a cluster whose content the server does not know. Envoy warms a changed cluster until it gets
endpoints, and uses the one before it meanwhile. A stand-in asks for endpoints by a name of its own and gets none, so it
is warming until it is removed.

A client may also come back while it warms a cluster that has left in the meantime. Envoy does not ask for clusters
before that one has endpoints, so it gets some (`endpoints_instead`).
"""

from __future__ import annotations

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Set
from hashlib import sha256

from msgspec.structs import replace

from meshcompile.envoy.message import TYPE_URL
from meshcompile.envoy.wire import decode, encode_json
from meshcompile.envoy.wire.encoding import any_bytes
from meshcompile.serve.xds_resources import XdsResource
from meshcompile.values.names import parse_cluster_name

LONGEST_NAMES = 2048
"""The number of characters that names may add to a version, which Envoy keeps with each cluster."""
MOST_TEXT = 256 * 1024
"""The number of bytes of names that are read from a version, which anybody may have made."""
ALWAYS = frozenset({"BlackHoleCluster", "PassthroughCluster", "InboundPassthroughCluster"})
"""Clusters that never leave."""
WARMING = 30
"""The seconds after which Envoy uses a stand-in after all. If it comes back earlier, it does not ask for clusters."""
UNKNOWN = ""
"""The version of a stand-in."""
STAND_IN = "+stand-in"
"""The end of the name by which a stand-in asks for endpoints."""


def clusters_version(version: str, undiscovered: Set[str]) -> str:
    """The version with the names of clusters without endpoint discovery: `VERSION`, or `VERSION+NAMES`.

    Too many names become a digest, so that other names are another version.
    """
    names = sorted(undiscovered - ALWAYS)
    if not names:
        return version
    text = "\n".join(names).encode()
    packed = urlsafe_b64encode(zlib.compress(text, 9)).decode()
    return f"{version}+{packed if len(packed) <= LONGEST_NAMES else '.' + sha256(text).hexdigest()[:16]}"


def undiscovered_names(version: str) -> frozenset[str]:
    """The names in a version of clusters. None for a version of another server."""
    _, _, packed = version.partition("+")
    if not packed or packed.startswith("."):
        return frozenset()
    try:
        text = zlib.decompressobj().decompress(urlsafe_b64decode(packed), MOST_TEXT)
        return frozenset(text.decode().split("\n"))
    except (ValueError, zlib.error):
        return frozenset()


def stand_ins(endpoints: Iterable[str]) -> dict[str, XdsResource]:
    """A stand-in for each cluster whose endpoints a client asks for, by the name of the cluster."""
    return {name: _stand_in(name) for name in sorted({each.removesuffix(STAND_IN) for each in endpoints})}


def _stand_in(name: str) -> XdsResource:
    config = {"edsConfig": {"ads": {}, "initialFetchTimeout": f"{WARMING}s", "resourceApiVersion": "V3"}}
    cluster = {"name": name, "type": "EDS", "edsClusterConfig": {**config, "serviceName": f"{name}{STAND_IN}"}}
    return _resource(name, _CLUSTER, cluster)


def endpoints_instead(names: Set[str], known: Mapping[str, XdsResource]) -> dict[str, XdsResource]:
    """Endpoints for clusters that the server does not know: those of the whole service of a subset, or none.

    istiod answers the same. A cluster with a stand-in is left out: the stand-in must not get endpoints.
    """
    kept = {name.removesuffix(STAND_IN) for name in names if name.endswith(STAND_IN)}
    return {name: _endpoints(name, known) for name in sorted(names - kept) if not name.endswith(STAND_IN)}


def _endpoints(name: str, known: Mapping[str, XdsResource]) -> XdsResource:
    cluster = parse_cluster_name(name)
    whole = None if cluster is None else known.get(str(replace(cluster, subset="")))
    found = {} if whole is None else decode("google.protobuf.Any", b"".join(whole.pieces))
    content = {key: value for key, value in found.items() if key != "@type"}
    return _resource(name, _ASSIGNMENT, {**content, "clusterName": name})


def _resource(name: str, type_name: str, content: Mapping[str, object]) -> XdsResource:
    return XdsResource(name, UNKNOWN, (any_bytes(f"{TYPE_URL}{type_name}", encode_json(type_name, content)),))


_CLUSTER = "envoy.config.cluster.v3.Cluster"
_ASSIGNMENT = "envoy.config.endpoint.v3.ClusterLoadAssignment"
