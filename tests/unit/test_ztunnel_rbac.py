"""What ztunnel decides about connections. The rules are those of ztunnel's `rbac.rs` and `assert_rbac`."""

from __future__ import annotations

import pytest

from meshcompile.ztunnel.rbac import ConnectionVerdict, TunnelledConnection, connection_verdict
from tests.unit.test_ztunnel import policy, ztunnel

BUYER = TunnelledConnection("spiffe://cluster.local/ns/shop/sa/buyer", "10.0.0.1", "10.0.0.2", 8080)
PLAIN = TunnelledConnection("", "10.0.0.1", "10.0.0.2", 8080)


def verdict(*policies: str, connection: TunnelledConnection = BUYER) -> ConnectionVerdict:
    return connection_verdict(ztunnel(*policies).authorizations, connection)


def rules(*texts: str, action: str = "ALLOW") -> str:
    return policy(f"action: {action}\nrules: [{', '.join(texts)}]", action.lower())


def source(text: str) -> str:
    return f"{{from: [{{source: {{{text}}}}}]}}"


def when(key: str, *values: str) -> str:
    return f"{{when: [{{key: {key}, values: [{', '.join(values)}]}}]}}"


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        (source("principals: [cluster.local/ns/shop/sa/buyer]"), True),
        (source("principals: ['cluster.local/ns/shop/*']"), True),
        (source("principals: ['*/sa/buyer']"), True),
        (source("principals: ['*']"), True),
        (source("principals: ['spiffe://*']"), False),
        (source("notPrincipals: ['*/sa/other']"), True),
        (source("namespaces: [shop], notNamespaces: [sho]"), True),
        (source("namespaces: [sho]"), False),
        (source("serviceAccounts: [buyer]"), True),
        (source("serviceAccounts: [other/buyer]"), False),
        (source("notServiceAccounts: [shop/buyer]"), False),
        (source("ipBlocks: [10.0.0.0/24]"), True),
        (source("ipBlocks: ['::/0']"), False),
        (source("notIpBlocks: [10.0.0.1]"), False),
        (when("destination.ip", "10.0.0.2"), True),
        (when("destination.ip", "10.0.0.3"), False),
        (when("destination.port", '"8080"', '"9"'), True),
        (when("source.ip", "192.0.2.0/24", "10.0.0.0/8"), True),
        (when("source.principal", "'*/sa/other'"), False),
        ("{to: [{operation: {ports: ['8080']}}]}", True),
        ("{to: [{operation: {notPorts: ['8080']}}]}", False),
        ("{from: [{source: {namespaces: [shop]}}], to: [{operation: {ports: ['9']}}]}", False),
        ("{}", True),
    ],
)
def test_rules(rule: str, matches: bool) -> None:
    """A rule allows what it matches, and denies the same."""
    assert verdict(rules(rule)).allowed is matches
    assert verdict(rules(rule, action="DENY")).allowed is not matches


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        (source("principals: ['*']"), False),
        (source("notPrincipals: ['*']"), True),
        (source("namespaces: [shop]"), False),
        (source("notNamespaces: [shop]"), True),
        (source("notServiceAccounts: [buyer]"), True),
    ],
)
def test_plain_text(rule: str, matches: bool) -> None:
    """A client without an identity matches only what excludes identities."""
    assert verdict(rules(rule), connection=PLAIN).allowed is matches


@pytest.mark.parametrize("part", ["remoteIpBlocks: [10.0.0.0/8]", "notRemoteIpBlocks: [192.0.2.1]"])
def test_parts_about_http(part: str) -> None:
    """A rule about HTTP never allows. As one that denies it has an empty match, which matches nothing."""
    assert not verdict(rules(source(part))).allowed
    assert verdict(rules(source(part), action="DENY")).allowed
    both = f"{{from: [{{source: {{{part}}}}}, {{source: {{namespaces: [shop]}}}}]}}"
    assert not verdict(rules(both, action="DENY")).allowed


def test_policies_that_deny_come_first() -> None:
    """A policy that denies wins, whatever allows. Without rules, a policy matches nothing."""
    deny, allow = rules(source("namespaces: [shop]"), action="DENY"), rules("{}")
    found = verdict(allow, deny)
    assert (found.allowed, found.policy and found.policy.name) == (False, "deny")
    assert verdict(allow, policy("action: DENY\nrules: []", "deny")).allowed
    refused = verdict(policy("{}"))
    assert (refused.allowed, refused.group) == (False, None)
    assert verdict() == ConnectionVerdict(True)
