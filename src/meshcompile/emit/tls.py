"""TLS contexts. Follows istiod's `BuildListenerTLSContext` and `authn_model.ApplyToCommonTLSContext`."""

from meshcompile.envoy.config.core import (
    AggregatedConfigSource,
    ApiConfigSource,
    ConfigSource,
    DataSource,
    GrpcService,
    GrpcServiceEnvoyGrpc,
    TransportSocket,
)
from meshcompile.envoy.extensions.transport_sockets.tls import (
    CertificateValidationContext,
    CommonTlsContext,
    CommonTlsContextCombinedCertificateValidationContext,
    DownstreamTlsContext,
    SdsSecretConfig,
    SubjectAltNameMatcher,
    TlsParameters,
    TlsParametersTlsProtocol,
)
from meshcompile.envoy.message import at
from meshcompile.envoy.type.matcher import StringMatcher
from meshcompile.resolve.hbone.tunnels import TunnelTls
from meshcompile.resolve.security.downstream_tls import (
    NO_SECRET,
    OF_MESH_ROOTS,
    OF_WORKLOAD,
    ClientValidation,
    DownstreamTls,
    Secret,
)

TLS_SOCKET = "envoy.transport_sockets.tls"
_OVER_ADS = ConfigSource(ads=AggregatedConfigSource(), resource_api_version="V3")
_TUNNEL_VERSIONS = TlsParameters(tls_minimum_protocol_version="TLSv1_3", tls_maximum_protocol_version="TLSv1_3")
_VERSIONS: dict[str, TlsParametersTlsProtocol] = {
    "TLSV1_0": "TLSv1_0",
    "TLSV1_1": "TLSv1_1",
    "TLSV1_2": "TLSv1_2",
    "TLSV1_3": "TLSv1_3",
}


def downstream_tls(tls: DownstreamTls) -> TransportSocket:
    """The transport socket of a filter chain that terminates TLS."""
    context = DownstreamTlsContext(
        common_tls_context=_common_context(tls), require_client_certificate=tls.require_client_certificate
    )
    return TransportSocket(name=TLS_SOCKET, typed_config=at(context, tls.origin))


def tunnel_context(tls: TunnelTls) -> CommonTlsContext:
    """The TLS context at both ends of an HBONE tunnel."""
    prefixes = (StringMatcher(prefix=prefix) for prefix in tls.identity_prefixes)
    return CommonTlsContext(
        alpn_protocols=("h2",),
        tls_params=_TUNNEL_VERSIONS,
        tls_certificate_sds_secret_configs=(sds_secret(tls.certificate),),
        combined_validation_context=CommonTlsContextCombinedCertificateValidationContext(
            default_validation_context=CertificateValidationContext(
                match_typed_subject_alt_names=tuple(
                    SubjectAltNameMatcher(san_type="URI", matcher=prefix) for prefix in prefixes
                )
            ),
            validation_context_sds_secret_config=sds_secret(tls.roots),
        ),
    )


def tls_version(name: str) -> TlsParametersTlsProtocol:
    """The protocol version of a name such as `TLSV1_2`; Envoy's default for any other name."""
    return _VERSIONS.get(name, "TLS_AUTO")


def sds_secret(secret: Secret) -> SdsSecretConfig:
    """A secret and the source from which Envoy gets it."""
    if (own := _OF_WORKLOAD.get(secret)) is not None:
        return own
    if secret == NO_SECRET:
        return SdsSecretConfig()
    return _sds_secret(secret)


def _sds_secret(secret: Secret) -> SdsSecretConfig:
    return SdsSecretConfig(name=secret.name, sds_config=_sds_source(secret) if secret.cluster else _OVER_ADS)


def _sds_source(secret: Secret) -> ConfigSource:
    server = GrpcService(envoy_grpc=GrpcServiceEnvoyGrpc(cluster_name=secret.cluster, authority=secret.authority))
    return ConfigSource(
        api_config_source=ApiConfigSource(
            api_type="GRPC", transport_api_version="V3", grpc_services=(server,), set_node_on_first_message_only=True
        ),
        initial_fetch_timeout="0s" if secret.is_preconfigured else None,
        resource_api_version="V3",
    )


# The secrets of most clusters and listeners. They share the messages, which are immutable.
_OF_WORKLOAD = {secret: _sds_secret(secret) for secret in (OF_WORKLOAD, OF_MESH_ROOTS)}


def _common_context(tls: DownstreamTls) -> CommonTlsContext:
    validation = tls.validation
    checks = None if validation is None else _validation_context(validation)
    roots = None if validation is None else validation.roots
    return CommonTlsContext(
        alpn_protocols=tls.alpn,
        tls_params=_parameters(tls),
        tls_certificate_sds_secret_configs=tuple(at(sds_secret(secret), secret.origin) for secret in tls.certificates),
        validation_context=checks if roots is None else None,
        combined_validation_context=None
        if roots is None
        else CommonTlsContextCombinedCertificateValidationContext(
            default_validation_context=checks,
            validation_context_sds_secret_config=None if roots == NO_SECRET else sds_secret(roots),
        ),
    )


def _parameters(tls: DownstreamTls) -> TlsParameters | None:
    if not (tls.minimum_version or tls.maximum_version or tls.cipher_suites or tls.ecdh_curves):
        return None
    return TlsParameters(
        tls_minimum_protocol_version=tls_version(tls.minimum_version),
        tls_maximum_protocol_version=tls_version(tls.maximum_version),
        cipher_suites=tls.cipher_suites,
        ecdh_curves=tls.ecdh_curves,
    )


def _validation_context(validation: ClientValidation) -> CertificateValidationContext:
    exact = tuple(StringMatcher(exact=name) for name in validation.san_exact)
    prefixes = tuple(StringMatcher(prefix=name) for name in validation.san_prefixes)
    return CertificateValidationContext(
        match_subject_alt_names=exact + prefixes,
        verify_certificate_spki=validation.spki_hashes,
        verify_certificate_hash=validation.certificate_hashes,
        crl=DataSource(filename=validation.crl) if validation.crl else None,
        trust_chain_verification="ACCEPT_UNTRUSTED" if validation.accepts_any else "VERIFY_TRUST_CHAIN",
    )
