"""TLS contexts with their certificates, in place of secrets that istiod would send."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from meshcompile.envoy.config.core import ConfigSource, PathConfigSource, TransportSocket
from meshcompile.envoy.extensions.transport_sockets.internal_upstream import InternalUpstreamTransport
from meshcompile.envoy.extensions.transport_sockets.proxy_protocol import ProxyProtocolUpstreamTransport
from meshcompile.envoy.extensions.transport_sockets.quic import QuicDownstreamTransport
from meshcompile.envoy.extensions.transport_sockets.tls import (
    CertificateValidationContext,
    CommonTlsContext,
    CommonTlsContextCombinedCertificateValidationContext,
    DownstreamTlsContext,
    EmbeddedDownstreamTlsContext,
    SdsSecretConfig,
    Secret,
    UpstreamTlsContext,
)
from meshcompile.envoy.message import Packed, Unmodelled, replaced, to_builtins
from meshcompile.output.bootstrap.secret_store import SecretStore
from meshcompile.output.file_names import file_name
from meshcompile.output.packed import known
from meshcompile.patch.editing import decoded


@dataclass(frozen=True, slots=True)
class TlsMaterial:
    """Puts the secrets of a store into transport sockets.

    Secrets become part of the TLS contexts. If there is a folder for SDS, the contexts name a file in it for each
    secret instead, and `used` collects these secrets by name.
    """

    store: SecretStore
    used: dict[str, Secret] = field(default_factory=dict)

    @property
    def sds_folder(self) -> str:
        return self.store.options.sds_folder

    def socket(self, socket: TransportSocket) -> TransportSocket:
        """The transport socket with its certificates. Raises MissingSecret."""
        config = None if socket.typed_config is None else self._config(socket.typed_config)
        return replaced(socket, typed_config=config)

    def _config(self, config: Packed) -> Packed:
        match known(config):
            case DownstreamTlsContext() | UpstreamTlsContext() as context:
                return replaced(context, common_tls_context=self._common(context.common_tls_context))
            case QuicDownstreamTransport() as transport:
                embedded = transport.downstream_tls_context or EmbeddedDownstreamTlsContext()
                common = self._common(embedded.common_tls_context)
                return replaced(transport, downstream_tls_context=replaced(embedded, common_tls_context=common))
            # A socket in a socket.
            case (
                ProxyProtocolUpstreamTransport(transport_socket=TransportSocket() as inner)
                | InternalUpstreamTransport(transport_socket=TransportSocket() as inner)
            ) as outer:
                return replaced(outer, transport_socket=self.socket(inner))
            case Unmodelled(value={"transportSocket": dict(written)} as value):
                socket = self.socket(decoded(TransportSocket, written))
                return Unmodelled({**value, "transportSocket": to_builtins(socket)})
            case _:
                return config

    def _common(self, common: CommonTlsContext | None) -> CommonTlsContext:
        return self._with_validation(self._with_certificates(common or CommonTlsContext()))

    def _with_certificates(self, common: CommonTlsContext) -> CommonTlsContext:
        """The context with what this side shows."""
        secrets = common.tls_certificate_sds_secret_configs
        if not secrets or self.store.is_served_by_agent(secrets[0].name):
            return common
        certificates = {secret.name: self.store.certificate(secret.name) for secret in secrets}
        if not self.sds_folder:
            own = tuple(certificates.values())
            return replaced(common, tls_certificates=own, tls_certificate_sds_secret_configs=())
        self.used.update({name: Secret(name=name, tls_certificate=found) for name, found in certificates.items()})
        return replaced(common, tls_certificate_sds_secret_configs=tuple(map(self._from_file, secrets)))

    def _with_validation(self, common: CommonTlsContext) -> CommonTlsContext:
        """The context with how the other side is verified."""
        combined = common.combined_validation_context
        secret = (common if combined is None else combined).validation_context_sds_secret_config
        if secret is None or self.store.is_served_by_agent(secret.name):
            return common
        authorities = CertificateValidationContext(trusted_ca=self.store.authorities(secret.name))
        default = None if combined is None else combined.default_validation_context
        if self.sds_folder:
            self.used[secret.name] = Secret(name=secret.name, validation_context=authorities)
            return replaced(
                common,
                validation_context_sds_secret_config=None,
                combined_validation_context=CommonTlsContextCombinedCertificateValidationContext(
                    default_validation_context=default or CertificateValidationContext(),
                    validation_context_sds_secret_config=self._from_file(secret),
                ),
            )
        return replaced(
            common,
            validation_context=replaced(default or CertificateValidationContext(), trusted_ca=authorities.trusted_ca),
            validation_context_sds_secret_config=None,
            combined_validation_context=None,
        )

    def _from_file(self, secret: SdsSecretConfig) -> SdsSecretConfig:
        path = PathConfigSource(path=f"{self.sds_folder}/{file_name(secret.name)}.json")
        return replaced(secret, sds_config=ConfigSource(path_config_source=path, resource_api_version="V3"))


def sds_files(used: Mapping[str, Secret]) -> Mapping[str, Secret]:
    """The secrets by the names of their files."""
    return {f"{file_name(name)}.json": secret for name, secret in used.items()}
