"""Signatures of tokens, with all algorithms that Envoy supports."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from meshcompile.errors import MeshcompileError, MissingExtra
from meshcompile.tools.policies import Outcome, Request
from meshcompile.tools.policies.signatures import is_signed
from meshcompile.tools.policies.tokens import parsed
from tests.envoy.tokens import ALGORITHMS, Issuer, bearer
from tests.unit.test_jwt import authentication, issuer
from tests.unit.test_policy_decisions import decided, token


def signed(text: str, jwks: str) -> bool:
    token = parsed(text)
    return token is not None and is_signed(token.signed, token.signature, token.header, jwks)


@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_is_of_who_has_signed_it(algorithm: str, silent: bool) -> None:
    """A signature matches only the issuer's own key, for all algorithms, with and without `alg` in the key."""
    issuer, other = Issuer("a", algorithm, silent=silent), Issuer("a", algorithm, silent=silent)
    text = issuer.token(sub="x")
    assert signed(text, issuer.jwks)
    assert not signed(text, other.jwks)
    both = json.dumps({"keys": json.loads(other.jwks)["keys"] + json.loads(issuer.jwks)["keys"]})
    assert signed(text, both)
    assert not signed(f"{text[:-6]}AAAAAA", issuer.jwks)
    assert not signed(f"{text.rpartition('.')[0]}.", issuer.jwks)
    assert not signed(issuer.signed({"alg": "none"}), issuer.jwks)
    assert not signed(issuer.signed({"alg": algorithm, "kid": "another"}), issuer.jwks)


def test_a_key_is_for_the_algorithm_that_it_names() -> None:
    """A key with another algorithm than the token's is not tried, even if it signed the token."""
    issuer = Issuer("a", "RS256")
    (key,) = json.loads(issuer.jwks)["keys"]
    assert signed(issuer.token(), json.dumps({"keys": [{**key, "alg": "RS256"}]}))
    assert not signed(issuer.token(), json.dumps({"keys": [{**key, "alg": "RS512"}]}))


@pytest.mark.parametrize(
    "jwks",
    [
        "",
        "[]",
        "{}",
        '{"keys": {}}',
        '{"keys": [1, null, {}]}',
        '{"keys": [{"kty": "RSA"}, {"kty": "EC", "crv": "P-256"}, {"kty": "oct"}, {"kty": "OKP", "crv": "Ed25519"}]}',
        '{"keys": [{"kty": "RSA", "n": "", "e": ""}, {"kty": "RSA", "n": 1, "e": 2}, {"kty": "oct", "k": ""}]}',
        '{"keys": [{"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"}, {"kty": "EC", "crv": ["P-256"]}]}',
        '{"keys": [{"kty": "OKP", "crv": "Ed448", "x": "AAAA"}, {"kty": "OKP", "crv": "Ed25519", "x": "A"}]}',
        '{"keys": [{"kty": ["RSA"], "alg": {}, "kid": []}]}',
    ],
)
def test_no_token_fits_a_broken_key(jwks: str) -> None:
    """Invalid keys reject every token, and raise nothing."""
    for algorithm in ALGORITHMS:
        issuer = Issuer("a", algorithm)
        assert not signed(issuer.signed({"alg": algorithm}), jwks)


@pytest.mark.parametrize(
    "claims",
    [{"exp": "soon"}, {"nbf": "x"}, {"iat": -1}, {"aud": 5}, {"aud": [1]}, {"sub": {}}, {"iss": ["a"]}, {"exp": True}],
)
def test_claims_of_a_wrong_type_are_refused(claims: dict[str, Any]) -> None:
    """A token with a claim of the wrong type is invalid, and reading it raises nothing."""
    request = Request(headers=bearer(token({"iss": "a"} | claims)))
    assert decided(request, authentication(issuer("a")), now=1).outcome is Outcome.UNAUTHENTICATED


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PyJWT, verifying a signature raises an error that says what to install."""
    monkeypatch.setitem(sys.modules, "jwt", None)
    with pytest.raises(MissingExtra, match=r"pip install 'meshcompile\[jwt\]'") as raised:
        is_signed(b"", b"", {"alg": "HS256"}, '{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}')
    assert (raised.value.extra, isinstance(raised.value, MeshcompileError | ImportError)) == ("jwt", True)
