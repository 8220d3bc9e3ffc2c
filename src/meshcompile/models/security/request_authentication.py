"""RequestAuthentication: which JSON web tokens a workload knows, and what becomes of their claims."""

from typing import Annotated, Literal

from pydantic import AliasChoices, Field

from meshcompile.models.base import Node
from meshcompile.models.common import (
    HEADER,
    Bool,
    Duration,
    IstioResource,
    NonEmpty,
    PolicyTargetReference,
    WorkloadSelector,
    size,
)


class JWTHeader(Node):
    """A header that carries a token."""

    name: NonEmpty
    """Name of the header."""
    prefix: str = ""
    """The prefix of the token, such as `Bearer ` with its space."""


class ClaimToHeader(Node):
    """A claim that the application gets in a header."""

    header: Annotated[str, Field(pattern=HEADER)]
    """Name of the header."""
    claim: NonEmpty
    """Name of the claim, nested ones with dots; text, numbers and booleans only."""


class JWTRule(Node):
    """One issuer of tokens: a provider of the filter `envoy.filters.http.jwt_authn`."""

    issuer: NonEmpty = ""
    """Issuer that the token must name (`issuer` of a provider of `envoy.filters.http.jwt_authn`)."""
    audiences: tuple[NonEmpty, ...] = ()
    """Audiences, one of which the token must name (`audiences`); any where empty."""
    jwks_uri: Annotated[str, size(2048, least=1)] = Field(
        "", alias="jwksUri", validation_alias=AliasChoices("jwksUri", "jwks_uri")
    )
    """Where the public keys are; found by OpenID discovery where neither they nor this is given."""
    jwks: str = ""
    """The public keys themselves (`local_jwks`)."""
    from_headers: tuple[JWTHeader, ...] = ()
    """Headers that carry the token; with no place given it is `Authorization: Bearer` and `access_token`."""
    from_params: tuple[NonEmpty, ...] = ()
    """Query parameters that carry the token (`from_params`)."""
    output_payload_to_header: str = ""
    """Header that passes on the payload, in base64 (`forward_payload_header`)."""
    from_cookies: tuple[NonEmpty, ...] = ()
    """Cookies that carry the token (`from_cookies`)."""
    forward_original_token: Bool = False
    """Whether the application gets the token itself (`forward`)."""
    output_claim_to_headers: tuple[ClaimToHeader, ...] = ()
    """Claims that the application gets in headers (`claim_to_headers`)."""
    timeout: Duration | None = None
    """How long fetching the public keys may take; five seconds where unset."""
    space_delimited_claims: Annotated[tuple[NonEmpty, ...], size(64)] = ()
    """Claims that are lists with blanks between their items, besides `scope` and `permission`."""


class RequestAuthenticationSpec(Node):
    """Accepted tokens: a request with an invalid token is rejected, and a request without a token passes."""

    selector: WorkloadSelector | None = None
    """Workloads of its namespace; if neither this nor a target is given, all."""
    target_ref: PolicyTargetReference | None = None
    """The object that the policy is attached to."""
    target_refs: Annotated[tuple[PolicyTargetReference, ...], size(16)] = ()
    """The objects that the policy is attached to."""
    jwt_rules: Annotated[tuple[JWTRule, ...], size(4096)] = ()
    """The issuers; rules of all policies on a workload are joined."""


class RequestAuthentication(IstioResource):
    """Validates JSON web tokens of requests. Requiring a token needs an AuthorizationPolicy."""

    api_version: Literal["security.istio.io/v1", "security.istio.io/v1beta1"] = "security.istio.io/v1"
    kind: Literal["RequestAuthentication"] = "RequestAuthentication"
    spec: RequestAuthenticationSpec = Field(default_factory=RequestAuthenticationSpec)
