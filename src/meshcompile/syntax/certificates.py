"""Certificates and private keys in PEM: enough of X.509 to see that a key belongs to a certificate.

Follows what Go's `tls.X509KeyPair` refuses: text without a certificate or a key, data that is no certificate, and a key
that does not match. Keys whose public half is not written beside them (Ed25519, some EC keys) count as matching.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)

CERTIFICATE, PRIVATE_KEY = "CERTIFICATE", "PRIVATE KEY"

SEQUENCE = 0x30
BIT_STRING = 0x03
VERSION = 0xA0
PUBLIC_KEY = 0xA1


class NotDer(ValueError):
    """Data that is not DER, or not the structure that was expected."""


class DerValue(NamedTuple):
    """A value of DER: its tag and its content."""

    tag: int
    content: bytes


def pem_blocks(text: str) -> Iterator[tuple[str, bytes]]:
    """The label and the data of each PEM block, in order. A block whose data are no base64 is left out."""
    for label, body in _BLOCK.findall(text):
        try:
            yield label, base64.b64decode("".join(body.split()), validate=True)
        except binascii.Error:
            continue


def has_certificate(text: str) -> bool:
    """True if a PEM text has at least one certificate: what Go's `AppendCertsFromPEM` asks."""
    return any(label == CERTIFICATE and _is_certificate(data) for label, data in pem_blocks(text))


def key_pair_problem(certificate: str, key: str) -> str:
    """Why a certificate and a key are no pair, in the words of Go's library; "" if they are."""
    chain, keys = list(pem_blocks(certificate)), list(pem_blocks(key))
    first, own = _first(chain, CERTIFICATE), _first(keys, PRIVATE_KEY)
    if first is None:
        return _no_certificate([label for label, _ in chain])
    if own is None:
        return _no_key([label for label, _ in keys])
    try:
        expected, found = _certified_key(first), _public_half(own)
    except NotDer:
        return "the certificate or the key is malformed"
    return "tls: private key does not match public key" if found and found != expected else ""


def _first(blocks: Iterable[tuple[str, bytes]], label: str) -> bytes | None:
    """The data of the first block whose label ends like this."""
    return next((data for each, data in blocks if each.endswith(label)), None)


def _no_certificate(found: list[str]) -> str:
    match found:
        case []:
            return "tls: failed to find any PEM data in certificate input"
        case [label] if label.endswith(PRIVATE_KEY):
            return (
                "tls: failed to find certificate PEM data in certificate input, but did find a private key; "
                "PEM inputs may have been switched"
            )
        case labels:
            skipped = " ".join(labels)
            return (
                'tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the '
                f"following types: [{skipped}]"
            )


def _no_key(found: list[str]) -> str:
    match found:
        case []:
            return "tls: failed to find any PEM data in key input"
        case ["CERTIFICATE"]:
            return "tls: found a certificate rather than a key in the PEM for the private key"
        case labels:
            skipped = " ".join(labels)
            return (
                'tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM '
                f"blocks of the following types: [{skipped}]"
            )


def _is_certificate(data: bytes) -> bool:
    try:
        return bool(_certified_key(data))
    except NotDer:
        return False


def _certified_key(data: bytes) -> bytes:
    """The public key of a certificate: the modulus of an RSA key, the point of an EC key."""
    body = _children(_only(data, SEQUENCE))[0]
    fields = [field for field in _children(body) if field.tag != VERSION]
    if len(fields) < 6:
        raise NotDer
    return _key_bits(_children(fields[5])[1])


def _key_bits(value: DerValue) -> bytes:
    """The key in a BIT STRING. An RSA key is a sequence in it, which starts with the modulus."""
    if value.tag != BIT_STRING:
        raise NotDer
    bits = value.content[1:]
    if bits[:1] == bytes([SEQUENCE]):
        return _children(_only(bits, SEQUENCE))[0].content
    return bits


def _public_half(data: bytes) -> bytes:
    """The public half of a private key in PKCS #1, PKCS #8 or SEC 1; empty if it is not written there."""
    fields = _children(_only(data, SEQUENCE))
    match [field.tag for field in fields[:3]]:
        case [0x02, 0x30, 0x04]:
            return _public_half(fields[2].content) if fields[2].content[:1] == bytes([SEQUENCE]) else b""
        case [0x02, 0x04, *_]:
            public = next((field for field in fields if field.tag == PUBLIC_KEY), None)
            return b"" if public is None else _key_bits(_only(public.content, BIT_STRING))
        case [0x02, 0x02, *_]:
            return fields[1].content
        case _:
            raise NotDer


def _only(data: bytes, tag: int) -> DerValue:
    """The value that the data hold, which must have this tag."""
    value = next(_values(data), None)
    if value is None or value.tag != tag:
        raise NotDer
    return value


def _children(value: DerValue) -> list[DerValue]:
    children = list(_values(value.content))
    if len(children) < 2:
        raise NotDer
    return children


def _values(data: bytes) -> Iterator[DerValue]:
    """The values that follow each other in the data."""
    at = 0
    while at < len(data):
        if at + 2 > len(data):
            raise NotDer
        start, length = _length(data, at + 1)
        if start + length > len(data):
            raise NotDer
        yield DerValue(data[at], data[start : start + length])
        at = start + length


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Where the content starts, and how long it is."""
    first = data[at]
    if first < 0x80:
        return at + 1, first
    size = first & 0x7F
    if not 1 <= size <= 4 or at + 1 + size > len(data):
        raise NotDer
    return at + 1 + size, int.from_bytes(data[at + 1 : at + 1 + size], "big")
