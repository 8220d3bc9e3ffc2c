"""Requests that meet the token rules of a connection manager: with a bad token, and with a good one of each issuer."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from meshcompile.envoy.extensions.filters.http.jwt_authn import JwtAuthentication, JwtProvider
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager
from meshcompile.simulate import HttpRequest
from meshcompile.simulate.tokens import TokenPlace, places

BAD_TOKEN = "Bearer e30.e30.e30"
"""A token without a valid signature, issuer or claim."""
HEADER = {"alg": "RS256", "typ": "JWT"}
SIGNATURE = "SIGNATURE"
"""Stands for the signature of the issuer, whose key is not known."""


def token_requests(manager: HttpConnectionManager, host: str) -> Iterator[HttpRequest]:
    """Requests with a token, if a filter of the manager checks tokens."""
    for each in manager.http_filters:
        if isinstance(each.typed_config, JwtAuthentication):
            yield HttpRequest(authority=host, headers=(("authorization", BAD_TOKEN),))
            for provider in each.typed_config.providers.values():
                claims = {"iss": provider.issuer, "sub": "someone"}
                yield with_good_token(HttpRequest(authority=host), provider, claims)


def with_good_token(request: HttpRequest, provider: JwtProvider, claims: Mapping[str, Any]) -> HttpRequest:
    """The request with a valid token that has these claims, at the first place where a provider looks for one."""
    return replace(_placed(request, places(provider)[0], good_token(claims)), claims=claims)


def good_token(claims: Mapping[str, Any]) -> str:
    """The text of a token with these claims."""
    return ".".join((*(_encoded(json.dumps(part)) for part in (HEADER, dict(claims))), SIGNATURE))


def _encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _placed(request: HttpRequest, place: TokenPlace, token: str) -> HttpRequest:
    match place:
        case TokenPlace(kind=1, name=name):
            joint = "&" if "?" in request.path else "?"
            return replace(request, path=f"{request.path}{joint}{name}={token}")
        case TokenPlace(kind=2, name=name):
            return replace(request, headers=(*request.headers, ("cookie", f"{name}={token}")))
        case TokenPlace(name=name, prefix=prefix):
            return replace(request, headers=(*request.headers, (name, f"{prefix}{token}")))
