"""Policy decisions about requests, from YAML."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from meshcompile.tools.policies import Decision, Outcome, Request, decision, guard_of
from meshcompile.tools.policies.conditions import template_expression
from tests.meshes import mesh, sidecar
from tests.unit.test_authorization import policy
from tests.unit.test_inbound import WORKLOAD
from tests.unit.test_jwt import KEYS, authentication, issuer

WEB = "spiffe://cluster.local/ns/shop/sa/web"


def decided(request: Request, *texts: str, now: float | None = None) -> Decision:
    return decision(guard_of(mesh(WORKLOAD, *texts).snapshot, sidecar(labels={"app": "web"})), request, now)


def token(payload: dict[str, Any]) -> str:
    """A token signed with the secret of the tests' keys."""
    secret = base64.urlsafe_b64decode(json.loads(KEYS)["keys"][0]["k"] + "==")
    parts = [{"alg": "HS256"}, payload]
    signed = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    signature = hmac.digest(secret, signed.encode(), hashlib.sha256)
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def test_without_policies_everything_is_allowed() -> None:
    """A workload without policies allows everything."""
    assert decided(Request()) == Decision(Outcome.ALLOWED)


def test_the_rule_that_decides_is_named() -> None:
    """A decision names the rule. If no rule matches, an ALLOW policy denies."""
    allow = policy("p", "[{from: [{source: {namespaces: [shop]}}]}]")
    assert decided(Request(principal=WEB), allow) == Decision(Outcome.ALLOWED, "ns[shop]-policy[p]-rule[0]")
    denied = decided(Request(), allow)
    assert (denied.outcome, denied.rule) == (Outcome.DENIED, "")


def test_deny_goes_before_allow() -> None:
    """DENY policies take precedence over ALLOW policies, and matching AUDIT policies are recorded."""
    texts = (
        policy("a", "[{}]"),
        policy("d", "[{to: [{operation: {paths: [/admin*]}}]}]", "DENY"),
        policy("l", "[{}]", "AUDIT"),
    )
    denied = decided(Request(path="/admin/x?y"), *texts)
    assert (denied.outcome, denied.rule) == (Outcome.DENIED, "ns[shop]-policy[d]-rule[0]")
    assert denied.audited == ("ns[shop]-policy[l]-rule[0]",)
    assert decided(Request(path="/other"), *texts).outcome is Outcome.ALLOWED


def test_policies_on_trial_only_note() -> None:
    """A dry-run policy does not change the decision, and reports what it would have done."""
    trial = policy("t", "[{}]", "DENY", annotations='istio.io/dry-run: "true"')
    assert decided(Request(), trial) == Decision(Outcome.ALLOWED, dry_run=("ns[shop]-policy[t]-rule[0]",))


def test_a_missing_header_meets_negations() -> None:
    """A missing header has no value, so it does not have the denied value."""
    rule = policy("p", '[{when: [{key: "request.headers[x-team]", notValues: [red]}]}]')
    assert decided(Request(), rule).outcome is Outcome.ALLOWED
    assert decided(Request(headers={"x-team": "red"}), rule).outcome is Outcome.DENIED


def test_the_last_forwarded_address_is_the_clients() -> None:
    """`remote.ip` is the last address of x-forwarded-for, and `source.ip` is the peer's address."""
    rule = policy("p", "[{from: [{source: {remoteIpBlocks: [10.9.0.0/16], ipBlocks: [127.0.0.1]}}]}]")
    assert decided(Request(headers={"x-forwarded-for": "1.2.3.4, 10.9.1.1"}), rule).outcome is Outcome.ALLOWED
    assert decided(Request(headers={"x-forwarded-for": "10.9.1.1, 1.2.3.4"}), rule).outcome is Outcome.DENIED


CLAIMS = policy("p", '[{when: [{key: "request.auth.claims[scope]", values: [read]}]}]')


def test_claims_of_valid_tokens_count() -> None:
    """A rule about claims matches a valid token, whose space-separated values are split."""
    bearer = {"authorization": f"Bearer {token({'iss': 'a', 'sub': 'x', 'scope': 'read write', 'exp': 1000})}"}
    texts = (CLAIMS, authentication(issuer("a")))
    assert decided(Request(headers=bearer), *texts, now=900).outcome is Outcome.ALLOWED
    assert decided(Request(headers=bearer), *texts, now=2000).outcome is Outcome.UNAUTHENTICATED
    assert decided(Request(), *texts).outcome is Outcome.DENIED


@pytest.mark.parametrize("text", ["x", "a.b.c", token({"iss": "b"}), token({"iss": "a"})[:-2]])
def test_invalid_tokens_are_refused(text: str) -> None:
    """An invalid token, or one of another issuer, is rejected even if no policy requires one."""
    request = Request(headers={"authorization": f"Bearer {text}"})
    assert decided(request, authentication(issuer("a"))).outcome is Outcome.UNAUTHENTICATED


def test_whoever_a_custom_policy_names_is_asked() -> None:
    """A CUSTOM policy delegates the decision to its provider. Without a provider, it denies."""
    custom = policy("c", "[{}]", "CUSTOM", "provider: {name: nobody}")
    assert decided(Request(), custom).outcome is Outcome.DENIED


@pytest.mark.parametrize(
    ("template", "path", "expected"),
    [
        ("/a/*", "/a/b", True),
        ("/a/*", "/a/", False),
        ("/a/*", "/a/b/c", False),
        ("/a/**", "/a/", True),
        ("/a/**", "/a/b/c", True),
        ("/a/*/c/**", "/a/b/c/", True),
        ("/a.b", "/axb", False),
    ],
)
def test_path_templates(template: str, path: str, expected: bool) -> None:
    """`*` matches one nonempty segment, and `**` matches anything."""
    assert (template_expression(template).fullmatch(path) is not None) is expected
