"""What upstream Envoy gets instead of extensions that only Istio's build has: two tables.

`OMITTED` has the filters that are left out, by the types of their configuration. `REWRITES` has messages that upstream
Envoy accepts in another form. Each row has the code of its finding.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from meshcompile.codes.output import (
    ISTIO_ONLY,
    NEEDS_PRIVILEGES,
    NOT_INLINED,
    PRIVATE_KEY_PROVIDER,
    RENAMED_FACTORY,
    UNVERIFIED_FORWARD_PROXY,
)
from meshcompile.diagnostics import Code, Diagnostic
from meshcompile.documents import NOWHERE, Origin
from meshcompile.envoy.config.cluster import Cluster, ClusterCustomClusterType
from meshcompile.envoy.extensions.clusters.dynamic_forward_proxy import ClusterConfig
from meshcompile.envoy.extensions.filters.common.set_filter_state import FilterStateValue
from meshcompile.envoy.extensions.private_key_providers.cryptomb import CryptoMbPrivateKeyMethodConfig
from meshcompile.envoy.extensions.private_key_providers.qat import QatPrivateKeyMethodConfig
from meshcompile.envoy.extensions.transport_sockets.tls import PrivateKeyProvider, TlsCertificate
from meshcompile.envoy.message import Message, Packed, encode, replaced
from meshcompile.output.packed import type_of
from meshcompile.output.walk import rewritten

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class Omission:
    """A kind of filter that is left out, and why."""

    code: Code
    reason: str = ""


_OF_ISTIO = Omission(ISTIO_ONLY)
_WASM = Omission(NOT_INLINED, "Envoy would fetch its module at run time")
UNKNOWN = Omission(NOT_INLINED, "its configuration is not known")

OMITTED: Mapping[str, Omission] = {
    "stats.PluginConfig": _OF_ISTIO,  # istio.stats
    "io.istio.http.peer_metadata.Config": _OF_ISTIO,  # istio.metadata_exchange, over HTTP
    "envoy.tcp.metadataexchange.config.MetadataExchange": _OF_ISTIO,  # istio.metadata_exchange, over TCP
    "envoy.extensions.network_filters.peer_metadata.Config": _OF_ISTIO,
    "envoy.extensions.network_filters.peer_metadata.UpstreamConfig": _OF_ISTIO,
    "istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig": _OF_ISTIO,  # istio.alpn
    "envoy.extensions.filters.network.mysql_proxy.v3.MySQLProxy": _OF_ISTIO,  # of Envoy's contrib build
    "envoy.extensions.filters.http.wasm.v3.Wasm": _WASM,
    "envoy.extensions.filters.network.wasm.v3.Wasm": _WASM,
    # Only root may set the source address of a connection.
    "envoy.extensions.filters.listener.original_src.v3.OriginalSrc": Omission(NEEDS_PRIVILEGES),
}


def omission(config: Packed | None) -> Omission | None:
    """Why a filter with this configuration is left out; None if it stays."""
    return UNKNOWN if config is None else OMITTED.get(type_of(config))


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A message that upstream Envoy needs in another form. `mark` is in the JSON of every resource with such a one."""

    code: Code
    mark: bytes
    change: Callable[[Message], Message]


def _with_known_factory(message: Message) -> Message:
    match message:
        case FilterStateValue(factory_key="istio.hashable_string"):
            return replaced(message, factory_key="envoy.hashable_string")
        case _:
            return message


def _without_verification(message: Message) -> Message:
    """A dynamic forward proxy, which resolves any host, that calls servers without TLS."""
    match message:
        case Cluster(
            transport_socket=None, cluster_type=ClusterCustomClusterType(typed_config=ClusterConfig() as config) as kind
        ):
            unverified = replaced(config, allow_insecure_cluster_options=True)
            return replaced(message, cluster_type=replaced(kind, typed_config=unverified))
        case _:
            return message


def _with_plain_key(message: Message) -> Message:
    """A certificate whose key is not read by the hardware of a provider, if it has the key itself."""
    match message:
        case TlsCertificate(
            private_key_provider=PrivateKeyProvider(
                typed_config=CryptoMbPrivateKeyMethodConfig(private_key=key)
                | QatPrivateKeyMethodConfig(private_key=key)
            )
        ):
            return replaced(message, private_key_provider=None, private_key=key)
        case _:
            return message


REWRITES = (
    Rewrite(RENAMED_FACTORY, b'"istio.hashable_string"', _with_known_factory),
    Rewrite(UNVERIFIED_FORWARD_PROXY, b"clusters.dynamic_forward_proxy.v3.ClusterConfig", _without_verification),
    Rewrite(PRIVATE_KEY_PROVIDER, b'"privateKeyProvider"', _with_plain_key),
)


def for_upstream(resource: M, name: str, origin: Origin) -> tuple[M, list[Diagnostic]]:
    """The resource as upstream Envoy needs it, with a finding for each kind of change."""
    findings: list[Diagnostic] = []
    text = encode(resource)  # to search it takes less time than a walk
    for rewrite in REWRITES:
        if rewrite.mark in text:
            changed: list[Origin] = []
            resource = rewritten(resource, partial(_recorded, rewrite.change, changed))
            findings += (rewrite.code(place, resource=name) for place in _places(changed, origin))
    return resource, findings


def _recorded(change: Callable[[Message], Message], changed: list[Origin], message: Message) -> Message:
    """The changed message. `changed` gets its place if it is another one."""
    result = change(message)
    if result is not message:
        changed.append(next(iter(message.origins), NOWHERE))
    return result


def _places(changed: list[Origin], origin: Origin) -> Iterator[Origin]:
    """The places of changed messages, once each. A message without one has that of the resource."""
    yield from dict.fromkeys(origin if place == NOWHERE else place for place in changed)
