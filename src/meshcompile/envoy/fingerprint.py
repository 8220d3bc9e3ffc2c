"""Fingerprints of messages: SHA-256 of their canonical JSON.

The canonical JSON of a message has no spaces and sorted keys, and is UTF-8. It depends only on the content, so a
fingerprint is the same in every process, on every machine and in every run. The fingerprint of a list of messages is
the SHA-256 of the fingerprints of its messages (32 bytes each), in order.

A message stores its fingerprint, so proxies that share a message share its fingerprint.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from meshcompile.envoy.message import canonical, encode


class Printable(Protocol):
    """A message, or its JSON text."""

    __dict__: dict[str, Any]


def fingerprint(message: Printable) -> str:
    """The fingerprint of one message, as 64 hexadecimal digits."""
    return digests((message,))[0].hex()


def digests(messages: Sequence[Printable]) -> list[bytes]:
    """The fingerprint of each message, as 32 bytes."""
    try:
        return [message.__dict__["fingerprint"] for message in messages]
    except KeyError:
        for message in messages:
            if "fingerprint" not in message.__dict__:
                _digest(message)
        return [message.__dict__["fingerprint"] for message in messages]


def sizes(messages: Sequence[Printable]) -> list[int]:
    """The length of the compact JSON of each message, in bytes."""
    try:
        return [message.__dict__["size"] for message in messages]
    except KeyError:
        for message in messages:
            if "size" not in message.__dict__:
                message.__dict__["size"] = len(encode(message))
        return [message.__dict__["size"] for message in messages]


def digest_of_all(found: Iterable[bytes]) -> bytes:
    """The fingerprint of a list of fingerprints."""
    return hashlib.sha256(b"".join(found)).digest()


def size_of_all(found: Sequence[int]) -> int:
    """The length of the compact JSON of a list of messages with these lengths."""
    return sum(found) + max(len(found) - 1, 0) + len("[]")


def _digest(message: Printable) -> None:
    text = canonical(message)
    message.__dict__["fingerprint"], message.__dict__["size"] = hashlib.sha256(text).digest(), len(text)
