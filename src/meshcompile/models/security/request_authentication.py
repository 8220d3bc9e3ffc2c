"""RequestAuthentication: which JSON web tokens (JWTs) a workload accepts, and where their claims go."""

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
    """Prefix before the token, for example `Bearer ` with the space."""


class ClaimToHeader(Node):
    """A claim that is copied to a request header for the application."""

    header: Annotated[str, Field(pattern=HEADER)]
    """Name of the header."""
    claim: NonEmpty
    """Name of the claim, with dots for nested claims. Only strings, numbers and booleans are copied."""


class JWTRule(Node):
    """An issuer of tokens: a provider of the filter `envoy.filters.http.jwt_authn`."""

    issuer: NonEmpty = ""
    """Issuer in the token (`issuer` of a provider of `envoy.filters.http.jwt_authn`)."""
    audiences: tuple[NonEmpty, ...] = ()
    """Accepted audiences; the token must have one of them (`audiences`). If empty, any audience is accepted."""
    jwks_uri: Annotated[str, size(2048, least=1)] = Field(
        "", alias="jwksUri", validation_alias=AliasChoices("jwksUri", "jwks_uri")
    )
    """URL of the public keys. If neither `jwksUri` nor `jwks` is set, it is discovered from the issuer by OpenID
    Connect.
    """
    jwks: str = ""
    """The public keys, inline (`local_jwks`)."""
    from_headers: tuple[JWTHeader, ...] = ()
    """Headers that carry the token. If no location is set, `Authorization: Bearer` and the query parameter
    `access_token`.
    """
    from_params: tuple[NonEmpty, ...] = ()
    """Query parameters that carry the token (`from_params`)."""
    output_payload_to_header: str = ""
    """Request header that passes the base64 payload of the token to the application (`forward_payload_header`)."""
    from_cookies: tuple[NonEmpty, ...] = ()
    """Cookies that carry the token (`from_cookies`)."""
    forward_original_token: Bool = False
    """Whether the token itself is forwarded to the application (`forward`)."""
    output_claim_to_headers: tuple[ClaimToHeader, ...] = ()
    """Claims to copy to request headers for the application (`claim_to_headers`)."""
    timeout: Duration | None = None
    """Timeout for fetching the public keys. The default is 5s."""
    space_delimited_claims: Annotated[tuple[NonEmpty, ...], size(64)] = ()
    """Claims that hold space-separated lists, in addition to `scope` and `permission`."""


class RequestAuthenticationSpec(Node):
    """Accepted tokens. A request with an invalid token is rejected. A request without a token is accepted."""

    selector: WorkloadSelector | None = None
    """Workloads in the namespace of the policy. Without selector and target: the whole namespace or, in the root
    namespace, the whole mesh.
    """
    target_ref: PolicyTargetReference | None = None
    """The object that the policy is attached to."""
    target_refs: Annotated[tuple[PolicyTargetReference, ...], size(16)] = ()
    """The objects that the policy is attached to."""
    jwt_rules: Annotated[tuple[JWTRule, ...], size(4096)] = ()
    """Accepted issuers. The rules of all policies of a workload are combined."""


class RequestAuthentication(IstioResource):
    """Validates the JWTs of requests. To require a token, add an AuthorizationPolicy."""

    api_version: Literal["security.istio.io/v1", "security.istio.io/v1beta1"] = "security.istio.io/v1"
    kind: Literal["RequestAuthentication"] = "RequestAuthentication"
    spec: RequestAuthenticationSpec = Field(default_factory=RequestAuthenticationSpec)
