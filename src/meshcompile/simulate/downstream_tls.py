"""The TLS handshake between a client and a filter chain."""

from collections.abc import Iterable

from msgspec import Struct

from meshcompile.envoy.config.core import TransportSocket
from meshcompile.envoy.config.listener import FilterChain
from meshcompile.envoy.extensions.transport_sockets.quic import QuicDownstreamTransport
from meshcompile.envoy.extensions.transport_sockets.raw_buffer import RawBuffer
from meshcompile.envoy.extensions.transport_sockets.tls import (
    CertificateValidationContext,
    CommonTlsContext,
    DownstreamTlsContext,
    SubjectAltNameMatcher,
)
from meshcompile.envoy.type.matcher import StringMatcher
from meshcompile.simulate.requests import ClientHello, DownstreamConnection, PeerCertificate
from meshcompile.simulate.string_match import string_predicate, type_name
from meshcompile.simulate.transport_socket import verifies_peer


class Handshake(Struct, frozen=True):
    """The result. `problem` says why it failed. `terminated` says whether the chain ended TLS.

    `peer` is the certificate of the client, `alpn` the protocol that both agreed on, `depends_on` the type of a
    transport socket that is not evaluated.
    """

    problem: str = ""
    terminated: bool = False
    peer: PeerCertificate | None = None
    alpn: str = ""
    depends_on: str = ""


def handshake(chain: FilterChain, connection: DownstreamConnection) -> Handshake:
    """What the transport socket of a chain makes of a connection."""
    config = (chain.transport_socket or TransportSocket()).typed_config
    match config:
        case None | RawBuffer():
            return Handshake()
        case DownstreamTlsContext():
            return _tls(config, connection.tls)
        case QuicDownstreamTransport():
            return Handshake("the filter chain wants QUIC")
        case _:
            return Handshake(depends_on=f"the transport socket {type_name(config)}")


def _tls(context: DownstreamTlsContext, hello: ClientHello | None) -> Handshake:
    if hello is None:
        return Handshake("the client speaks plain text, and the filter chain wants TLS")
    common = context.common_tls_context or CommonTlsContext()
    asks = verifies_peer(common) or bool(context.require_client_certificate)
    certificate = hello.certificate if asks else None
    if certificate is None and context.require_client_certificate:
        return Handshake("the client presents no certificate, and the filter chain requires one")
    if certificate is not None and (problem := _problem(common, certificate)):
        return Handshake(problem)
    return Handshake(terminated=True, peer=certificate, alpn=_agreed(common.alpn_protocols, hello.alpn))


def _agreed(server: Iterable[str], client: Iterable[str]) -> str:
    """The first protocol of the server that the client offers."""
    offered = frozenset(client)
    return next((each for each in server if each in offered), "")


def _problem(common: CommonTlsContext, certificate: PeerCertificate) -> str:
    """Why the certificate of a client is refused; "" if it is not."""
    if not verifies_peer(common):
        return ""
    if not certificate.trusted:
        return "no trusted authority has signed the certificate of the client"
    wanted = tuple(accepted_names(common))
    names = (*certificate.uris, *certificate.dns_names)
    if wanted and not any(string_predicate(matcher)(name) for matcher in wanted for name in names):
        return "the certificate of the client has none of the names that the filter chain wants"
    return ""


def accepted_names(common: CommonTlsContext) -> tuple[StringMatcher, ...]:
    """The matchers of which one must accept a name of the certificate; empty for any name."""
    combined = common.combined_validation_context
    context = (combined.default_validation_context if combined else common.validation_context) or (
        CertificateValidationContext()
    )
    typed: tuple[SubjectAltNameMatcher, ...] = context.match_typed_subject_alt_names
    return (*context.match_subject_alt_names, *(each.matcher for each in typed if each.matcher is not None))
