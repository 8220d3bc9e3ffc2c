"""Random authorization policies and requests, for comparing the evaluator with Envoy."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from meshcompile.tools.policies import Request

PRINCIPALS = ("spiffe://cluster.local/ns/shop/sa/web", "spiffe://cluster.local/ns/bank/sa/ledger", "")
ADDRESSES = ("127.0.0.1", "127.0.0.2", "127.0.0.9")
DESTINATIONS = (("10.1.0.7", 8080), ("10.2.0.7", 9000))
SERVER_NAMES = ("shop.example", "bank.example")
PATHS = ("/", "/items", "/items/1?q=2", "/index.html", "/api/a", "/api/a/b", "/api/a/x/", "/api/a/x/y/z", "/API/a")
ISSUERS = ("https://a.example", "https://b.example")

# The fields of sources and operations, with values to choose from.
SOURCES: Mapping[str, Sequence[str]] = {
    "principals": (
        "cluster.local/ns/shop/sa/web",
        "*/sa/ledger",
        "cluster.local/ns/shop/*",
        "*",
        "old/ns/bank/sa/ledger",
    ),
    "namespaces": ("shop", "ba*", "*k", "b*k"),
    "ipBlocks": ("127.0.0.1", "127.0.0.0/30", "10.0.0.0/8"),
    "remoteIpBlocks": ("10.9.0.0/16", "127.0.0.0/30", "203.0.113.7"),
    "requestPrincipals": ("https://a.example/alice", "https://a.example/*", "*/bob", "*"),
    "trustDomains": ("cluster.local", "*.local", "other"),
}
OPERATIONS: Mapping[str, Sequence[str]] = {
    "hosts": ("shop.example", "*.EXAMPLE", "Shop*", "*"),
    "methods": ("GET", "POST", "P*", "*"),
    "paths": ("/items", "/items*", "*.html", "/api/{*}", "/api/{**}", "/api/{*}/x/{**}", "*"),
    "ports": ("8080", "9000", "80"),
}
CONDITIONS: Mapping[str, Sequence[str]] = {
    "request.headers[x-team]": ("red", "b*", "*e", "*"),
    "source.ip": ("127.0.0.2", "127.0.0.8/29"),
    "remote.ip": ("10.9.0.0/16", "127.0.0.1"),
    "source.namespace": ("shop", "*k"),
    "source.principal": ("cluster.local/ns/bank/sa/ledger", "*"),
    "request.auth.principal": ("https://b.example/*", "*"),
    "request.auth.audiences": ("shop", "ba*"),
    "request.auth.presenter": ("portal", "*"),
    "request.auth.claims[groups]": ("admin", "de*"),
    "request.auth.claims[scope]": ("read", "write"),
    "request.auth.claims[org][name]": ("acme", "*"),
    "destination.ip": ("10.1.0.0/16", "10.2.0.7"),
    "destination.port": ("8080", "9000"),
    "connection.sni": ("shop.example", "*.example", "bank*"),
}


def policies(random: Random) -> list[dict[str, Any]]:
    """Up to five policies of different actions."""
    actions = random.sample(["ALLOW", "ALLOW", "DENY", "DENY", "AUDIT"], random.randint(1, 4))
    return [_policy(random, f"p{index}", action) for index, action in enumerate(actions)]


def _policy(random: Random, name: str, action: str) -> dict[str, Any]:
    return {
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"action": action, "rules": [_rule(random) for _ in range(random.randint(1, 3))]},
    }


def _rule(random: Random) -> dict[str, Any]:
    rule: dict[str, Any] = {}
    if random.random() < 0.5:
        rule["from"] = [{"source": _fields(random, SOURCES)} for _ in range(random.randint(1, 2))]
    if random.random() < 0.6:
        rule["to"] = [{"operation": _fields(random, OPERATIONS)} for _ in range(random.randint(1, 2))]
    if random.random() < 0.4 or not rule:
        rule["when"] = [_condition(random) for _ in range(random.randint(1, 2))]
    return rule


def _fields(random: Random, choices: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for field in random.sample(sorted(choices), random.randint(1, 2)):
        name = f"not{field[0].upper()}{field[1:]}" if random.random() < 0.35 else field
        found[name] = _values(random, choices[field])
    return found


def _condition(random: Random) -> dict[str, Any]:
    key = random.choice(sorted(CONDITIONS))
    values = "notValues" if random.random() < 0.35 else "values"
    return {"key": key, values: _values(random, CONDITIONS[key])}


def _values(random: Random, choices: Sequence[str]) -> list[str]:
    return random.sample(list(choices), random.randint(1, min(2, len(choices))))


class Keys:
    """The keys of the issuers, and tokens that are, or are not, signed with them."""

    def __init__(self) -> None:
        self._keys = {issuer: rsa.generate_private_key(65537, 2048) for issuer in (*ISSUERS, "https://evil.example")}

    def authentication(self) -> dict[str, Any]:
        """A RequestAuthentication for both issuers, each with a place of its own beside the usual one."""
        rules = [
            {"issuer": ISSUERS[0], "jwks": self.jwks(ISSUERS[0])},
            {
                "issuer": ISSUERS[1],
                "jwks": self.jwks(ISSUERS[1]),
                "audiences": ["shop", "bank"],
                "fromHeaders": [
                    {"name": "x-token", "prefix": "Token "},
                    {"name": "authorization", "prefix": "Bearer "},
                ],
                "fromParams": ["token"],
                "fromCookies": ["session"],
            },
        ]
        return {
            "apiVersion": "security.istio.io/v1",
            "kind": "RequestAuthentication",
            "metadata": {"name": "jwt", "namespace": "shop"},
            "spec": {"jwtRules": rules},
        }

    def jwks(self, issuer: str) -> str:
        numbers = self._keys[issuer].public_key().public_numbers()
        key = {"kty": "RSA", "kid": issuer, "n": _number(numbers.n), "e": _number(numbers.e)}
        return json.dumps({"keys": [key]})

    def token(self, random: Random) -> str:
        """A token, mostly a valid one."""
        issuer, signer = random.choice(ISSUERS), None
        payload: dict[str, Any] = {
            "iss": issuer,
            "sub": random.choice(["alice", "bob"]),
            "aud": random.choice(["shop", ["bank", "x"], "elsewhere"]),
            "exp": int(time.time()) + 3600,
            "groups": random.choice([["admin"], ["dev", "ops"], "admin", 7]),
            "scope": random.choice(["read write", "write", ""]),
            "org": {"name": random.choice(["acme", ["acme", "other"]])},
        }
        if random.random() < 0.5:
            payload["azp"] = "portal"
        match random.randint(0, 11):
            case 0:
                payload["exp"] = int(time.time()) - 3600
            case 1:
                signer = "https://evil.example"
            case 2:
                payload["iss"] = "https://evil.example"
            case 3:
                return "not-a-token"
        return self.signed(payload, signer or (payload["iss"] if payload["iss"] in ISSUERS else ISSUERS[0]))

    def signed(self, payload: Mapping[str, Any], signer: str) -> str:
        head = _encoded(json.dumps({"alg": "RS256", "typ": "JWT"}).encode())
        signed = f"{head}.{_encoded(json.dumps(payload).encode())}"
        return f"{signed}.{_encoded(self._keys[signer].sign(signed.encode(), padding.PKCS1v15(), SHA256()))}"


def request(random: Random, connection: Request, tokens: Sequence[str]) -> Request:
    """A request over a connection."""
    headers = {"x-team": random.choice(["red", "blue", "green"])} if random.random() < 0.7 else {}
    if random.random() < 0.3:
        headers["x-forwarded-for"] = random.choice(["10.9.1.1", "203.0.113.7", "203.0.113.7, 10.9.0.1", "junk"])
    path = random.choice(PATHS)
    for _ in range(random.choice([0, 1, 1, 1, 2]) if tokens else 0):
        token = random.choice(tokens)
        match random.randint(0, 5):
            case 0:
                headers["x-token"] = f"Token {token}"
            case 1 if "token=" not in path:
                path += ("&" if "?" in path else "?") + f"token={token}"
            case 2:
                headers["cookie"] = f"a=b; session={token}"
            case _:
                headers["authorization"] = f"Bearer {token}"
    return Request(
        method=random.choice(["GET", "POST", "PUT"]),
        path=path,
        authority=random.choice(["shop.example", "SHOP.example", "bank.example", "localhost"]),
        headers=headers,
        source=connection.source,
        destination=connection.destination,
        port=connection.port,
        principal=connection.principal,
        server_name=connection.server_name,
    )


def connection(random: Random) -> Request:
    """What requests over one connection have in common."""
    destination, port = random.choice(DESTINATIONS)
    return Request(
        source=random.choice(ADDRESSES),
        destination=destination,
        port=port,
        principal=random.choice(PRINCIPALS),
        server_name=random.choice(SERVER_NAMES),
    )


def _number(value: int) -> str:
    return _encoded(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
