"""Certificates for tests, from a throw-away authority."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate and its private key, both PEM."""

    certificate: str
    private_key: str

    def write(self, folder: Path, name: str) -> tuple[Path, Path]:
        """The files `NAME.crt` and `NAME.key`."""
        certificate, private_key = folder / f"{name}.crt", folder / f"{name}.key"
        certificate.write_text(self.certificate)
        private_key.write_text(self.private_key)
        return certificate, private_key


class Authority:
    """A certificate authority that signs every request."""

    def __init__(self, name: str = "test authority") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _common_name(name)
        self._certificate = (
            _unsigned(self._name, self._name, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, SHA256())
        )

    @property
    def certificate(self) -> str:
        """The authority's own certificate, PEM."""
        return self._certificate.public_bytes(Encoding.PEM).decode()

    def issue(self, *names: str) -> KeyPair:
        """A key pair with these alternative names: DNS names, and URIs such as SPIFFE IDs."""
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives = [x509.UniformResourceIdentifier(n) if "://" in n else x509.DNSName(n) for n in names]
        certificate = (
            _unsigned(_common_name(names[0][:64]), self._name, key)
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .sign(self._key, SHA256())
        )
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return KeyPair(certificate.public_bytes(Encoding.PEM).decode(), pem.decode())

    def client_context(self, folder: Path, pair: KeyPair | None = None) -> ssl.SSLContext:
        """A client that trusts this authority and presents `pair` on request. Hostnames are not checked."""
        context = ssl.create_default_context(cadata=self.certificate)
        context.check_hostname = False
        if pair is not None:
            context.load_cert_chain(*pair.write(folder, "client"))
        return context

    def server_context(self, folder: Path, pair: KeyPair) -> ssl.SSLContext:
        """A server that presents `pair`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair.write(folder, "server"))
        return context

    def mutual_context(self, folder: Path, pair: KeyPair) -> ssl.SSLContext:
        """A server that presents `pair`, and accepts only clients of this authority."""
        context = self.server_context(folder, pair)
        context.load_verify_locations(cadata=self.certificate)
        context.verify_mode = ssl.CERT_REQUIRED
        return context


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _unsigned(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
    )
