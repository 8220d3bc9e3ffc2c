"""CORS policies that let every website send requests on behalf of a user."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.uris import ALL_PATHS
from meshcompile.codes.http_rules import CREDENTIALS_OF_ANY_ORIGIN
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.models.networking.virtual_service import CorsPolicy, VirtualService


def open_cors(context: Context) -> Iterator[Diagnostic]:
    """A finding for each policy that allows credentials and every origin."""
    for virtual_service in context.resources.all(VirtualService):
        for rule in virtual_service.spec.http:
            if rule.cors_policy is not None and rule.cors_policy.allow_credentials:
                yield from map(CREDENTIALS_OF_ANY_ORIGIN, _takes_every_origin(rule.cors_policy))


def _takes_every_origin(policy: CorsPolicy) -> Iterator[Origin]:
    """The positions of origins that match every site."""
    for index, origin in enumerate(policy.allow_origin):
        if origin == "*":
            yield policy.at("allow_origin", index)
    for match in policy.allow_origins:
        if match.exact == "*":
            yield match.at("exact")
        elif match.prefix in ("http", "https://", "http://"):
            yield match.at("prefix")
        elif match.regex in ALL_PATHS:
            yield match.at("regex")
