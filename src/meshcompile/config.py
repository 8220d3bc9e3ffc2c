"""What one proxy is sent, for users: typed messages, JSON, and where each came from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from meshcompile.compile import Resources
from meshcompile.diagnostics import Diagnostic
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import TypedExtensionConfig
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment
from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.config.route import RouteConfiguration
from meshcompile.envoy.message import Message, source_map, to_builtins, to_json
from meshcompile.proxy import Proxy
from meshcompile.source import Origin

RESOURCE_TYPES = ("listeners", "routes", "clusters", "endpoints", "extensions")
"""The kinds of xDS resources (LDS, RDS, CDS, EDS, ECDS), in the order in which they are printed."""


@dataclass(frozen=True, slots=True)
class Config:
    """The configuration of one proxy, as istiod would send it.

    Each kind of resource is a tuple of typed messages, sorted by name. `diagnostics` says what this compilation found:
    conflicts that istiod settles silently, rules without effect, and what is not supported.
    """

    proxy: Proxy
    resources: Resources
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def listeners(self) -> tuple[Listener, ...]:
        return self.resources.listeners

    @property
    def routes(self) -> tuple[RouteConfiguration, ...]:
        return self.resources.routes

    @property
    def clusters(self) -> tuple[Cluster, ...]:
        return self.resources.clusters

    @property
    def endpoints(self) -> tuple[ClusterLoadAssignment, ...]:
        return self.resources.endpoints

    @property
    def extensions(self) -> tuple[TypedExtensionConfig, ...]:
        return self.resources.extensions

    def to_dict(self) -> dict[str, list[dict[str, Any]]]:
        """Plain JSON data, a list per kind of RESOURCE_TYPES: `{"listeners": [...], "routes": [...], ...}`."""
        return {kind: [to_builtins(message) for message in messages] for kind, messages in self._by_kind()}

    def to_json(self, indent: int = 2) -> str:
        """The text of `to_dict`, in the protobuf JSON form that istiod prints."""
        return to_json(dict(self._by_kind()), indent)

    def source_map(self) -> Mapping[str, tuple[Origin, ...]]:
        """Origins by JSON pointer into `to_dict()`: `/routes/0/virtualHosts/1` -> the places it came from."""
        return source_map(dict(self._by_kind()))

    def _by_kind(self) -> Iterator[tuple[str, tuple[Message, ...]]]:
        for kind in RESOURCE_TYPES:
            yield kind, getattr(self.resources, kind)
