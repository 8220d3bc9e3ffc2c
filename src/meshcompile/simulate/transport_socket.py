"""How a proxy connects to an endpoint: in plain text, or with TLS, and with which server name and protocols."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import Metadata, TransportSocket
from meshcompile.envoy.config.endpoint import LbEndpoint
from meshcompile.envoy.extensions.transport_sockets.internal_upstream import InternalUpstreamTransport
from meshcompile.envoy.extensions.transport_sockets.raw_buffer import RawBuffer
from meshcompile.envoy.extensions.transport_sockets.tls import (
    CertificateValidationContext,
    CommonTlsContext,
    SubjectAltNameMatcher,
    UpstreamTlsContext,
)
from meshcompile.envoy.extensions.upstreams.http import HttpProtocolOptions
from meshcompile.envoy.message import Packed
from meshcompile.envoy.type.matcher import StringMatcher
from meshcompile.simulate.string_match import type_name
from meshcompile.simulate.virtual_host import without_port

HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


class EndpointTls(Struct, frozen=True):
    """The TLS of a connection to an endpoint. `names` are the alternative names of which the server must have one.

    `certificates` are the names of the secrets, or the files, with the client's certificate; empty for none.
    """

    sni: str = ""
    alpn: tuple[str, ...] = ()
    names: tuple[StringMatcher, ...] = ()
    certificates: tuple[str, ...] = ()
    verifies_server: bool = True


class UpstreamTransport(Struct, frozen=True):
    """The transport socket of an endpoint. `match` is the name of the transport socket match, "" for the default.

    `tls` is None for plain text. `other` is the type of a transport socket that is neither.
    """

    pointer: str
    match: str = ""
    tls: EndpointTls | None = None
    other: str = ""


def transport(cluster: Cluster, pointer: str, endpoint: LbEndpoint | None, authority: str) -> UpstreamTransport:
    """The transport socket for an endpoint of a cluster: of the first match whose criteria the endpoint has."""
    tags = endpoint_tags(endpoint)
    for index, match in enumerate(cluster.transport_socket_matches):
        if all(tags.get(key) == value for key, value in (match.match or {}).items()):
            place = f"{pointer}/transportSocketMatches/{index}"
            return _transport(match.transport_socket, cluster, place, match.name, authority)
    return _transport(cluster.transport_socket, cluster, f"{pointer}/transportSocket", "", authority)


def endpoint_tags(endpoint: LbEndpoint | None) -> Mapping[str, object]:
    """What transport socket matches compare."""
    metadata = endpoint.metadata if endpoint and endpoint.metadata else Metadata()
    return metadata.filter_metadata.get("envoy.transport_socket_match", {})


def _transport(
    socket: TransportSocket | None, cluster: Cluster, pointer: str, match: str, authority: str
) -> UpstreamTransport:
    config: Packed | None = socket.typed_config if socket else None
    match config:
        case None | RawBuffer():
            return UpstreamTransport(pointer, match)
        case UpstreamTlsContext():
            return UpstreamTransport(pointer, match, _tls(config, cluster, authority))
        case InternalUpstreamTransport(transport_socket=TransportSocket() as inner):
            return _transport(inner, cluster, pointer, match, authority)
        case _:
            return UpstreamTransport(pointer, match, other=type_name(config))


def _tls(context: UpstreamTlsContext, cluster: Cluster, authority: str) -> EndpointTls:
    common = context.common_tls_context or CommonTlsContext()
    validation = _validation(common)
    return EndpointTls(
        sni=context.sni or (without_port(authority) if context.auto_host_sni or _auto_sni(cluster) else ""),
        alpn=common.alpn_protocols,
        names=(*validation.match_subject_alt_names, *_matchers(validation.match_typed_subject_alt_names)),
        certificates=_certificates(common),
        verifies_server=verifies_peer(common),
    )


def _matchers(names: Sequence[SubjectAltNameMatcher]) -> tuple[StringMatcher, ...]:
    return tuple(name.matcher for name in names if name.matcher is not None)


def _validation(common: CommonTlsContext) -> CertificateValidationContext:
    if common.combined_validation_context is not None:
        return common.combined_validation_context.default_validation_context or CertificateValidationContext()
    return common.validation_context or CertificateValidationContext()


def verifies_peer(common: CommonTlsContext) -> bool:
    """Whether the certificate of the other side is checked."""
    given = common.validation_context
    named = common.combined_validation_context or common.validation_context_sds_secret_config
    return named is not None or (given is not None and (given.trusted_ca or given.system_root_certs) is not None)


def _certificates(common: CommonTlsContext) -> tuple[str, ...]:
    files = (each.certificate_chain for each in common.tls_certificates)
    named = tuple(each.name for each in common.tls_certificate_sds_secret_configs)
    return named + tuple((chain.filename if chain else "") or "inline" for chain in files)


def http_options(cluster: Cluster) -> HttpProtocolOptions | None:
    options = cluster.typed_extension_protocol_options.get(HTTP_OPTIONS)
    return options if isinstance(options, HttpProtocolOptions) else None


def _auto_sni(cluster: Cluster) -> bool:
    options = http_options(cluster)
    upstream = (options and options.upstream_http_protocol_options) or cluster.upstream_http_protocol_options
    return upstream is not None and upstream.auto_sni


def upstream_protocol(cluster: Cluster, downstream: str) -> str:
    """The HTTP version that the proxy speaks to a cluster: "HTTP/1.1" or "HTTP/2"."""
    options = http_options(cluster)
    if options is None:
        legacy = cluster.http2_protocol_options is not None
        return "HTTP/2" if legacy else "HTTP/1.1"
    if options.explicit_http_config is not None:
        return "HTTP/2" if options.explicit_http_config.http2_protocol_options is not None else "HTTP/1.1"
    if options.use_downstream_protocol_config is not None:
        return "HTTP/2" if downstream == "HTTP/2" else "HTTP/1.1"
    return "HTTP/1.1"
