"""Certificates in Secrets, as far as they can be read without cryptography."""

import base64
import binascii
import re
from collections.abc import Mapping

from meshcompile.models.kubernetes.secret import Secret

PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----\s*?\n(.*?)-----END \1-----", re.DOTALL)
PAIRS = (("cert", "key"), ("tls.crt", "tls.key"))
"""The keys of a Secret that hold a certificate and its private key, in Istio's order of precedence."""
_SEQUENCE, _LONG_FORM = 0x30, 0x80


def credential_problem(secret: Secret) -> str:
    """Why Istio cannot use a Secret as the credential of a server; empty if it can."""
    values = _values(secret)
    found = next((values[cert] for cert, key in PAIRS if values.get(cert) and values.get(key)), None)
    if found is None:
        return "has neither `tls.crt` and `tls.key` nor `cert` and `key`"
    block = PEM.search(found)
    if block is None:
        return "has a certificate that is not PEM"
    return "" if _is_certificate(block[2]) else "has a certificate that cannot be decoded"


def _values(secret: Secret) -> Mapping[str, bytes]:
    """The values of a Secret; a value that is no base64 is empty."""
    return {key: _decoded(value.encode()) for key, value in secret.data.items()} | {
        key: value.encode() for key, value in secret.string_data.items()
    }


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except binascii.Error:
        return b""


def _is_certificate(encoded: bytes) -> bool:
    """True for DER with the outline of a certificate: one sequence of three that fills the block."""
    parts = _sequence(_decoded(encoded))
    return parts is not None and [tag for tag, _ in parts] == [_SEQUENCE, _SEQUENCE, 0x03] and bool(_sequence_of(parts))


def _sequence_of(parts: list[tuple[int, bytes]]) -> bool:
    """True if the first part, what is signed, has at least serial number, issuer, validity, subject and key."""
    fields = _items(parts[0][1])
    return fields is not None and len(fields) >= 6


def _sequence(der: bytes) -> list[tuple[int, bytes]] | None:
    """The items of the one sequence that is the whole of `der`; None if it is not one."""
    items = _items(der)
    return _items(items[0][1]) if items and len(items) == 1 and items[0][0] == _SEQUENCE else None


def _items(der: bytes) -> list[tuple[int, bytes]] | None:
    """Tag and content of each item; None if the lengths do not add up."""
    found, at = [], 0
    while at < len(der):
        if at + 2 > len(der):
            return None
        tag, length, at = der[at], der[at + 1], at + 2
        if length & _LONG_FORM:
            size = length & ~_LONG_FORM
            length, at = int.from_bytes(der[at : at + size], "big"), at + size
        if at + length > len(der):
            return None
        found.append((tag, der[at : at + length]))
        at += length
    return found
