"""Transport sockets of clusters. Follows istiod's `cluster_tls.go` and `applyUpstreamProxyProtocol`."""

from meshcompile.emit.tls import TLS_SOCKET, sds_secret
from meshcompile.envoy.config.cluster import ClusterTransportSocketMatch
from meshcompile.envoy.config.core import DataSource, ProxyProtocolConfig, TransportSocket
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
from meshcompile.models.networking.destination_rule import ProxyProtocol, ProxyProtocolVersion
from meshcompile.resolve.clusters.ir import Security, UpstreamTls

PROXY_SOCKET = "envoy.transport_sockets.upstream_proxy_protocol"

_RAW_BUFFER = TransportSocket(name="envoy.transport_sockets.raw_buffer", typed_config=RawBuffer())
_BARE_RAW_BUFFER = TransportSocket(name="raw_buffer", typed_config=RawBuffer())  # istiod has two names for this
_VERSIONS = TlsParameters(tls_minimum_protocol_version="TLSv1_2", tls_maximum_protocol_version="TLSv1_3")
_PLAIN_TEXT_MATCH = ClusterTransportSocketMatch(name="tlsMode-disabled", match={}, transport_socket=_RAW_BUFFER)


def transport_socket(security: Security) -> TransportSocket | None:
    """The transport socket of all endpoints.

    None means Envoy's default socket (plain text), or that each endpoint has its own.
    """
    if security.only_where_possible:
        return None
    tls = None if security.tls is None else tls_socket(security.tls)
    if security.proxy_protocol is None:
        return tls
    return _proxied(_BARE_RAW_BUFFER if tls is None else tls, security.proxy_protocol)


def transport_socket_matches(security: Security) -> tuple[ClusterTransportSocketMatch, ...]:
    """The sockets by endpoint: mutual TLS for workloads that accept it, plain text for the others."""
    if not security.only_where_possible or security.tls is None:
        return ()
    tls, header = tls_socket(security.tls), security.proxy_protocol
    return (
        ClusterTransportSocketMatch(
            name="tlsMode-istio",
            match={"tlsMode": "istio"},
            transport_socket=tls if header is None else _proxied(tls, header),
        ),
        _PLAIN_TEXT_MATCH
        if header is None
        else ClusterTransportSocketMatch(
            name="tlsMode-disabled", match={}, transport_socket=_proxied(_RAW_BUFFER, header)
        ),
    )


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
