"""The tokens that a workload validates, from its RequestAuthentications.

Follows istiod's `policyApplier.JwtFilter` and `JwksResolver.BuildLocalJwks`, but never uses the network.
"""

from collections.abc import Mapping

from msgspec import Struct

from meshcompile.codes.security import KEYS_NOT_FETCHED
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.models.security.request_authentication import JWTRule
from meshcompile.proxy import Proxy
from meshcompile.resolve.security.policy_attachment import attaches
from meshcompile.snapshot.service import Service
from meshcompile.snapshot.snapshot import Snapshot

# Replaces a JWKS that was not fetched. Nobody has the private key, so no token is ever valid. The text is the same as
# in istiod, spaces included.
UNFETCHED_JWKS = """{
  "keys": [
    {
      "kty": "RSA",
      "e": "AQAB",
      "n": "0xObjM0UvS_oaazjpEYlAbwctEJ4L8pH3OuTb7qth7gUwqet-EzQB4dgFdvSdMgrLnSncQGRjpEYz3F3viIbH-3EN3TxSlPNviHxeOdyiBVfumN8dMxbLvVJUpfNOnvmMxJcl-8NNjAwcOjk4otSALaYgYYyOPyvKtgVdrQr-FoubWX4yrjxW-MJ2-7OBeepUUNOsVwGV23YX03sVkkyvY3otRflkBcY3_HKpBxJl9wk2GyOShN4_PNUF9-vwfnvOXMbCDX-w4PTef4geeb_GiT40YCKHTKMSPVanGRn5GExIWmki-mmqh94-mPTJyBR74ShspL3BxPZitDL574T1w"
    }
  ]
}"""  # noqa: E501
# Claims that hold several values in one string, separated by spaces.
SPACE_DELIMITED = frozenset({"permission", "scope"})


class Issuer(Struct, frozen=True):
    """An issuer whose tokens are validated, with its keys (JWKS)."""

    rule: JWTRule
    keys: str
    space_delimited_claims: tuple[str, ...]
    origin: Origin


class JwtAuthentication(Struct, frozen=True):
    """The issuers of a workload, sorted.

    A token must be valid. A request without a token is accepted. `clear_route_cache` makes Envoy choose the route again
    once the claims are known, for gateways that route by claims.
    """

    issuers: tuple[Issuer, ...]
    clear_route_cache: bool
    findings: tuple[Diagnostic, ...] = ()


def jwt_authentication(snapshot: Snapshot, proxy: Proxy, service: Service | None = None) -> JwtAuthentication | None:
    """The rules of all RequestAuthentications of a proxy, and of a `service` behind a waypoint; None without any."""
    index, known = snapshot.authentication, snapshot.jwks
    services = () if service is None else (service,)
    rules = [
        rule
        for policy in index.request_in(proxy.namespace, *(each.namespace for each in services))
        if attaches(policy.spec, policy.namespace, proxy, index.root_namespace, services)
        for rule in policy.spec.jwt_rules
    ]
    if not rules:
        return None
    return JwtAuthentication(
        issuers=tuple(_issuer(rule, known) for rule in sorted(rules, key=lambda rule: rule.issuer)),
        clear_route_cache=not proxy.is_sidecar,
        findings=tuple(_not_fetched(rule) for rule in rules if _keys(rule, known) is None),
    )


def _keys(rule: JWTRule, known: Mapping[str, str]) -> str | None:
    """The keys of an issuer; None when they would have to be fetched."""
    return rule.jwks or known.get(rule.jwks_uri)


def _issuer(rule: JWTRule, known: Mapping[str, str]) -> Issuer:
    keys = _keys(rule, known)
    claims = SPACE_DELIMITED.union(rule.space_delimited_claims)
    return Issuer(rule, UNFETCHED_JWKS if keys is None else keys, tuple(sorted(claims)), rule.origin)


def _not_fetched(rule: JWTRule) -> Diagnostic:
    where = f" ({rule.jwks_uri})" if rule.jwks_uri else ""
    return KEYS_NOT_FETCHED(rule, issuer=rule.issuer, where=where)
