"""Why Envoy would refuse PEM texts.

The package `cryptography`, an extra, reads them. Without it, only their outline is checked.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Callable

from meshcompile.analyze.secrets import public_key, server_certificate

BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\s*?\n(.*?)-----END \1-----", re.DOTALL)
CERTIFICATE, PRIVATE_KEY = "CERTIFICATE", "PRIVATE KEY"
PLACEHOLDERS = ("{{", "ENC[")
"""What the values of Secrets begin with that another tool fills in."""


def certificate_problem(text: str) -> str:
    """Why no certificate can be read; "" if one can."""
    return _outline_problem(text, CERTIFICATE) or _unreadable(server_certificate, text)


def private_key_problem(text: str) -> str:
    """Why no private key can be read; "" if one can."""
    return _outline_problem(text, PRIVATE_KEY) or _unreadable(public_key, text)


def pair_problem(certificate: str, private_key: str) -> str:
    """Why a readable private key does not fit a readable certificate; "" if it does."""
    try:
        same = server_certificate(certificate).public_key == public_key(private_key)
    except ImportError:
        return ""
    return "" if same else "it is not the key of the certificate"


def _outline_problem(text: str, kind: str) -> str:
    if any(text.lstrip().startswith(mark) for mark in PLACEHOLDERS):
        return "it is a placeholder that another tool fills in"
    blocks = [body for name, body in BLOCK.findall(text) if name.endswith(kind)]
    if not blocks:
        return f"it has no PEM block `-----BEGIN {kind}-----`"
    return next((problem for body in blocks if (problem := _base64_problem(body))), "")


def _base64_problem(body: str) -> str:
    lines = [line for line in body.split("\n") if ":" not in line]  # an encrypted key has headers
    try:
        b64decode("".join("".join(lines).split()), validate=True)
    except (binascii.Error, ValueError):
        return "its PEM block is not base64"
    return ""


def _unreadable(read: Callable[[str], object], text: str) -> str:
    try:
        read(text)
    except ImportError:  # only the outline is checked
        return ""
    except ValueError as error:
        return str(error).partition(".")[0] or "it cannot be decoded"
    return ""
