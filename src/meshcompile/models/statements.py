"""Statements about a mesh that must hold: what `meshcompile prove` reads."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from meshcompile.models.base import Node


class MtlsStatement(StrEnum):
    """What a statement says of mutual TLS."""

    STRICT = "strict"


class RoutePolicy(StrEnum):
    """A policy that every route must have."""

    TIMEOUT = "timeout"
    RETRIES = "retries"


class NeverStatement(Node):
    """Requests that must not reach a service."""

    from_: str = "anyone"
    """Who sends the requests: `outside`, `anyone`, `mesh`, `ns/NAMESPACE`, a workload, or a principal."""
    path: str = ""
    """Path, with `*` at its start or end for any text. Empty for all paths."""
    method: str = ""
    """Method, in the same form. Empty for all methods."""
    host: str = ""
    """Host header, in the same form. Empty for all hosts."""
    reaches: str
    """Service that they must not reach: `NAME.NAMESPACE`, or a host, with `:PORT` for one port."""
    unless: tuple[str | Mapping[str, str], ...] = ()
    """Requests that may reach it: `jwt`, or one of `principal`, `path` and `method` with a value."""


class AlwaysStatement(Node):
    """What must hold of all requests to a service."""

    from_: str = "anyone"
    """Who sends the requests, as in `never`."""
    to: str
    """Service that they are for. `*` for all services."""
    mtls: MtlsStatement | None = None
    """`strict`: no request arrives without mutual TLS."""
    timeout: str = ""
    """`required`, or the longest timeout that a route may have, such as `10s`."""
    retries: str | int = ""
    """`required`, or the highest number of retries that a route may have."""


class OnlyStatement(Node):
    """The only clients of a service."""

    principals: tuple[str, ...]
    """Principals that may call it, as in an AuthorizationPolicy, or `ns/NAMESPACE`."""
    may_call: str
    """Service, as in `never`."""
    path: str = ""
    """Path that the statement is about. Empty for all paths."""
    method: str = ""
    """Method that the statement is about. Empty for all methods."""


class RuleStatement(Node):
    """A rule over facts, in CEL."""

    each: str = ""
    """Facts of which each must meet the rule, such as `routes`. Empty for one rule over all facts."""
    where: str = ""
    """Expression that selects some of these facts. Empty for all of them."""
    holds: str
    """Expression that must be true."""
    message: str = ""
    """What a finding says."""


class Statement(Node):
    """A statement with its name. Exactly one of the other fields is set."""

    name: str = ""
    """Name in findings."""
    never: NeverStatement | None = None
    """Requests that must not reach a service."""
    always: AlwaysStatement | None = None
    """What must hold of all requests to a service."""
    only: OnlyStatement | None = None
    """The only clients of a service."""
    no_route_without: RoutePolicy | None = None
    """Policy that every route of a VirtualService, an HTTPRoute or a GRPCRoute must have."""
    rule: RuleStatement | None = None
    """A rule over facts."""


class Statements(Node):
    """What must hold of a mesh."""

    statements: tuple[Statement, ...]
    """The statements, in the order of reports."""
