"""`envoy.filters.http.jwt_authn`: validates tokens, and records their claims for policies and routes.

Follows istiod's `convertToEnvoyJwtConfig`.
"""

from meshcompile.envoy.config.core import DataSource
from meshcompile.envoy.config.route import RouteMatch
from meshcompile.envoy.extensions.filters.http.jwt_authn import (
    JwtAuthentication,
    JwtClaimToHeader,
    JwtHeader,
    JwtProvider,
    JwtProviderNormalizePayload,
    JwtRequirement,
    JwtRequirementAndList,
    JwtRequirementOrList,
    RequirementRule,
)
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.envoy.message import at
from meshcompile.envoy.protobuf import Empty
from meshcompile.resolve.listeners.http_connection import HttpFilterInputs, HttpTraits
from meshcompile.resolve.security.jwt import Issuer
from meshcompile.resolve.security.jwt import JwtAuthentication as ResolvedJwt

NAME = "envoy.filters.http.jwt_authn"
PAYLOAD = "payload"


def filters(traits: HttpTraits, inputs: HttpFilterInputs) -> tuple[HttpFilter, ...]:
    jwt = traits.jwt
    return () if jwt is None else (HttpFilter(name=NAME, typed_config=_authentication(jwt)),)


def _authentication(jwt: ResolvedJwt) -> JwtAuthentication:
    providers = {f"origins-{index}": issuer for index, issuer in enumerate(jwt.issuers)}
    return JwtAuthentication(
        providers={name: _provider(issuer, jwt.clear_route_cache) for name, issuer in providers.items()},
        rules=(RequirementRule(match=RouteMatch(prefix="/"), requires=_requirement(tuple(providers))),),
        bypass_cors_preflight=True,
    )


def _requirement(names: tuple[str, ...]) -> JwtRequirement:
    """A token must be valid, and may be missing.

    Several issuers can look for tokens in the same place, where one finds the token of another. Any valid token is then
    enough.
    """
    each = tuple(_any_of(JwtRequirement(provider_name=name), JwtRequirement(allow_missing=Empty())) for name in names)
    if len(each) == 1:
        return each[0]
    alone = (JwtRequirement(provider_name=name) for name in names)
    return _any_of(*alone, JwtRequirement(requires_all=JwtRequirementAndList(requirements=each)))


def _any_of(*requirements: JwtRequirement) -> JwtRequirement:
    return JwtRequirement(requires_any=JwtRequirementOrList(requirements=requirements))


def _provider(issuer: Issuer, clear_route_cache: bool) -> JwtProvider:
    rule = issuer.rule
    return at(
        JwtProvider(
            issuer=rule.issuer,
            audiences=rule.audiences,
            local_jwks=DataSource(inline_string=issuer.keys),
            forward=rule.forward_original_token,
            from_headers=tuple(at(JwtHeader(name=h.name, value_prefix=h.prefix), h.origin) for h in rule.from_headers),
            from_params=rule.from_params,
            from_cookies=rule.from_cookies,
            forward_payload_header=rule.output_payload_to_header,
            payload_in_metadata=PAYLOAD,
            normalize_payload_in_metadata=JwtProviderNormalizePayload(
                space_delimited_claims=issuer.space_delimited_claims
            ),
            claim_to_headers=tuple(
                at(JwtClaimToHeader(header_name=each.header, claim_name=each.claim), each.origin)
                for each in rule.output_claim_to_headers
            ),
            clear_route_cache=clear_route_cache,
        ),
        issuer.origin,
    )
