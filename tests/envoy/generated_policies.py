"""Random security policies for one workload, and requests that they match."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from meshcompile.tools.policies import Request
from tests.envoy import reference_routes
from tests.envoy.tokens import Issuer

Object = dict[str, Any]
PORT = 8080
ADDRESS = "10.1.0.5"
CLIENTS = ("", "client", "thief")  # service accounts; "" has no certificate
IDENTITY = "spiffe://cluster.local/ns/shop/sa/{}"

PRINCIPALS = (["cluster.local/ns/shop/sa/client"], ["*"], ["*/sa/thief"], ["cluster.local/ns/shop/*", "other"])
ALIASED = (*PRINCIPALS, ["old/ns/shop/sa/client"])  # `old` is an alias of the trust domain
TRUST_DOMAINS = (["cluster.local"], ["*.local"], ["other"])
REQUEST_PRINCIPALS = (["a.example/*"], ["*"], ["a.example/alice"], ["*/bob"], ["b.example/bob", "a.example/alice"])
NAMESPACES = (["shop"], ["other"], ["sh*"], ["*p"])
BLOCKS = (["127.2.0.0/16"], ["127.2.0.7"], ["127.3.0.0/24", "127.2.0.7"])
HOSTS = (["web.shop"], ["*.shop"], ["web.*"], ["WEB.shop"], ["*"])
PATHS = (["/a"], ["/a/*"], ["*/b"], ["/{*}/b"], ["/a/{**}"], ["/a/b", "/c"], ["*"])
METHODS = (["GET"], ["POST", "PUT"], ["P*"])
PORTS = (["8080"], ["9090"], ["8080", "9090"])
TENANTS = (["a"], ["a*"], ["*b"], ["*"], ["a", "b"])
CONDITIONS = {
    "request.headers[x-tenant]": TENANTS,
    "source.ip": BLOCKS,
    "remote.ip": BLOCKS,
    "source.namespace": NAMESPACES,
    "source.principal": ALIASED,
    "request.auth.principal": REQUEST_PRINCIPALS,
    "request.auth.audiences": (["shop"], ["bank", "sh*"]),
    "request.auth.presenter": (["app"], ["a*"]),
    "request.auth.claims[groups]": (["admin"], ["staff*"], ["*"], ["guest", "admin"]),
    "request.auth.claims[scope]": (["read"], ["w*"]),
    "request.auth.claims[deep][role]": (["boss"], ["*s"]),
    "destination.ip": ([ADDRESS], ["10.9.0.0/16"]),
    "destination.port": PORTS,
    "connection.sni": (["outbound_.80_._.web"], ["*web"]),
}


def policies(random: Random, issuers: Sequence[Issuer]) -> list[Object]:
    """Up to four authorization policies and, in most cases, accepted tokens."""
    made = [authorization(random, f"p{index}") for index in range(random.randint(1, 4))]
    return [*made, request_authentication(random, issuers)] if random.random() < 0.8 else made


def security(kind: str, name: str, spec: Object) -> Object:
    return {
        "apiVersion": "security.istio.io/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "shop"},
        "spec": spec,
    }


def authorization(random: Random, name: str) -> Object:
    rules = [rule(random) for _ in range(random.randint(1, 3))]
    action = random.choices(("ALLOW", "DENY", "AUDIT"), (5, 4, 1))[0]
    return security("AuthorizationPolicy", name, {"action": action, "rules": rules})


def rule(random: Random) -> Object:
    made: Object = {}
    if random.random() < 0.5:
        made["from"] = [{"source": source(random)} for _ in range(random.randint(1, 2))]
    if random.random() < 0.5:
        made["to"] = [{"operation": operation(random)} for _ in range(random.randint(1, 2))]
    if random.random() < 0.5:
        made["when"] = [condition(random) for _ in range(random.randint(1, 2))]
    return made


def source(random: Random) -> Object:
    return _fields(
        random,
        {
            "principals": ALIASED,
            "trustDomains": TRUST_DOMAINS,
            "requestPrincipals": REQUEST_PRINCIPALS,
            "namespaces": NAMESPACES,
            "ipBlocks": BLOCKS,
            "remoteIpBlocks": BLOCKS,
        },
    )


def operation(random: Random) -> Object:
    return _fields(random, {"hosts": HOSTS, "paths": PATHS, "methods": METHODS, "ports": PORTS})


def condition(random: Random) -> Object:
    key = random.choice(tuple(CONDITIONS))
    made: Object = {"key": key}
    for field in random.choice((["values"], ["notValues"], ["values", "notValues"])):
        made[field] = random.choice(CONDITIONS[key])
    return made


def _fields(random: Random, values: dict[str, Any]) -> Object:
    """One or two fields, or their negations."""
    names = random.sample(tuple(values), random.randint(1, 2))
    return {
        name if random.random() < 0.7 else f"not{name[0].upper()}{name[1:]}": random.choice(values[name])
        for name in names
    }


def request_authentication(random: Random, issuers: Sequence[Issuer]) -> Object:
    places: tuple[Object, ...] = (
        {},
        {},
        {"fromHeaders": [{"name": "x-token"}]},
        {"fromHeaders": [{"name": "x-token", "prefix": "T "}], "fromParams": ["token"]},
        {"fromCookies": ["session"]},
        {"audiences": ["shop"]},
    )
    chosen = random.sample(issuers, random.randint(1, len(issuers)))
    rules = [{"issuer": issuer.name, "jwks": issuer.jwks, **random.choice(places)} for issuer in chosen]
    return security("RequestAuthentication", "tokens", {"jwtRules": rules})


def tokens(issuers: Sequence[Issuer], strangers: Sequence[Issuer]) -> list[str]:
    """Valid and invalid tokens."""
    claims: tuple[Object, ...] = (
        {"sub": "alice", "aud": "shop", "groups": ["admin", "guest"], "scope": "read write"},
        {"sub": "bob", "aud": ["bank", "shop"], "groups": "staff-1", "azp": "app", "deep": {"role": "boss"}},
        {"sub": "alice", "groups": ["staff-2"], "deep": {"role": ["boss", "servants"]}, "scope": "admin"},
        {"sub": "eve", "aud": "bank", "groups": {"admin": True}, "azp": ["app"]},
        {"sub": None},
    )
    good = [issuer.token(**each) for issuer in issuers for each in claims]
    now = int(time.time())
    bad = [issuers[0].token(sub="alice", exp=now - 3600), issuers[0].token(sub="alice", nbf=now + 3600)]
    bad += [stranger.token(sub="alice") for stranger in strangers]
    return [*good, *bad, "no.token", "a.b.c"]


@dataclass(frozen=True, slots=True)
class Caller:
    """The client of a connection, its address and its destination."""

    client: str
    source: str
    destination: str
    server_name: str

    @property
    def principal(self) -> str:
        return IDENTITY.format(self.client) if self.client else ""


def caller(random: Random) -> Caller:
    client = random.choice(CLIENTS)
    name = random.choice(("outbound_.80_._.web", "outbound_.80_._.other")) if client else ""
    source = random.choice(("127.2.0.7", "127.2.1.1", "127.3.0.1", "127.3.1.1"))
    return Caller(client, source, random.choice((ADDRESS, "10.9.0.5")), name)


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it is sent, and as the filters see it."""

    sent: reference_routes.Request
    seen: Request


def call(random: Random, caller: Caller, known_tokens: Sequence[str]) -> Call:
    method = random.choice(("GET", "GET", "POST", "OPTIONS"))
    authority = random.choice(("web.shop", "web.shop:80", "WEB.shop", "other.shop", "web"))
    target = random.choice(("/", "/a", "/a/b", "/a/b/c", "/c", "/x/b", "/a/../c", "/a?b=/c", "/a//b"))
    headers = [("x-tenant", random.choice(("a", "ab", "b", "c", ""))) for _ in range(random.choice((0, 1, 1, 2)))]
    if random.random() < 0.3:
        addresses = ("127.2.0.7", "127.3.0.9", "192.168.0.1", "127.3.0.9, 127.2.0.7", "nonsense")
        headers.append(("x-forwarded-for", random.choice(addresses)))
    for _ in range(random.choice((0, 1, 1, 1, 2))):
        target = with_token(random, target, headers, random.choice(known_tokens))
    if random.random() < 0.2:
        headers += [("origin", "https://a.example"), ("access-control-request-method", "GET")]
    sent = reference_routes.Request(method, authority, target, "http", tuple(headers))
    return Call(sent, seen(sent, caller))


def seen(sent: reference_routes.Request, caller: Caller) -> Request:
    """The request as policies see it."""
    lines: dict[str, tuple[str, ...]] = {}
    for name, value in sent.headers:
        lines[name] = (*lines.get(name, ()), value)
    return Request(
        method=sent.method,
        path=sent.path + sent.query,
        authority=sent.authority,
        headers=lines,
        source=caller.source,
        destination=caller.destination,
        port=PORT,
        principal=caller.principal,
        server_name=caller.server_name,
    )


def with_token(random: Random, target: str, headers: list[tuple[str, str]], token: str) -> str:
    """The target with a token in one of the accepted locations. Most tokens are in headers instead."""
    match random.choice(("authorization", "authorization", "x-token", "x-token with prefix", "cookie", "parameter")):
        case "authorization":
            headers.append(("authorization", f"Bearer {token}"))
        case "x-token":
            headers.append(("x-token", token))
        case "x-token with prefix":
            headers.append(("x-token", f"T {token}"))
        case "cookie":
            headers.append(("cookie", f"a=b; session={token}"))
        case _:
            name = random.choice(("token", "access_token"))
            return f"{target}{'&' if '?' in target else '?'}{name}={token}"
    return target
