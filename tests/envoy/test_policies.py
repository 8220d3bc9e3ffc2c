"""The decisions of the policy evaluator for random requests, compared with a real sidecar."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from random import Random
from ssl import SSLContext
from typing import Any

import pytest

import meshcompile
from meshcompile.tools.policies import Decision, Outcome, Request, decision, guard
from tests.envoy import generated_policies, reference_routes
from tests.envoy.certificates import Authority
from tests.envoy.client import connected
from tests.envoy.connections import Connections, Reply
from tests.envoy.generated_policies import ADDRESS, IDENTITY, PORT, Caller
from tests.envoy.runner import running
from tests.envoy.sidecars import documents, sidecar_bootstrap, workload_certificates
from tests.envoy.tokens import ALGORITHMS, Issuer, bearer

pytestmark = pytest.mark.envoy

SEED = 20240102
MESHES = 50
CALLERS = 5
CALLS = 80  # for each caller
STATUS = {200: Outcome.ALLOWED, 403: Outcome.DENIED, 401: Outcome.UNAUTHENTICATED}
Object = dict[str, Any]

WEB: tuple[Object, ...] = (
    {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "clusterIP": "10.0.0.1",
            "selector": {"app": "web"},
            "ports": [{"name": "http", "port": 80, "targetPort": PORT}],
        },
    },
    {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}},
        "spec": {"containers": [{"name": "web"}, {"name": "istio-proxy"}]},
        "status": {"podIP": ADDRESS},
    },
)


@pytest.mark.slow
def test_the_evaluator_decides_as_envoy(tmp_path: Path) -> None:
    """For twenty thousand random requests, Python and Envoy make the same decision by the same rule."""
    random = Random(SEED)
    issuers = [Issuer("a.example"), Issuer("b.example")]
    tokens = generated_policies.tokens(issuers, [Issuer(issuer.name) for issuer in issuers])
    authority = Authority()
    workload_certificates(tmp_path, authority, IDENTITY.format("web"))
    clients = {name: client(authority, tmp_path, name) for name in generated_policies.CLIENTS if name}
    outcomes: Counter[Outcome] = Counter()
    for _ in range(MESHES):
        policies = generated_policies.policies(random, issuers)
        mesh = meshcompile.load(documents(*WEB, *policies), mesh_config={"trustDomainAliases": ["old"]})
        assert [str(d) for d in mesh.diagnostics if d.severity is meshcompile.Severity.ERROR] == []
        guarded = guard(mesh, "web.shop")
        with running(answering(sidecar_bootstrap(mesh.compile("web.shop"), certificates=tmp_path))) as envoy:
            at = envoy.listener_port("virtualInbound")
            for _ in range(CALLERS):
                caller = generated_policies.caller(random)
                calls = [generated_policies.call(random, caller, tokens) for _ in range(CALLS)]
                with Connections(partial(opened, at, caller, clients), count=2) as connections:
                    replies = list(connections.replies([call.sent for call in calls]))
                for call, reply in zip(calls, replies, strict=True):
                    decided = decision(guarded, call.seen, time.time())
                    outcomes[decided.outcome] += 1
                    if decided.outcome is not STATUS[reply.status] or not is_named(decided, reply):
                        pytest.fail(f"{json.dumps(policies, indent=1)}\n{call}\n{decided}\n{reply}")
    assert outcomes.total() >= 20_000
    assert min(outcomes[outcome] for outcome in STATUS.values()) > 1000


def test_signatures_are_verified_as_by_envoy() -> None:
    """For any algorithm, key and header, a token is valid exactly if Envoy accepts it."""
    issuers = [Issuer(f"{a}{silent}", a, silent=silent) for a in ALGORITHMS for silent in (True, False)]
    rules = {"jwtRules": [{"issuer": issuer.name, "jwks": issuer.jwks} for issuer in issuers]}
    asked = {"rules": [{"from": [{"source": {"requestPrincipals": ["*"]}}]}]}
    security = (
        generated_policies.security("RequestAuthentication", "tokens", rules),
        generated_policies.security("AuthorizationPolicy", "signed", asked),
    )
    mesh = meshcompile.load(documents(*WEB, *security))
    assert [str(d) for d in mesh.diagnostics if d.severity is meshcompile.Severity.ERROR] == []
    guarded = guard(mesh, "web.shop")
    valid: Counter[str] = Counter()
    with running(answering(sidecar_bootstrap(mesh.compile("web.shop")))) as envoy:
        anybody = partial(connected, envoy.listener_port("virtualInbound"), destination=(ADDRESS, PORT))
        with Connections(anybody, count=2) as connections:
            for issuer in issuers:
                tokens = list(signed_tokens(issuer))
                sent = [reference_routes.Request("GET", "web", "/", headers=tuple(bearer(t).items())) for t in tokens]
                for token, reply in zip(tokens, connections.replies(sent), strict=True):
                    decided = decision(guarded, Request(headers=bearer(token)), time.time())
                    assert decided.outcome is STATUS[reply.status], (issuer.name, token, reply)
                    valid[issuer.algorithm] += decided.outcome is Outcome.ALLOWED
    assert min(valid[algorithm] for algorithm in ALGORITHMS) >= 2


def signed_tokens(issuer: Issuer) -> Iterator[str]:
    """Tokens of an issuer: valid, foreign, truncated, with a missing or wrong key ID, with another algorithm."""
    stranger = Issuer(issuer.name, issuer.algorithm)
    yield issuer.token(sub="a")
    yield stranger.token(sub="a")
    yield issuer.token(sub="a")[:-4]
    yield issuer.signed({"alg": issuer.algorithm}, sub="a")
    yield issuer.signed({"alg": issuer.algorithm, "kid": "2"}, sub="a")
    for wrong in ({"exp": "1"}, {"nbf": "1"}, {"iat": -1}, {"aud": 5}, {"aud": ["a", 5]}, {"sub": 5}, {"jti": 5}):
        yield issuer.token(**wrong)
    odd: Object
    for odd in ({"nbf": 1.5}, {"exp": 0}, {"aud": []}, {"iat": 0, "exp": 9e9}, {"exp": True}):
        yield issuer.token(**{"sub": "a", **odd})
    for other in (*ALGORITHMS, "none"):
        if other != issuer.algorithm:
            yield issuer.signed({"alg": other, "kid": "1"}, sub="a")


def client(authority: Authority, folder: Path, name: str) -> SSLContext:
    context = authority.client_context(folder, authority.issue(IDENTITY.format(name)))
    context.set_alpn_protocols(["istio-http/1.1"])
    return context


def opened(port: int, caller: Caller, clients: Mapping[str, SSLContext]) -> Any:
    return connected(
        port,
        tls=clients.get(caller.client),
        sni=caller.server_name,
        source=caller.source,
        destination=(caller.destination, PORT),
    )


def is_named(decided: Decision, reply: Reply) -> bool:
    """True unless a rule denied the request, and it is not the predicted rule."""
    rule = reply.header("x-details").removeprefix("rbac_access_denied_matched_policy[").removesuffix("]")
    return not reply.header("x-details").startswith("rbac_") or rule == (decided.rule or "none")


def answering(bootstrap: Object) -> Object:
    """The bootstrap with routes that respond immediately, and with the reason for a denial."""
    for config in route_configurations(bootstrap):
        details = {"header": {"key": "x-details", "value": "%RESPONSE_CODE_DETAILS%"}}
        config["responseHeadersToAdd"] = [details]
        for host in config["virtualHosts"]:
            host["routes"] = [{"match": {"prefix": "/"}, "directResponse": {"status": 200}}]
    return bootstrap


def route_configurations(bootstrap: Object) -> Iterator[Object]:
    """The inline routes of the inbound listener."""
    (inbound,) = (item for item in bootstrap["staticResources"]["listeners"] if item["name"] == "virtualInbound")
    for chain in inbound["filterChains"]:
        for item in chain["filters"]:
            if "routeConfig" in item["typedConfig"]:
                yield item["typedConfig"]["routeConfig"]
