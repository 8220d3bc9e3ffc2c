"""Messages in a form in which equal meaning is equal data.

The order of some lists means nothing to Envoy, such as that of filter chains, domains and endpoints.
"""

import json
from typing import Any

from meshcompile.envoy.message import Message, to_builtins
from meshcompile.words import words

UNORDERED = words(
    """
    additionalAddresses domains endpoints filterChains lbEndpoints matchTypedSubjectAltNames prefixRanges serverNames
    sourcePrefixRanges transportSocketMatches virtualHosts
    """
)
"""Fields whose order means nothing. Filter chains are chosen by what they match, transport sockets never overlap."""


def comparable(message: Message) -> Any:
    """The JSON of a message, with unordered lists sorted."""
    return _sorted(to_builtins(message), "")


def _sorted(data: Any, name: str) -> Any:
    if isinstance(data, dict):
        return {key: _sorted(value, key) for key, value in data.items()}
    if not isinstance(data, list):
        return data
    items = [_sorted(item, name) for item in data]
    return sorted(items, key=lambda item: json.dumps(item, sort_keys=True)) if name in UNORDERED else items
