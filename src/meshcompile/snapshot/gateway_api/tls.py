"""TLS of listeners, as the settings of an Istio server. Follows istiod's `buildTLS`."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from meshcompile.behaviour import Behaviour
from meshcompile.models.base import placed
from meshcompile.models.gateway_api.gateway import GatewayTLSConfig, Listener, ListenerTLSConfig, TLSConfig
from meshcompile.models.gateway_api.references import ObjectReference, SecretObjectReference
from meshcompile.models.networking.gateway import ServerTLSSettings, TLSMode
from meshcompile.snapshot.gateway_api.certificates import Certificates
from meshcompile.snapshot.gateway_api.conditions import INVALID_CERTIFICATE, NOT_PERMITTED, Invalid, joined
from meshcompile.snapshot.gateway_api.references import (
    CONFIG_MAP,
    SECRET,
    Grant,
    GroupKind,
    ReferenceGrants,
)
from meshcompile.snapshot.networks import DEFAULT_GATEWAY_PORT, GATEWAY_PORT
from meshcompile.values import credentials
from meshcompile.values.credentials import AUTHORITIES, BUILTIN, GATEWAY_SECRET
from meshcompile.values.labels import NETWORK, Labels

TERMINATE_MODE = "gateway.istio.io/tls-terminate-mode"
CIPHER_SUITES_OPTION = "gateway.istio.io/tls-cipher-suites"
LISTENER_MODE = "gateway.istio.io/listener-protocol"
AUTO_PASSTHROUGH = "auto-passthrough"
MOST_CERTIFICATES = 2

CLIENT_MODES: Mapping[str, TLSMode] = {"MUTUAL": TLSMode.MUTUAL, "OPTIONAL_MUTUAL": TLSMode.OPTIONAL_MUTUAL}
"""The option that asks for client certificates, and Istio's mode for it."""


class ListenerOwner(Struct, frozen=True):
    """The Gateway or ListenerSet of a listener."""

    kind: GroupKind
    namespace: str
    labels: Labels


class ListenerTls(Struct, frozen=True):
    """The settings of a server, and the problem if they are invalid. `settings` is None for a listener without TLS."""

    settings: ServerTLSSettings | None
    invalid: Invalid | None = None


class TlsBuilder(Struct, frozen=True):
    """Makes the TLS settings of listeners from what they refer to."""

    certificates: Certificates
    grants: ReferenceGrants
    behaviour: Behaviour

    def server_tls(self, listener: Listener, owner: ListenerOwner, gateway: GatewayTLSConfig | None) -> ListenerTls:
        """The settings of a listener's server."""
        tls = listener.tls
        if tls is None:
            return ListenerTls(None)
        if tls.mode == "Passthrough":
            mode = TLSMode.AUTO_PASSTHROUGH if passes_by_sni(listener, owner.labels) else TLSMode.PASSTHROUGH
            return ListenerTls(_placed(tls, mode=mode, cipher_suites=_cipher_suites(tls)))
        return self._terminated(tls, owner, client_validation(gateway, listener.port))

    def _terminated(self, tls: ListenerTLSConfig, owner: ListenerOwner, client: TLSConfig | None) -> ListenerTls:
        option = tls.options.get(TERMINATE_MODE, "")
        if option == "ISTIO_SIMPLE":
            return ListenerTls(_placed(tls, mode=TLSMode.SIMPLE, credential_name=BUILTIN))
        if option == "ISTIO_MUTUAL":
            return ListenerTls(_placed(tls, mode=TLSMode.ISTIO_MUTUAL))
        mode = CLIENT_MODES.get(option, TLSMode.SIMPLE)
        if len(tls.certificate_refs) > MOST_CERTIFICATES:
            message = "TLS mode can only support up to 2 server certificates"
            return ListenerTls(
                _placed(tls, mode=mode), Invalid(INVALID_CERTIFICATE, message, tls.at("certificate_refs"))
            )
        names, invalid = self._credentials(tls.certificate_refs, owner)
        if not names:
            return ListenerTls(_placed(tls, mode=mode), invalid)
        return self._validating(tls, owner, client, names, mode)

    def _credentials(
        self, refs: Iterable[SecretObjectReference], owner: ListenerOwner
    ) -> tuple[tuple[str, ...], Invalid | None]:
        """The credential names of the valid certificates. The name of an invalid one is empty."""
        names: list[str] = []
        invalid: Invalid | None = None
        for ref in refs:
            namespace = ref.namespace or owner.namespace
            problem = self._certificate_problem(ref, namespace, owner)
            invalid = joined(invalid, problem)
            names.append("" if problem else f"{GATEWAY_SECRET}{namespace}/{ref.name}")
        return (tuple(names) if any(names) else ()), invalid

    def _certificate_problem(self, ref: SecretObjectReference, namespace: str, owner: ListenerOwner) -> Invalid | None:
        problem = self.certificates.key_pair_problem(GroupKind(ref.group, ref.kind), ref.name, namespace)
        if problem:
            return Invalid(
                INVALID_CERTIFICATE, f"invalid certificate reference {_reference(ref)}, {problem}", ref.origin
            )
        grant = Grant(owner.kind, owner.namespace, SECRET, namespace)
        if namespace == owner.namespace or self.grants.allow(grant, ref.name):
            return None
        return _not_permitted(f"certificateRef {ref.name}/{namespace}", ref, owner)

    def _validating(
        self,
        tls: ListenerTLSConfig,
        owner: ListenerOwner,
        client: TLSConfig | None,
        names: tuple[str, ...],
        mode: TLSMode,
    ) -> ListenerTls:
        """The settings with certificates, and with the authorities of clients if the Gateway asks for them."""
        # With one valid certificate istiod takes the first name, even if it is that of the invalid one.
        own = {"credential_names": names} if all(names) and len(names) > 1 else {"credential_name": names[0]}
        refs = () if client is None or client.validation is None else client.validation.ca_certificate_refs
        if not refs:
            return ListenerTls(_placed(tls, mode=mode, cipher_suites=_cipher_suites(tls), **own))
        authorities, invalid = self._authorities(refs, owner)
        if invalid is not None:
            return ListenerTls(_placed(tls, mode=mode, **own), invalid)
        falls_back = self._falls_back(tls, client)
        settings = _placed(
            tls,
            mode=TLSMode.OPTIONAL_MUTUAL if falls_back else self._mode_with_authorities(mode),
            insecure_skip_verify=falls_back or None,
            ca_cert_credential_name=authorities,
            cipher_suites=_cipher_suites(tls),
            **own,
        )
        return ListenerTls(settings)

    def _falls_back(self, tls: ListenerTLSConfig, client: TLSConfig | None) -> bool:
        """True if clients without a valid certificate are accepted. The option of the listener takes precedence."""
        validation = None if client is None else client.validation
        asks = validation is not None and validation.mode == "AllowInsecureFallback"
        return asks and self.behaviour.any_client_certificate and tls.options.get(TERMINATE_MODE) not in CLIENT_MODES

    def _mode_with_authorities(self, mode: TLSMode) -> TLSMode:
        is_optional = mode is TLSMode.OPTIONAL_MUTUAL and self.behaviour.tls_mode_option
        return TLSMode.OPTIONAL_MUTUAL if is_optional else TLSMode.MUTUAL

    def _authorities(self, refs: tuple[ObjectReference, ...], owner: ListenerOwner) -> tuple[str, Invalid | None]:
        """The credential name of the authorities of clients."""
        ref = refs[0]
        if len(refs) > 1:
            return "", Invalid(INVALID_CERTIFICATE, "only one caCertificateRef is supported", refs[1].origin)
        kind, namespace = GroupKind(ref.group, ref.kind), ref.namespace or owner.namespace
        problem = self.certificates.authorities_problem(kind, ref.name, namespace)
        if problem:
            message = f"invalid CA certificate reference {_reference(ref)}, {problem}"
            return "", Invalid(INVALID_CERTIFICATE, message, ref.origin)
        grant = Grant(owner.kind, owner.namespace, kind, namespace)
        if namespace != owner.namespace and not self.grants.allow(grant, ref.name + AUTHORITIES):
            return "", _not_permitted(f"caCertificateRef {namespace}/{ref.name}", ref, owner)
        scheme = credentials.CONFIG_MAP if kind == CONFIG_MAP else GATEWAY_SECRET
        return f"{scheme}{namespace}/{ref.name}{AUTHORITIES}", None


def client_validation(gateway: GatewayTLSConfig | None, port: int) -> TLSConfig | None:
    """What the Gateway asks of clients on a port."""
    if gateway is None or gateway.frontend is None:
        return None
    own = (each.tls for each in gateway.frontend.per_port if each.port == port)
    return next(own, gateway.frontend.default)


def passes_by_sni(listener: Listener, labels: Labels) -> bool:
    """True if the listener passes TLS on to the cluster that the SNI names, for clients in other networks."""
    if listener.tls is None:
        return False
    if listener.tls.options.get(LISTENER_MODE) == AUTO_PASSTHROUGH:
        return True
    return NETWORK in labels and str(listener.port) == labels.get(GATEWAY_PORT, str(DEFAULT_GATEWAY_PORT))


def _placed(tls: ListenerTLSConfig, **settings: object) -> ServerTLSSettings:
    return placed(ServerTLSSettings.model_validate(settings), tls.origin)


def _cipher_suites(tls: ListenerTLSConfig) -> tuple[str, ...]:
    """The cipher suites of the option, which are checked later."""
    written = tls.options.get(CIPHER_SUITES_OPTION, "")
    return tuple(name.strip() for name in written.split(",")) if written else ()


def _not_permitted(reference: str, ref: ObjectReference | SecretObjectReference, owner: ListenerOwner) -> Invalid:
    message = f'{reference} not accessible to a Gateway in namespace "{owner.namespace}" (missing a ReferenceGrant?)'
    return Invalid(NOT_PERMITTED, message, ref.origin)


def _reference(ref: ObjectReference | SecretObjectReference) -> str:
    return f"{ref.group}/{ref.kind}/{ref.name}.{ref.namespace or ''}"
