"""RequestAuthentication: which JSON web tokens a workload knows, and what becomes of their claims."""

from typing import Literal

from pydantic import AliasChoices, Field

from meshcompile.models.base import Node
from meshcompile.models.common import Bool, Duration, IstioResource, PolicyTargetReference, WorkloadSelector


class JWTHeader(Node):
    """A header that carries a token."""

    name: str
    """Name of the header."""
    prefix: str = ""
    """What stands before the token, such as `Bearer ` with its blank."""


class ClaimToHeader(Node):
    """A claim that the application gets in a header."""

    header: str
    """Name of the header."""
    claim: str
    """Name of the claim, nested ones with dots; text, numbers and booleans only."""


class JWTRule(Node):
    """One issuer of tokens: a provider of the filter `envoy.filters.http.jwt_authn`."""

    issuer: str = ""
    """Issuer that the token must name."""
    audiences: tuple[str, ...] = ()
    """Audiences, one of which the token must name; any where empty."""
    jwks_uri: str = Field("", alias="jwksUri", validation_alias=AliasChoices("jwksUri", "jwks_uri"))
    """Where the public keys are; found by OpenID discovery where neither they nor this is given."""
    jwks: str = ""
    """The public keys themselves."""
    from_headers: tuple[JWTHeader, ...] = ()
    """Headers that carry the token; with no place given it is `Authorization: Bearer` and `access_token`."""
    from_params: tuple[str, ...] = ()
    """Query parameters that carry the token."""
    output_payload_to_header: str = ""
    """Header that passes on the payload, in base64."""
    from_cookies: tuple[str, ...] = ()
    """Cookies that carry the token."""
    forward_original_token: Bool = False
    """Whether the application gets the token itself."""
    output_claim_to_headers: tuple[ClaimToHeader, ...] = ()
    """Claims that the application gets in headers."""
    timeout: Duration | None = None
    """How long fetching the public keys may take; five seconds where unset."""
    space_delimited_claims: tuple[str, ...] = ()
    """Claims that are lists with blanks between their items, besides `scope` and `permission`."""


class RequestAuthenticationSpec(Node):
    """Tokens that workloads know: a request with a bad one is refused, one without any passes."""

    selector: WorkloadSelector | None = None
    """Workloads of its namespace; if neither this nor a target is given, all."""
    target_ref: PolicyTargetReference | None = None
    """The object that the policy is attached to."""
    target_refs: tuple[PolicyTargetReference, ...] = ()
    """The objects that the policy is attached to."""
    jwt_rules: tuple[JWTRule, ...] = ()
    """The issuers; rules of all policies on a workload are joined."""


class RequestAuthentication(IstioResource):
    """Checks JSON web tokens of requests; that there is one at all is for an AuthorizationPolicy to ask."""

    api_version: Literal["security.istio.io/v1", "security.istio.io/v1beta1"] = "security.istio.io/v1"
    kind: Literal["RequestAuthentication"] = "RequestAuthentication"
    spec: RequestAuthenticationSpec = Field(default_factory=RequestAuthenticationSpec)
