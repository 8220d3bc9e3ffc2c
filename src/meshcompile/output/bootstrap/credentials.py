"""TLS material from Kubernetes Secrets. Follows istiod's `pilot/pkg/credentials/kube`."""

import binascii
from base64 import b64decode
from collections.abc import Iterable, Mapping

from meshcompile.models.kubernetes.secret import Secret
from meshcompile.output.bootstrap.options import Credential

# The keys of a Secret for each part, in order of precedence.
CERTIFICATE = ("cert", "tls.crt")
PRIVATE_KEY = ("key", "tls.key")
AUTHORITIES = ("cacert", "ca.crt")


def credentials(secrets: Iterable[Secret]) -> Mapping[str, Credential]:
    """The material of Secrets that have any, by `namespace/name`."""
    by_name = {f"{secret.namespace}/{secret.name}": _credential(secret) for secret in secrets}
    return {name: credential for name, credential in by_name.items() if credential != Credential()}


def _credential(secret: Secret) -> Credential:
    return Credential(_text(secret, CERTIFICATE), _text(secret, PRIVATE_KEY), _text(secret, AUTHORITIES))


def _text(secret: Secret, keys: Iterable[str]) -> str:
    """The first value that exists, as text; "" if there is none, or if it is not base64-encoded text."""
    for key in keys:
        if key in secret.string_data:
            return secret.string_data[key]
        if key in secret.data:
            return _decoded(secret.data[key])
    return ""


def _decoded(value: str) -> str:
    try:
        return b64decode(value).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
