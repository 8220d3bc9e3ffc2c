"""Throw-away material in place of missing secrets and files, with which Envoy can check everything else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from meshcompile.output.bootstrap import Credential
from meshcompile.running.dev_certificates import DevAuthority, new_authority
from meshcompile.running.named_files import usable

PAIR = ("certificateChain", "privateKey")


@dataclass(frozen=True, slots=True)
class StandIns:
    """Material for secrets, and texts for files by the field that names them."""

    credential: Credential
    texts: Mapping[str, str]

    def instead_of_files(self, bootstrap: Mapping[str, Any]) -> dict[str, Any]:
        """The bootstrap with texts in place of files that are missing or cannot be read."""
        static = {
            kind: [self._value(resource) for resource in resources]
            for kind, resources in bootstrap["staticResources"].items()
        }
        return {**bootstrap, "staticResources": static}

    def _value(self, value: Any) -> Any:
        match value:
            case Mapping():
                replaced = PAIR if not all(map(_is_usable, ((name, value.get(name)) for name in PAIR))) else ()
                return {
                    name: self._text(name) if name in replaced else self._field(name, item)
                    for name, item in value.items()
                }
            case list():
                return [self._value(item) for item in value]
            case _:
                return value

    def _field(self, name: str, value: Any) -> Any:
        return self._value(value) if _is_usable((name, value)) else self._text(name)

    def _text(self, name: str) -> dict[str, str]:
        return {"inlineString": self.texts.get(name, "")}


def stand_ins() -> StandIns:
    """New material. Raises MissingExtra without the package `cryptography`."""
    authority = new_authority()
    certificate, key = authority.issue("stand-in.invalid")
    texts = {
        "certificateChain": certificate,
        "privateKey": key,
        "trustedCa": authority.pem,
        "crl": _revocation_list(authority),
    }
    return StandIns(Credential(certificate, key, authority.pem), texts)


def _is_usable(item: tuple[str, Any]) -> bool:
    """True for a field that names no file, or one that Envoy can read."""
    match item:
        case name, {"filename": str(path), **others} if not others:
            return usable(path, name)
        case _:
            return True


def _revocation_list(authority: DevAuthority) -> str:
    """A list of revoked certificates without any, PEM."""
    from cryptography import x509  # an extra
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding

    now = datetime.now(UTC)
    builder = x509.CertificateRevocationListBuilder().issuer_name(authority.certificate.subject)
    dated = builder.last_update(now).next_update(now + timedelta(days=1))
    return dated.sign(authority.key, SHA256()).public_bytes(Encoding.PEM).decode()
