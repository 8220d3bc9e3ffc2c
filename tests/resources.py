"""Resources of a proxy out of JSON data, for tests of what is made of them."""

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
    """The messages of each kind, none of the kinds that are left out."""
    kinds: dict[str, Any] = {
        kind: tuple(decoded(cls, item) for item in data.get(kind, ())) for kind, cls in TYPES.items()
    }
    return Resources(**kinds)
