"""The configuration of one proxy, for users: typed messages, JSON, and the origins of each part."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Unpack

from meshcompile.collector import gc_paused
from meshcompile.compile import Resources
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.encoded import RESOURCE_TYPES, fingerprints, printed
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import TypedExtensionConfig
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment
from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.config.route import RouteConfiguration
from meshcompile.envoy.fingerprint import digest_of_all
from meshcompile.envoy.message import EncodedMessage, Message, json_pieces, source_map, to_builtins, to_json_by_kind
from meshcompile.errors import InvalidArgument, MissingExtra
from meshcompile.output.credentials import Credential
from meshcompile.patch.report import PatchReport
from meshcompile.proxy import Proxy

if TYPE_CHECKING:  # imported on first use
    from meshcompile.output.betterproto import BetterprotoResources
    from meshcompile.output.bootstrap import Bootstrap, BootstrapOptions
    from meshcompile.output.protobuf import ProtobufResources

__all__ = ["RESOURCE_TYPES", "Config"]


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

    @property
    def fingerprints(self) -> Mapping[str, str]:
        """The content fingerprint of the resources of each type: 64 hexadecimal digits by `listeners`, `routes` etc.

        Equal content has equal fingerprints in every run, process and machine. The fingerprint of a message is SHA-256
        of its compact JSON with sorted keys. That of a type is SHA-256 of the fingerprints of its messages. Messages
        keep their fingerprints, so comparing the configurations of two proxies of a mesh encodes nothing again.
        """
        return {kind: digest.hex() for kind, digest in fingerprints(self.resources).items()}

    @property
    def fingerprint(self) -> str:
        """The content fingerprint of all resources: SHA-256 of the fingerprints of the types, in their order."""
        return digest_of_all(fingerprints(self.resources).values()).hex()

    @gc_paused()
    def to_dict(self, kinds: Iterable[str] = RESOURCE_TYPES) -> dict[str, list[dict[str, Any]]]:
        """Plain JSON data, with a list per kind of resource: `{"listeners": [...], "routes": [...], ...}`.

        `kinds` selects some of `listeners`, `routes`, `clusters`, `endpoints` and `extensions`, and their order. Raises
        InvalidArgument for any other name.
        """
        return {kind: [to_builtins(message) for message in messages] for kind, messages in self._printed(kinds).items()}

    @gc_paused()
    def to_json(self, indent: int = 2) -> str:
        """The data of `to_dict` as text, in the protobuf JSON form that istiod prints."""
        return to_json_by_kind({kind: printed(self.resources, kind) for kind in RESOURCE_TYPES}, indent)

    @gc_paused()
    def write_json(self, file: IO[str], kinds: Iterable[str] = RESOURCE_TYPES, indent: int = 2) -> None:
        """Write the text of `to_json` to a file, message by message, so that it is never in memory as a whole.

        `kinds` is as in `to_dict`.
        """
        file.writelines(json_pieces(self._printed(kinds), indent))

    def _printed(self, kinds: Iterable[str]) -> Mapping[str, Sequence[Message | EncodedMessage]]:
        kinds = tuple(kinds)
        if unknown := [kind for kind in kinds if kind not in RESOURCE_TYPES]:
            raise InvalidArgument(f"there are no resources {unknown[0]!r}, only {', '.join(RESOURCE_TYPES)}")
        return {kind: printed(self.resources, kind) for kind in kinds}

    @gc_paused()
    def config_dump(self) -> dict[str, Any]:
        """The configuration as Envoy's admin interface dumps it at `/config_dump?include_eds`: `{"configs": [...]}`.

        Names are those of the proto files, as Envoy prints them. What Istio's bootstrap adds is included. Private keys
        are redacted, times are omitted, and versions are fingerprints.
        """
        from meshcompile.output.config_dump import config_dump  # few need it

        return config_dump(self.proxy, self.resources, self.credentials, self.fingerprints)

    def to_protobuf(self) -> "ProtobufResources":
        """The resources as messages of the protobuf runtime, with the classes of xds-protos. Requires the extra `xds`.

        Raises MissingExtra without it. `lacking` of the result lists what xds-protos does not have.
        """
        try:
            from meshcompile.output.protobuf import protobuf_resources  # takes a while to import
        except ModuleNotFoundError as error:
            raise MissingExtra("xds", "make messages of protobuf") from error
        return protobuf_resources(self._printed(RESOURCE_TYPES))

    def to_betterproto(self) -> "BetterprotoResources":
        """The resources as messages of envoy-data-plane. Requires the extra `betterproto`.

        Raises MissingExtra without it. `lacking` of the result lists what envoy-data-plane does not have.
        """
        try:
            from meshcompile.output.betterproto import betterproto_resources  # takes seconds to import
        except ModuleNotFoundError as error:
            raise MissingExtra("betterproto", "make messages of envoy-data-plane") from error
        return betterproto_resources(self._printed(RESOURCE_TYPES))

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
        **more: "Unpack[BootstrapOptions]",
    ) -> "Bootstrap":
        """A static bootstrap configuration, with which Envoy needs no control plane.

        `flavour` is the build of Envoy: "envoy" for the upstream build, "istio" for Istio's. `endpoints` replaces
        addresses of endpoints: the keys are `address:port` or `address`, the values `address:port`.
        `workload_certificates` is a folder with `cert-chain.pem`, `key.pem` and `root-cert.pem`. Without it, clusters
        that need a workload certificate use plaintext, and filter chains that need one are omitted. `more` are the
        options of `BootstrapOptions`. The diagnostics of the bootstrap list everything that was omitted or changed.

        Raises InvalidArgument for an unknown flavour or option, and for an invalid port or address.
        """
        from meshcompile.output.bootstrap import node, static_bootstrap  # few need it
        from meshcompile.output.bootstrap.given import options_of

        given = {
            "endpoints": endpoints,
            "workload_certificates": workload_certificates,
            "admin_port": admin_port,
            **more,
        }
        options = options_of(flavour, self.proxy.namespace, self.credentials, given)
        return static_bootstrap(node(self.proxy), self.resources, options)

    def _by_kind(self) -> Iterator[tuple[str, tuple[Message, ...]]]:
        for kind in RESOURCE_TYPES:
            yield kind, getattr(self.resources, kind)
