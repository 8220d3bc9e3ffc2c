"""Certificates for a trial: a throw-away authority, and certificates of workloads with their SPIFFE names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from meshcompile.errors import MissingExtra
from meshcompile.running.private_files import write_privately

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate, CertificateBuilder, GeneralName

DAYS = 30
ROOT_CERTIFICATE, ROOT_KEY = "root-cert.pem", "root-key.pem"
CERTIFICATE_CHAIN, KEY = "cert-chain.pem", "key.pem"


@dataclass(frozen=True, slots=True)
class DevAuthority:
    """A certificate authority in a folder: `root-cert.pem` and `root-key.pem`."""

    certificate: Certificate
    key: EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        """The certificate of the authority."""
        return _pem(self.certificate)

    def issue(self, name: str) -> tuple[str, str]:
        """A certificate and its private key, PEM, for a DNS name or a SPIFFE identity. It is valid for 30 days."""
        from cryptography import x509  # an extra
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.x509.oid import ExtendedKeyUsageOID

        key = _new_key()
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        certificate = (
            _unsigned("meshcompile trial", self.certificate.subject, key)
            .add_extension(x509.SubjectAlternativeName([_alternative(name)]), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .sign(self.key, SHA256())
        )
        return _pem(certificate), _key_pem(key)


def dev_authority(folder: Path) -> DevAuthority:
    """The authority in the folder, which is made if it is not there. Raises MissingExtra without `cryptography`."""
    try:
        from cryptography import x509  # an extra
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ModuleNotFoundError as error:
        raise MissingExtra("certificates", "make certificates for a trial") from error
    certificate, key = folder / ROOT_CERTIFICATE, folder / ROOT_KEY
    if not (certificate.exists() and key.exists()):
        folder.mkdir(parents=True, exist_ok=True)
        made = new_authority()
        write_privately(key, _key_pem(made.key))
        write_privately(certificate, made.pem)
        return made
    loaded = load_pem_private_key(key.read_bytes(), password=None)
    return DevAuthority(x509.load_pem_x509_certificate(certificate.read_bytes()), loaded)  # type: ignore[arg-type]


def new_authority() -> DevAuthority:
    """An authority that exists only in memory. Raises MissingExtra without `cryptography`."""
    try:
        from cryptography import x509  # an extra
        from cryptography.hazmat.primitives.hashes import SHA256
    except ModuleNotFoundError as error:
        raise MissingExtra("certificates", "make certificates for a trial") from error
    key = _new_key()
    certificate = (
        _unsigned("meshcompile trial authority", None, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    return DevAuthority(certificate, key)


def workload_folder(folder: Path, proxy: str, identity: str) -> Path:
    """The folder with the certificate of a proxy: `cert-chain.pem`, `key.pem` and `root-cert.pem`.

    `folder` has the authority, which all proxies of a trial share. `identity` is a SPIFFE name. The certificate is made
    if there is none of the identity that is valid for another day.
    """
    authority = dev_authority(folder)
    own = folder / proxy
    if _is_certified(own, authority, identity):
        return own
    certificate, key = authority.issue(identity)
    own.mkdir(parents=True, exist_ok=True)
    write_privately(own / KEY, key)
    write_privately(own / CERTIFICATE_CHAIN, certificate)
    write_privately(own / ROOT_CERTIFICATE, authority.pem)
    return own


def _is_certified(folder: Path, authority: DevAuthority, identity: str) -> bool:
    from cryptography import x509  # an extra
    from cryptography.exceptions import InvalidSignature

    try:
        certificate = x509.load_pem_x509_certificate((folder / CERTIFICATE_CHAIN).read_bytes())
        certificate.verify_directly_issued_by(authority.certificate)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    is_fresh = certificate.not_valid_after_utc > datetime.now(UTC) + timedelta(days=1)
    return is_fresh and (folder / KEY).exists() and list(names) == [_alternative(identity)]


def _alternative(name: str) -> GeneralName:
    from cryptography import x509  # an extra

    return x509.UniformResourceIdentifier(name) if "://" in name else x509.DNSName(name)


def _new_key() -> EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec  # an extra

    return ec.generate_private_key(ec.SECP256R1())


def _unsigned(subject: str, issuer: object, key: EllipticCurvePrivateKey) -> CertificateBuilder:
    """A certificate to sign; of the issuer itself if there is none."""
    from cryptography import x509  # an extra
    from cryptography.x509.oid import NameOID

    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer if isinstance(issuer, x509.Name) else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=DAYS))
    )


def _pem(certificate: Certificate) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding  # an extra

    return certificate.public_bytes(Encoding.PEM).decode()


def _key_pem(key: EllipticCurvePrivateKey) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat  # an extra

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
