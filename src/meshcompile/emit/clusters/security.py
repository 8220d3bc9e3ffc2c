"""Transport sockets of clusters. Follows istiod's `cluster_tls.go` and `applyUpstreamProxyProtocol`."""

from meshcompile.emit.tls import TLS_SOCKET, sds_secret
from meshcompile.envoy.config.cluster import ClusterTransportSocketMatch
from meshcompile.envoy.config.core import DataSource, ProxyProtocolConfig, TransportSocket
from meshcompile.envoy.extensions.transport_sockets.internal_upstream import (
    InternalUpstreamTransport,
    InternalUpstreamTransportMetadataValueSource,
)
from meshcompile.envoy.extensions.transport_sockets.proxy_protocol import ProxyProtocolUpstreamTransport
from meshcompile.envoy.extensions.transport_sockets.raw_buffer import RawBuffer
from meshcompile.envoy.extensions.transport_sockets.tls import (
    CertificateValidationContext,
    CommonTlsContext,
    CommonTlsContextCombinedCertificateValidationContext,
    TlsParameters,
    UpstreamTlsContext,
)
from meshcompile.envoy.message import at
from meshcompile.envoy.type.matcher import StringMatcher
from meshcompile.envoy.type.metadata import MetadataKind, MetadataKindCluster, MetadataKindHost
from meshcompile.models.networking.destination_rule import ProxyProtocol, ProxyProtocolVersion
from meshcompile.resolve.clusters.ir import Security, Tunnelled, UpstreamTls
from meshcompile.values.names import ORIGINAL_DESTINATION

INTERNAL_SOCKET = "envoy.transport_sockets.internal_upstream"
MUTUAL_TLS = "tlsMode-istio"
PROXY_SOCKET = "envoy.transport_sockets.upstream_proxy_protocol"

_RAW_BUFFER = TransportSocket(name="envoy.transport_sockets.raw_buffer", typed_config=RawBuffer())
_BARE_RAW_BUFFER = TransportSocket(name="raw_buffer", typed_config=RawBuffer())  # istiod has two names for this
_VERSIONS = TlsParameters(tls_minimum_protocol_version="TLSv1_2", tls_maximum_protocol_version="TLSv1_3")
_PLAIN_TEXT_MATCH = ClusterTransportSocketMatch(name="tlsMode-disabled", match={}, transport_socket=_RAW_BUFFER)
_HOST, _CLUSTER = MetadataKind(host=MetadataKindHost()), MetadataKind(cluster=MetadataKindCluster())
# What the listener that opens tunnels needs to know of the endpoint, and of the cluster.
_METADATA_FOR_TUNNELS = (
    InternalUpstreamTransportMetadataValueSource(kind=_HOST, name=ORIGINAL_DESTINATION),
    InternalUpstreamTransportMetadataValueSource(kind=_CLUSTER, name="istio"),
    InternalUpstreamTransportMetadataValueSource(kind=_HOST, name="istio"),
)
_METADATA_OF_ENDPOINTS = tuple(source for source in _METADATA_FOR_TUNNELS if source.kind is _HOST)


def _tunnel_match(content: TransportSocket | None) -> ClusterTransportSocketMatch:
    """The socket for endpoints that accept HBONE. `content` secures what the tunnel carries."""
    transport = InternalUpstreamTransport(passthrough_metadata=_METADATA_FOR_TUNNELS, transport_socket=content)
    return ClusterTransportSocketMatch(
        name="hbone",
        match={"tunnel": "http"},
        transport_socket=TransportSocket(name=INTERNAL_SOCKET, typed_config=transport),
    )


_TUNNEL_MATCH = _tunnel_match(_RAW_BUFFER)


def transport_socket(security: Security) -> TransportSocket | None:
    """The transport socket of all endpoints.

    None means Envoy's default socket (plain text), or that each endpoint has its own.
    """
    match security.tunnelled:
        case Tunnelled.NOTHING if not security.only_where_possible:
            return _direct(security)
        case Tunnelled.EVERYTHING:
            return _to_tunnel_listener(_direct(security) or _BARE_RAW_BUFFER)
        case _:
            return None


def _direct(security: Security) -> TransportSocket | None:
    tls = None if security.tls is None else tls_socket(security.tls)
    if security.proxy_protocol is None:
        return tls
    return _proxied(_BARE_RAW_BUFFER if tls is None else tls, security.proxy_protocol)


def _to_tunnel_listener(content: TransportSocket) -> TransportSocket:
    """The socket of a waypoint for endpoints that are internal listeners."""
    transport = InternalUpstreamTransport(passthrough_metadata=_METADATA_OF_ENDPOINTS, transport_socket=content)
    return TransportSocket(name="internal_upstream", typed_config=transport)


def transport_socket_matches(security: Security) -> tuple[ClusterTransportSocketMatch, ...]:
    """The sockets by endpoint: HBONE for workloads that accept tunnels, then mutual TLS, and plain text for others."""
    if security.tunnelled is Tunnelled.NOTHING and not security.only_where_possible:
        return ()  # as in most meshes without Istio's mutual TLS
    matches, header = _matches(security), security.proxy_protocol
    return matches if header is None else tuple(_proxied_match(match, header) for match in matches)


def _matches(security: Security) -> tuple[ClusterTransportSocketMatch, ...]:
    tls = None if security.tls is None else tls_socket(security.tls)
    match security.tunnelled:
        case Tunnelled.NOTHING:
            return _by_workload(tls)
        case Tunnelled.EVERYTHING:
            return ()
        case Tunnelled.PLAIN_TEXT if security.only_where_possible or tls is None:
            return (_TUNNEL_MATCH, *_by_workload(tls))
        case Tunnelled.PLAIN_TEXT:
            return (_TUNNEL_MATCH, ClusterTransportSocketMatch(name=MUTUAL_TLS, transport_socket=tls))
        case Tunnelled.TLS:
            return (_tunnel_match(tls), ClusterTransportSocketMatch(name="user", transport_socket=tls))


def _by_workload(tls: TransportSocket | None) -> tuple[ClusterTransportSocketMatch, ...]:
    """Mutual TLS for workloads that accept it, and plain text for the others."""
    if tls is None:
        return (_PLAIN_TEXT_MATCH,)
    mutual = ClusterTransportSocketMatch(name=MUTUAL_TLS, match={"tlsMode": "istio"}, transport_socket=tls)
    return (mutual, _PLAIN_TEXT_MATCH)


def _proxied_match(match: ClusterTransportSocketMatch, header: ProxyProtocol) -> ClusterTransportSocketMatch:
    socket = None if match.transport_socket is None else _proxied(match.transport_socket, header)
    return ClusterTransportSocketMatch(name=match.name, match=match.match, transport_socket=socket)


def _proxied(inner: TransportSocket, header: ProxyProtocol) -> TransportSocket:
    """The socket, with a PROXY protocol header before its data."""
    config = ProxyProtocolConfig(version="V2" if header.version is ProxyProtocolVersion.V2 else "V1")
    upstream = ProxyProtocolUpstreamTransport(config=config, transport_socket=inner)
    return TransportSocket(name=PROXY_SOCKET, typed_config=at(upstream, header.origin))


def tls_socket(tls: UpstreamTls) -> TransportSocket:
    """A transport socket that originates TLS."""
    context = UpstreamTlsContext(common_tls_context=_common_context(tls), sni=tls.sni)
    return TransportSocket(name=TLS_SOCKET, typed_config=at(context, tls.origin))


def _common_context(tls: UpstreamTls) -> CommonTlsContext:
    return CommonTlsContext(
        tls_params=_parameters(tls),
        tls_certificate_sds_secret_configs=() if tls.certificate is None else (sds_secret(tls.certificate),),
        validation_context=CertificateValidationContext() if tls.empty_validation else None,
        combined_validation_context=None
        if tls.roots is None
        else CommonTlsContextCombinedCertificateValidationContext(
            default_validation_context=CertificateValidationContext(
                match_subject_alt_names=tuple(StringMatcher(exact=name) for name in tls.subject_alt_names),
                crl=DataSource(filename=tls.crl) if tls.crl else None,
            ),
            validation_context_sds_secret_config=sds_secret(tls.roots),
        ),
        alpn_protocols=tls.alpn,
    )


def _parameters(tls: UpstreamTls) -> TlsParameters:
    if not tls.cipher_suites and not tls.ecdh_curves:
        return _VERSIONS
    return TlsParameters(
        tls_minimum_protocol_version="TLSv1_2",
        tls_maximum_protocol_version="TLSv1_3",
        cipher_suites=tls.cipher_suites,
        ecdh_curves=tls.ecdh_curves,
    )
