"""Signatures of tokens, verified with an issuer's keys by PyJWT, which the extra `jwt` installs.

The choice of keys follows `verifyJwt` of Envoy's `jwt_verify_lib`.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from meshcompile.errors import MissingExtra

ALGORITHMS = ("EdDSA", *(f"{scheme}{bits}" for scheme in ("ES", "HS", "PS", "RS") for bits in (256, 384, 512)))
"""The algorithms that Envoy supports. It rejects tokens with others."""

CURVES = (None, "P-256", "P-384", "P-521", "Ed25519")
"""The curves that Envoy supports. Keys without a curve, such as RSA keys, name none."""


def is_signed(signed: bytes, signature: bytes, header: Mapping[str, Any], jwks: str) -> bool:
    """Whether a key of a JSON Web Key Set signed a token with this header.

    Raises MissingExtra without PyJWT.
    """
    algorithm = str(header.get("alg"))
    if algorithm not in ALGORITHMS:
        return False
    keys = (key for key in _keys(jwks, header.get("kid")) if key.get("alg", algorithm) == algorithm)
    return any(_is_signed_by(signed, signature, _scheme(key, algorithm), key) for key in keys)


def _keys(jwks: str, key_id: object) -> Iterator[Mapping[str, Any]]:
    """The candidate keys of a set. If both the key and the token have a key id, the ids must be equal."""
    try:
        keys = json.loads(jwks)["keys"]
    except (ValueError, TypeError, KeyError):
        return
    for key in keys if isinstance(keys, list) else ():
        if isinstance(key, Mapping) and (key_id is None or key.get("kid") in (None, key_id)):
            yield key


def _scheme(key: Mapping[str, Any], algorithm: str) -> str:
    """The algorithm to verify with; "" if there is none.

    In Envoy, the type of the key decides, and the token's algorithm only selects the hash. A key that names no
    algorithm is also tried for tokens that claim another key type.
    """
    match key.get("kty"):
        case "RSA":
            return algorithm if algorithm[:2] in ("RS", "PS") else ""
        case "EC":
            return algorithm if algorithm.startswith("ES") else "ES256"
        case "oct":
            return algorithm if algorithm.startswith("HS") else "HS256"
        case "OKP":
            return "EdDSA"
        case _:
            return ""


def _is_signed_by(signed: bytes, signature: bytes, scheme: str, key: Mapping[str, Any]) -> bool:
    if not scheme or key.get("crv") not in CURVES:
        return False
    try:
        from jwt import InvalidKeyError, get_algorithm_by_name  # an extra
    except ImportError as error:
        raise MissingExtra("jwt", "verify the signature of a token") from error
    verifier = get_algorithm_by_name(scheme)
    try:
        return bool(verifier.verify(signed, verifier.from_jwk(dict(key)), signature))
    except (InvalidKeyError, ValueError, TypeError, KeyError):  # such a key verifies no token
        return False
