"""Requests that meet the token rules of a connection manager: with a bad token, and with a good one of each issuer."""

from collections.abc import Iterator

from meshcompile.envoy.extensions.filters.http.jwt_authn import JwtAuthentication
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager
from meshcompile.simulate import HttpRequest

BAD_TOKEN = "Bearer e30.e30.e30"
"""A token without a valid signature, issuer or claim."""
GOOD_TOKEN = "Bearer TOKEN"
"""Stands for the token with the claims that a request is given."""


def token_requests(manager: HttpConnectionManager, host: str) -> Iterator[HttpRequest]:
    """Requests with a token, if a filter of the manager checks tokens."""
    for each in manager.http_filters:
        if isinstance(each.typed_config, JwtAuthentication):
            yield HttpRequest(authority=host, headers=(("authorization", BAD_TOKEN),))
            for provider in each.typed_config.providers.values():
                claims = {"iss": provider.issuer, "sub": "someone"}
                yield HttpRequest(authority=host, claims=claims, headers=(("authorization", GOOD_TOKEN),))
