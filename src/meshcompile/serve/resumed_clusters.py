"""The clusters that a client of the state of the world still has from an earlier stream.

A response with all clusters removes those that it lacks, and a client that comes back does not say which it has. But
the endpoints that it asks for have the names of clusters, and the version of its clusters, which the client repeats,
has the names of clusters without endpoint discovery. So the server needs no memory of what it has sent.

A stand-in keeps a cluster whose content the server does not know. Envoy warms a changed cluster until it gets
endpoints, and uses the one before it meanwhile. A stand-in gets none, so it is warming until it is removed.
"""

from __future__ import annotations

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Set
from hashlib import sha256

from meshcompile.envoy.message import TYPE_URL
from meshcompile.envoy.wire import encode_json
from meshcompile.envoy.wire.encoding import any_bytes
from meshcompile.serve.xds_resources import XdsResource

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


def stand_ins(names: Iterable[str]) -> dict[str, XdsResource]:
    """A stand-in for each cluster, by name."""
    return {name: _stand_in(name) for name in sorted(names)}


def _stand_in(name: str) -> XdsResource:
    config = {"edsConfig": {"ads": {}, "initialFetchTimeout": f"{WARMING}s", "resourceApiVersion": "V3"}}
    cluster = {"name": name, "type": "EDS", "edsClusterConfig": {**config, "serviceName": name}}
    return XdsResource(name, UNKNOWN, (any_bytes(f"{TYPE_URL}{_CLUSTER}", encode_json(_CLUSTER, cluster)),))


_CLUSTER = "envoy.config.cluster.v3.Cluster"
