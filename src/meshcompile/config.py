"""The configuration of one proxy, for users: typed messages, JSON, and the origins of each part."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meshcompile.collector import gc_paused
from meshcompile.compile import Resources
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import TypedExtensionConfig
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment
from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.config.route import RouteConfiguration
from meshcompile.envoy.message import Message, source_map, to_builtins, to_json_by_kind
from meshcompile.errors import InvalidArgument, MissingExtra, instance, keyed
from meshcompile.output.bootstrap.options import Credential
from meshcompile.patch.report import PatchReport
from meshcompile.proxy import Proxy

if TYPE_CHECKING:  # imported on first use
    from meshcompile.output.betterproto import BetterprotoResources
    from meshcompile.output.bootstrap import Bootstrap

RESOURCE_TYPES = ("listeners", "routes", "clusters", "endpoints", "extensions")
"""The kinds of xDS resources (LDS, RDS, CDS, EDS, ECDS), in the order in which they are printed."""


@dataclass(frozen=True, slots=True)
class Config:
    """The configuration of one proxy, as istiod would send it.

    Each kind of resource is a tuple of typed messages, sorted by name. `diagnostics` are the findings of this
    compilation: conflicts that istiod resolves silently, rules without effect, and unsupported configuration. `patches`
    has the outcome of each patch of the EnvoyFilters that select the proxy, in the order in which they apply.
    """

    proxy: Proxy
    resources: Resources = field(repr=False)
    diagnostics: tuple[Diagnostic, ...] = ()
    credentials: Mapping[str, Credential] = field(default_factory=dict, repr=False, hash=False)
    patches: tuple[PatchReport, ...] = field(default=(), repr=False)

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """The listeners of the proxy (LDS), sorted by name."""
        return self.resources.listeners

    @property
    def routes(self) -> tuple[RouteConfiguration, ...]:
        """The route tables that the listeners name (RDS), sorted by name."""
        return self.resources.routes

    @property
    def clusters(self) -> tuple[Cluster, ...]:
        """The clusters of the proxy (CDS), sorted by name: `outbound|80|v2|catalog.shop.svc.cluster.local`."""
        return self.resources.clusters

    @property
    def endpoints(self) -> tuple[ClusterLoadAssignment, ...]:
        """The endpoints of the clusters that discover theirs (EDS), sorted by `cluster_name`."""
        return self.resources.endpoints

    @property
    def extensions(self) -> tuple[TypedExtensionConfig, ...]:
        """The filter configurations that the listeners discover (ECDS), sorted by name."""
        return self.resources.extensions

    @gc_paused()
    def to_dict(self, kinds: Iterable[str] = RESOURCE_TYPES) -> dict[str, list[dict[str, Any]]]:
        """Plain JSON data, a list per kind of resource: `{"listeners": [...], "routes": [...], ...}`.

        `kinds` are some of `listeners`, `routes`, `clusters`, `endpoints` and `extensions`, in the order wanted. Raises
        InvalidArgument for another.
        """
        kinds = tuple(kinds)
        if unknown := [kind for kind in kinds if kind not in RESOURCE_TYPES]:
            raise InvalidArgument(f"there are no resources {unknown[0]!r}, only {', '.join(RESOURCE_TYPES)}")
        return {kind: [to_builtins(message) for message in getattr(self.resources, kind)] for kind in kinds}

    @gc_paused()
    def to_json(self, indent: int = 2) -> str:
        """The text of `to_dict`, in the protobuf JSON form that istiod prints."""
        return to_json_by_kind(dict(self._by_kind()), indent)

    def to_betterproto(self) -> "BetterprotoResources":
        """The resources as messages of envoy-data-plane, which the extra `betterproto` installs.

        Raises MissingExtra without it. What that library cannot hold is documented in docs/reference/betterproto.md.
        """
        try:
            from meshcompile.output.betterproto import betterproto_resources  # takes seconds to import
        except ModuleNotFoundError as error:
            raise MissingExtra("betterproto", "make messages of envoy-data-plane") from error
        return betterproto_resources(self.to_dict())

    def source_map(self) -> Mapping[str, tuple[Origin, ...]]:
        """Origins by JSON pointer into `to_dict()`: the origins of `/routes/0/virtualHosts/1`, for example."""
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
            instance("workload_certificates", workload_certificates, str),
            keyed("endpoints", endpoints, str),
            instance("admin_port", admin_port, int),
        )
        return static_bootstrap(node(self.proxy), self.resources, options)

    def _by_kind(self) -> Iterator[tuple[str, tuple[Message, ...]]]:
        for kind in RESOURCE_TYPES:
            yield kind, getattr(self.resources, kind)
