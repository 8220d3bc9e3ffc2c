"""Resources of a proxy from JSON data, for tests of output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshcompile.emit.resources import Resources
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import TypedExtensionConfig
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment
from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.config.route import RouteConfiguration
from meshcompile.envoy.message import Message
from meshcompile.patch.editing import decoded

TYPES: Mapping[str, type[Message]] = {
    "listeners": Listener,
    "routes": RouteConfiguration,
    "clusters": Cluster,
    "endpoints": ClusterLoadAssignment,
    "extensions": TypedExtensionConfig,
}


def resources(**data: list[dict[str, Any]]) -> Resources:
    """The messages of each kind. Kinds that are not given are empty."""
    kinds: dict[str, Any] = {
        kind: tuple(decoded(cls, item) for item in data.get(kind, ())) for kind, cls in TYPES.items()
    }
    return Resources(**kinds)
