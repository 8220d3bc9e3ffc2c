"""Properties of a match that do not depend on the proxy."""

from meshcompile.models.common import StringMatch
from meshcompile.models.networking.virtual_service import HTTPMatchRequest

# An empty `uri: {}`.
UNSPECIFIED = StringMatch()


def takes_every_request(match: HTTPMatchRequest | None) -> bool:
    """True if a match accepts every request where it applies: prefix `/` or regex `.*`, and no further condition.

    Follows istiod's `IsCatchAllRoute`: prefix "" and regex `/.*` match the same requests, but do not count.
    """
    if match is None:
        return True
    conditions = match.headers or match.without_headers or match.query_params
    if conditions or match.method is not None or match.authority is not None or match.scheme is not None:
        return False
    uri = match.uri
    return uri is None or uri.prefix == "/" or uri.regex == ".*" or uri == UNSPECIFIED


def applies_everywhere(match: HTTPMatchRequest | None) -> bool:
    """True if a match applies to every proxy and port."""
    return match is None or not (match.port or match.gateways or match.source_labels or match.source_namespace)
