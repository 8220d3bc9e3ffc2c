"""Conditions, evaluated as Envoy's RBAC engine evaluates them."""

import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from meshcompile.resolve.security.attributes import JWT_FILTER, JWT_PAYLOAD
from meshcompile.resolve.security.conditions import (
    All,
    Always,
    AnyOf,
    ClientAddress,
    Comparison,
    Condition,
    DestinationAddress,
    DestinationPort,
    DynamicMetadata,
    Header,
    Identity,
    ListValue,
    Not,
    OneOfValues,
    Path,
    PathTemplate,
    Pattern,
    ServerName,
    SourceAddress,
    TextValue,
    Value,
)
from meshcompile.tools.policies.requests import Ip, PolicyRequest
from meshcompile.values.ip import Range

# The characters that a path template's `*` matches.
_SEGMENT = r"[A-Za-z0-9\-._~%!$&'()+,;:@=*]"


def is_met(condition: Condition, request: PolicyRequest) -> bool:
    """True if the request meets the condition."""
    match condition:
        case Always():
            return True
        case Not(inner):
            return not is_met(inner, request)
        case All(conditions):
            return all(is_met(each, request) for each in conditions)
        case AnyOf(conditions):
            return any(is_met(each, request) for each in conditions)
        case DestinationAddress(addresses):
            return ip_address(request.destination) in network(addresses)
        case DestinationPort(port):
            return request.port == port
        case ServerName(wanted):
            return matches(wanted, request.server_name)
        case SourceAddress(addresses):
            return _contains(addresses, ip_address(request.source))
        case ClientAddress(addresses):
            return _contains(addresses, request.client)
        case Identity(wanted):
            return bool(request.principal) and matches(wanted, request.principal)
        case Header(name, wanted):
            return any(wanted is None or matches(wanted, line) for line in request.lines(name))
        case Path(wanted):
            return matches(wanted, request.path_only)
        case PathTemplate(template):
            return template_expression(template).fullmatch(request.path_only) is not None
        case DynamicMetadata():
            return _is_noted(condition, request)


def matches(wanted: Pattern, text: str) -> bool:
    """True if the text matches the pattern."""
    if wanted.comparison is Comparison.REGEX:
        return re.fullmatch(wanted.text, text, re.ASCII) is not None
    expected = wanted.text
    if wanted.ignore_case:
        expected, text = expected.lower(), text.lower()
    match wanted.comparison:
        case Comparison.EXACT:
            return text == expected
        case Comparison.PREFIX:
            return text.startswith(expected)
        case _:
            return text.endswith(expected)


@lru_cache(maxsize=1024)
def network(addresses: Range) -> IPv4Network | IPv6Network:
    return ip_network(f"{addresses.address}/{addresses.prefix_length}", strict=False)


def _contains(addresses: Range, address: Ip) -> bool:
    return address in network(addresses)


@lru_cache(maxsize=1024)
def template_expression(template: str) -> re.Pattern[str]:
    """A path template as a regular expression: `*` matches one segment, and `**` matches any part of a path."""
    parts = re.split(r"(\*\*|\*)", template)
    globs = {"*": f"{_SEGMENT}+", "**": f"(?:{_SEGMENT}|/)*"}
    return re.compile("".join(globs.get(part, re.escape(part)) for part in parts))


def _is_noted(condition: DynamicMetadata, request: PolicyRequest) -> bool:
    """True for a claim with the expected value. Metadata of other filters is unknown here and never matches."""
    filter_name, (root, *names) = condition.filter, condition.path
    if request.claims is None or filter_name != JWT_FILTER or root != JWT_PAYLOAD:
        return False
    value: object = request.claims
    for name in names:
        if not isinstance(value, Mapping) or name not in value:
            return False
        value = value[name]
    return _has(condition.value, value)


def _has(wanted: Value, value: object) -> bool:
    match wanted:
        case TextValue(pattern):
            return isinstance(value, str) and matches(pattern, value)
        case ListValue(item):
            return isinstance(value, list | tuple) and any(_has(item, each) for each in value)
        case OneOfValues(values):
            return any(_has(each, value) for each in values)
