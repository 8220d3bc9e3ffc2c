"""JSON Web Tokens for tests, signed with throwaway keys."""

from __future__ import annotations

import json
import secrets
import time
from base64 import urlsafe_b64encode
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt import get_algorithm_by_name

ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512"),
)
CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}


class Issuer:
    """An issuer of tokens with one key. Its key set names the algorithm unless it is `silent`."""

    def __init__(self, name: str, algorithm: str = "RS256", *, silent: bool = False) -> None:
        self.name = name
        self.algorithm = algorithm
        self.silent = silent
        self._key = new_key(algorithm)

    @cached_property
    def jwks(self) -> str:
        """The public key, as a JSON Web Key Set."""
        public = self._key if isinstance(self._key, bytes) else self._key.public_key()
        key = get_algorithm_by_name(self.algorithm).to_jwk(public, as_dict=True)
        named = {} if self.silent else {"alg": self.algorithm}
        return json.dumps({"keys": [{**_without_uses(key), **named, "kid": "1", "use": "sig"}]})

    def token(self, **claims: Any) -> str:
        """A token with these claims, from this issuer and valid for an hour by default."""
        return self.signed({"alg": self.algorithm, "kid": "1", "typ": "JWT"}, **claims)

    def signed(self, header: dict[str, str], **claims: Any) -> str:
        """A token with this header, signed by this issuer with its own algorithm, regardless of the header."""
        payload = {"iss": self.name, "exp": int(time.time()) + 3600, **claims}
        signed = f"{_text(header)}.{_text({k: v for k, v in payload.items() if v is not None})}"
        signature = get_algorithm_by_name(self.algorithm).sign(signed.encode(), self._key)
        return f"{signed}.{_encoded(signature)}"


def new_key(algorithm: str) -> Any:
    """A private key, or a secret, for an algorithm."""
    match algorithm[:2]:
        case "HS":
            return secrets.token_bytes(64)
        case "ES":
            return ec.generate_private_key(CURVES[algorithm])
        case "Ed":
            return ed25519.Ed25519PrivateKey.generate()
        case _:
            return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"authorization": f"Bearer {token}"}


def _without_uses(key: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in key.items() if name != "key_ops"}


def _text(value: Any) -> str:
    return _encoded(json.dumps(value).encode())


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
