"""The certificates and keys in Secrets, read with the package `cryptography`, which is an extra."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from meshcompile.models.kubernetes.secret import Secret

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

CERTIFICATE_KEYS = ("tls.crt", "cert")
PRIVATE_KEYS = ("tls.key", "key")
PEM = "-----BEGIN"


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """The first certificate of a chain: its names, its times, and its public key in DER."""

    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    public_key: bytes


def text_of(secret: Secret, keys: tuple[str, ...]) -> tuple[str, str]:
    """The first of some keys that a Secret has, and its value as text; both empty without one.

    Encrypted and templated values count as absent.
    """
    for key in keys:
        if key in secret.string_data:
            return key, secret.string_data[key]
        if key in secret.data:
            try:
                return key, b64decode(secret.data[key]).decode(errors="replace")
            except ValueError:
                return "", ""
    return "", ""


def server_certificate(pem: str) -> ServerCertificate:
    """The first certificate of a PEM text. Raises ValueError if it cannot be read, ImportError without the package."""
    from cryptography import x509  # an extra
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    certificate = x509.load_pem_x509_certificate(pem.encode())
    public_key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return ServerCertificate(
        _names(certificate), certificate.not_valid_before_utc, certificate.not_valid_after_utc, public_key
    )


def public_key(private_pem: str) -> bytes:
    """The public key of a private key, in DER. Raises ValueError if it cannot be read."""
    from cryptography.exceptions import UnsupportedAlgorithm  # an extra
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    try:
        key = load_pem_private_key(private_pem.encode(), password=None)
    except (TypeError, UnsupportedAlgorithm) as error:  # a key with a password
        raise ValueError(str(error)) from error
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _names(certificate: Certificate) -> tuple[str, ...]:
    from cryptography import x509  # an extra

    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(name.lower() for name in found.get_values_for_type(x509.DNSName))


def covers(name: str, host: str) -> bool:
    """True if a name of a certificate is valid for a host, which may be a wildcard."""
    if name == host:
        return True
    return name.startswith("*.") and not host.startswith("*") and host.partition(".")[2] == name[2:]
