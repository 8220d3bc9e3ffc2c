"""What one proxy is sent, for users: typed messages, JSON, and where each came from."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meshcompile.collector import paused
from meshcompile.compile import Resources
from meshcompile.diagnostics import Diagnostic
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import TypedExtensionConfig
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment
from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.config.route import RouteConfiguration
from meshcompile.envoy.message import Message, source_map, to_builtins, to_json_by_kind
from meshcompile.output.bootstrap.options import Credential
from meshcompile.patch.report import PatchReport
from meshcompile.proxy import Proxy
from meshcompile.source import Origin

if TYPE_CHECKING:  # imported when they are asked for
    from meshcompile.output.betterproto import BetterprotoResources
    from meshcompile.output.bootstrap import Bootstrap

RESOURCE_TYPES = ("listeners", "routes", "clusters", "endpoints", "extensions")
"""The kinds of xDS resources (LDS, RDS, CDS, EDS, ECDS), in the order in which they are printed."""


@dataclass(frozen=True, slots=True)
class Config:
    """The configuration of one proxy, as istiod would send it.

    Each kind of resource is a tuple of typed messages, sorted by name. `diagnostics` says what this compilation found:
    conflicts that istiod settles silently, rules without effect, and what is not supported. `patches` says what became
    of each patch of the EnvoyFilters that select the proxy, in the order in which they are applied.
    """

    proxy: Proxy
    resources: Resources = field(repr=False)
    diagnostics: tuple[Diagnostic, ...] = ()
    credentials: Mapping[str, Credential] = field(default_factory=dict, repr=False)
    patches: tuple[PatchReport, ...] = field(default=(), repr=False)

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

    @paused()
    def to_dict(self, kinds: Iterable[str] = RESOURCE_TYPES) -> dict[str, list[dict[str, Any]]]:
        """Plain JSON data, a list per kind of resource: `{"listeners": [...], "routes": [...], ...}`."""
        return {kind: [to_builtins(message) for message in getattr(self.resources, kind)] for kind in kinds}

    @paused()
    def to_json(self, indent: int = 2) -> str:
        """The text of `to_dict`, in the protobuf JSON form that istiod prints."""
        return to_json_by_kind(dict(self._by_kind()), indent)

    def to_betterproto(self) -> "BetterprotoResources":
        """The resources as messages of envoy-data-plane, which the extra `betterproto` installs.

        Raises ImportError without it. What that library cannot hold is documented in docs/reference/betterproto.md.
        """
        from meshcompile.output.betterproto import betterproto_resources  # takes seconds to import

        return betterproto_resources(self.to_dict())

    def source_map(self) -> Mapping[str, tuple[Origin, ...]]:
        """Origins by JSON pointer into `to_dict()`: `/routes/0/virtualHosts/1` -> the places it came from."""
        return source_map(dict(self._by_kind()))

    def bootstrap(
        self,
        flavour: str = "envoy",
        *,
        endpoints: Mapping[str, str] | None = None,
        workload_certificates: str = "",
        admin_port: int = 15000,
    ) -> "Bootstrap":
        """A static configuration with which an Envoy needs no control plane.

        `flavour` is "envoy" for the Envoy of its own project, "istio" for Istio's build of it. `endpoints` moves
        endpoints, from `address:port` or `address` to `address:port`. `workload_certificates` is a folder with
        `cert-chain.pem`, `key.pem` and `root-cert.pem`; without it, what needs a certificate of the workload is called
        in plain text, and not served. What is left out or changed is in the bootstrap's diagnostics.

        Raises InvalidArgument when there is no such flavour, and for a port or an address that cannot be.
        """
        from meshcompile.output.bootstrap import Flavour, Options, node, static_bootstrap  # few need it

        options = Options(
            Flavour(flavour),
            self.proxy.namespace,
            self.credentials,
            workload_certificates,
            endpoints or {},
            admin_port,
        )
        return static_bootstrap(node(self.proxy), self.to_dict(), self.source_map(), options)

    def _by_kind(self) -> Iterator[tuple[str, tuple[Message, ...]]]:
        for kind in RESOURCE_TYPES:
            yield kind, getattr(self.resources, kind)
