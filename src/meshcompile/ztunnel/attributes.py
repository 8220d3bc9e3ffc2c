"""The attributes of rules that are about HTTP, which ztunnel cannot see. Follows `handleRule` of `authorization.go`."""

from collections.abc import Iterator

from meshcompile.documents import Origin
from meshcompile.models.base import json_name
from meshcompile.models.security.authorization_policy import Operation, Rule, Source

L4_CONDITIONS = frozenset({"source.ip", "source.namespace", "source.principal", "destination.ip", "destination.port"})
HTTP_OPERATIONS = ("hosts", "not_hosts", "methods", "not_methods", "paths", "not_paths")
HTTP_SOURCES = ("remote_ip_blocks", "not_remote_ip_blocks", "request_principals", "not_request_principals")


def http_attributes(rule: Rule) -> Iterator[tuple[str, Origin]]:
    """The attributes of a rule that only a waypoint can match, each with its place."""
    for condition in rule.when:
        if condition.key not in L4_CONDITIONS:
            yield condition.key, condition.at("key")
    for source in rule.from_:
        yield from _written(source.source, HTTP_SOURCES)
    for to in rule.to:
        yield from _written(to.operation, HTTP_OPERATIONS)


def is_about_http(rule: Rule) -> bool:
    """True for a rule that has such an attribute."""
    return any(True for _ in http_attributes(rule))


def _written(part: Source | Operation | None, fields: tuple[str, ...]) -> Iterator[tuple[str, Origin]]:
    for field in fields:
        if part is not None and getattr(part, field):
            yield json_name(field), part.at(field)
