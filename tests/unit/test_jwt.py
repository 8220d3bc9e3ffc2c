"""RequestAuthentications, from YAML to the JWT filter."""

from __future__ import annotations

from typing import Any

import meshcompile
from meshcompile.resolve.security.jwt import UNFETCHED_JWKS
from tests.meshes import asked, listeners, mesh, sidecar
from tests.unit.test_inbound import WORKLOAD

KEYS = '{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}'


def authentication(*rules: str) -> str:
    return f"""
    apiVersion: security.istio.io/v1
    kind: RequestAuthentication
    metadata: {{name: j, namespace: shop}}
    spec: {{jwtRules: [{", ".join(rules)}]}}
    """


def issuer(name: str) -> str:
    return f"{{issuer: {name}, jwks: '{KEYS}'}}"


def jwt(of: meshcompile.Mesh) -> dict[str, Any]:
    found = listeners(of, sidecar(labels={"app": "web"}))["virtualInbound"]["filterChains"]
    filters = [f for chain in found for n in chain["filters"] for f in n["typedConfig"].get("httpFilters", ())]
    return next(f["typedConfig"] for f in filters if f["name"] == "envoy.filters.http.jwt_authn")


def test_issuers_are_sorted() -> None:
    """Providers are numbered in the order of their issuers."""
    found = jwt(mesh(WORKLOAD, authentication(issuer("b"), issuer("a"))))
    assert {name: provider["issuer"] for name, provider in found["providers"].items()} == {
        "origins-0": "a",
        "origins-1": "b",
    }


def test_a_token_may_be_missing_but_not_wrong() -> None:
    """With one issuer, a token must be valid or absent."""
    (rule,) = jwt(mesh(WORKLOAD, authentication(issuer("a"))))["rules"]
    assert rule["requires"] == {"requiresAny": {"requirements": [{"providerName": "origins-0"}, {"allowMissing": {}}]}}


def test_keys_are_never_fetched() -> None:
    """Keys for a URI are those that the caller passes. Otherwise no token matches, which is reported."""
    remote = authentication("{issuer: a, jwksUri: 'https://a/keys'}")
    found = asked(mesh(WORKLOAD, remote), sidecar(labels={"app": "web"}))
    assert found.slugs() == ["keys-not-fetched"]
    assert jwt(mesh(WORKLOAD, remote))["providers"]["origins-0"]["localJwks"] == {"inlineString": UNFETCHED_JWKS}
    known = meshcompile.load(f"{WORKLOAD}\n---\n{remote}\n", jwks={"https://a/keys": "{}"})
    assert jwt(known)["providers"]["origins-0"]["localJwks"] == {"inlineString": "{}"}
