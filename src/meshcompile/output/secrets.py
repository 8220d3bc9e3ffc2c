"""The secrets that a proxy requests, and details of their certificates: `istioctl proxy-config secret`."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from meshcompile.emit.resources import Resources
from meshcompile.envoy.config.core import ConfigSource, DataSource
from meshcompile.envoy.config.route import RouteConfiguration
from meshcompile.envoy.extensions.transport_sockets.tls import (
    CertificateValidationContext,
    SdsSecretConfig,
    Secret,
    TlsCertificate,
)
from meshcompile.envoy.message import TYPE_URL, Message, Unmodelled, encode, replaced, to_builtins
from meshcompile.envoy.udpa import TypedStruct
from meshcompile.output.columns import aligned
from meshcompile.output.credentials import Credential
from meshcompile.output.walk import messages
from meshcompile.queries import derived
from meshcompile.values.credentials import AUTHORITIES

OF_WORKLOAD = {"default": "Cert Chain", "ROOTCA": "CA"}
"""Secrets that Istio's agent serves to every proxy. Their content is unknown before the proxy runs."""
SECRET = f"{TYPE_URL}envoy.extensions.transport_sockets.tls.v3.Secret"
HEADER = ("RESOURCE NAME", "TYPE", "STATUS", "VALID CERT", "SERIAL NUMBER", "NOT AFTER", "NOT BEFORE")


@dataclass(frozen=True, slots=True)
class SdsSecret:
    """A secret that a proxy requests. The PEM texts are "" if the input has no such Secret."""

    name: str
    certificate: str = ""
    authorities: str = ""

    @property
    def pem(self) -> str:
        return self.certificate or self.authorities


def sds_secrets(resources: Resources, credentials: Mapping[str, Credential], namespace: str) -> tuple[SdsSecret, ...]:
    """The secrets that the resources name: the workload's first, then by name.

    `credentials` are those of Secrets by `namespace/name`, and `namespace` is the proxy's.
    """
    names = sorted(set(secret_names(resources)), key=lambda name: (name not in OF_WORKLOAD, name != "default", name))
    return tuple(_secret(name, credentials, namespace) for name in names)


def secret_table(secrets: Iterable[SdsSecret], now: datetime, prefix: str = "") -> str:
    """RESOURCE NAME to NOT BEFORE, a row per secret. Unknown details of a certificate are empty.

    Certificates are read only if the package `cryptography` is installed.
    """
    rows = [(f"{prefix}{secret.name}", *_facts(secret, now)) for secret in secrets]
    return aligned([HEADER, *rows], padding=5) if rows else "No active or warming secrets found.\n"


def secret_dump(secrets: Iterable[SdsSecret]) -> dict[str, Any]:
    """The secrets as Envoy's admin interface shows them, without private keys."""
    return {"dynamicActiveSecrets": [{"name": secret.name, "secret": _dumped(secret)} for secret in secrets]}


def secret_names(resources: Resources) -> Iterator[str]:
    """The names of all secrets that the resources fetch by SDS."""
    for kind in (resources.listeners, resources.clusters, resources.routes, resources.extensions):
        for resource in kind:
            yield from names_of(resource)


@derived
def names_of(resource: Message) -> tuple[str, ...]:
    """The names in one resource. They stay with the resource or its virtual hosts, so proxies share them."""
    if isinstance(resource, RouteConfiguration) and resource.virtual_hosts:
        rest = replaced(resource, virtual_hosts=())
        return tuple(name for part in (rest, *resource.virtual_hosts) for name in names_of(part))
    return tuple(_names_in(resource)) if b'"sdsConfig"' in encode(resource) else ()


def _names_in(resource: Message) -> Iterator[str]:
    for message in messages(resource):
        match message:
            case SdsSecretConfig(name=name, sds_config=ConfigSource()) if name:
                yield name
            case Unmodelled(value=value) | TypedStruct(value=value):
                yield from _names_in_json(value)
            case _:
                pass


def _names_in_json(value: object) -> Iterator[str]:
    match value:
        case {"name": str(name), "sdsConfig": _}:
            yield name
        case Mapping():
            yield from (name for item in value.values() for name in _names_in_json(item))
        case list() | tuple():
            yield from (name for item in value for name in _names_in_json(item))
        case _:
            return


def _secret(name: str, credentials: Mapping[str, Credential], namespace: str) -> SdsSecret:
    _, _, path = name.partition("://")
    if not path:
        return SdsSecret(name)
    for key, only_authorities in ((path, path.endswith(AUTHORITIES)), (path.removesuffix(AUTHORITIES), True)):
        credential = credentials.get(key if "/" in key else f"{namespace}/{key}")
        if credential is not None:
            return SdsSecret(name, "" if only_authorities else credential.certificate, credential.authorities)
    return SdsSecret(name)


def _facts(secret: SdsSecret, now: datetime) -> tuple[str, ...]:
    """TYPE to NOT BEFORE."""
    known = _certificate_facts(secret.pem, now) if secret.pem else None
    return known or (OF_WORKLOAD.get(secret.name, ""), "ACTIVE", "", "", "", "")


def _certificate_facts(pem: str, now: datetime) -> tuple[str, ...] | None:
    """Details of the first certificate in a PEM text; None if it cannot be read."""
    try:
        from cryptography import x509  # an extra
    except ImportError:
        return None
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        return None
    before, after = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return (
        "CA" if _is_authority(certificate) else "Cert Chain",
        "ACTIVE",
        str(before < now < after).lower(),
        f"{certificate.serial_number:032x}",
        f"{after:%Y-%m-%dT%H:%M:%SZ}",
        f"{before:%Y-%m-%dT%H:%M:%SZ}",
    )


def _is_authority(certificate: Any) -> bool:
    from cryptography import x509  # an extra

    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except x509.ExtensionNotFound:
        return False


def _dumped(secret: SdsSecret) -> dict[str, Any]:
    return {"@type": SECRET, **to_builtins(_message(secret))}


def _message(secret: SdsSecret) -> Secret:
    if secret.certificate:
        redacted = _inline("[redacted]")  # as Envoy writes it
        certificate = TlsCertificate(certificate_chain=_inline(secret.certificate), private_key=redacted)
        return Secret(name=secret.name, tls_certificate=certificate)
    if secret.authorities:
        context = CertificateValidationContext(trusted_ca=_inline(secret.authorities))
        return Secret(name=secret.name, validation_context=context)
    return Secret(name=secret.name)


def _inline(text: str) -> DataSource:
    return DataSource(inline_bytes=b64encode(text.encode()).decode())
