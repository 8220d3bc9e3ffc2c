"""The conditions of RBAC policies (`common/rbac/matchers.cc`)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from meshcompile.envoy.config.core import CidrRange, TypedExtensionConfig
from meshcompile.envoy.config.rbac import (
    Permission,
    PermissionSet,
    Principal,
    PrincipalAuthenticated,
    PrincipalSet,
    SourcedMetadata,
)
from meshcompile.envoy.config.route import HeaderMatcher
from meshcompile.envoy.extensions.path.match.uri_template import UriTemplateMatchConfig
from meshcompile.envoy.type import Int32Range
from meshcompile.envoy.type.matcher import FilterStateMatcher, MetadataMatcher, PathMatcher, StringMatcher
from meshcompile.simulate.cidr import contains
from meshcompile.simulate.header_map import NO_HEADERS, HeaderMap
from meshcompile.simulate.header_match import each_line_predicate, wanted_value
from meshcompile.simulate.requests import DownstreamConnection, PeerCertificate
from meshcompile.simulate.streams import HttpStream
from meshcompile.simulate.string_match import string_predicate, type_name, wanted_text
from meshcompile.simulate.uri_template import template_predicate
from meshcompile.simulate.value_match import metadata_predicate, metadata_text, metadata_wanted


@dataclass(frozen=True, slots=True)
class RbacSubject:
    """What rules are asked about: a connection, and the request on it if there is one."""

    connection: DownstreamConnection
    peer: PeerCertificate | None
    is_tls: bool = False
    client: str = ""
    headers: HeaderMap = NO_HEADERS
    path: str = ""
    metadata: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def request_subject(stream: HttpStream) -> RbacSubject:
    return RbacSubject(
        stream.connection,
        stream.peer,
        stream.is_tls,
        stream.client,
        stream.headers,
        stream.path_only,
        stream.metadata,
    )


Holds = Callable[[RbacSubject], bool]


@dataclass(frozen=True, slots=True)
class RbacCondition:
    """A condition of a policy. `parts` are the conditions inside of it."""

    pointer: str
    holds: Holds
    subject: str = ""
    wanted: str = ""
    found: Callable[[RbacSubject], str | None] = lambda _: None
    parts: tuple["RbacCondition", ...] = ()
    unknown: str = ""


def unknowns(conditions: Sequence[RbacCondition]) -> Iterator[str]:
    """The names of conditions that cannot be evaluated."""
    for condition in conditions:
        if condition.unknown:
            yield condition.unknown
        yield from unknowns(condition.parts)


def _all(pointer: str, parts: tuple[RbacCondition, ...]) -> RbacCondition:
    return RbacCondition(pointer, lambda s: all(part.holds(s) for part in parts), parts=parts)


def _one(pointer: str, parts: tuple[RbacCondition, ...]) -> RbacCondition:
    return RbacCondition(pointer, lambda s: any(part.holds(s) for part in parts), parts=parts)


def _not(pointer: str, inner: RbacCondition) -> RbacCondition:
    leaf = next(leaves(inner), inner)
    return RbacCondition(
        pointer,
        lambda s: not inner.holds(s),
        leaf.subject,
        f"anything but {leaf.wanted}",
        leaf.found,
        unknown=next(unknowns((inner,)), ""),
    )


def leaves(condition: RbacCondition) -> Iterator[RbacCondition]:
    """The conditions without parts."""
    if not condition.parts:
        yield condition
    for part in condition.parts:
        yield from leaves(part)


def permission(rule: Permission, pointer: str) -> RbacCondition:
    """The condition of a permission."""
    match rule:
        case Permission(and_rules=PermissionSet(rules=rules)):
            place = f"{pointer}/andRules"
            return _all(place, tuple(permission(r, f"{place}/rules/{i}") for i, r in enumerate(rules)))
        case Permission(or_rules=PermissionSet(rules=rules)):
            place = f"{pointer}/orRules"
            return _one(place, tuple(permission(r, f"{place}/rules/{i}") for i, r in enumerate(rules)))
        case Permission(not_rule=Permission() as inner):
            return _not(pointer, permission(inner, f"{pointer}/notRule"))
        case Permission(any=bool(wanted)):
            return RbacCondition(f"{pointer}/any", lambda _: wanted, "request", "another one")
        case Permission(destination_ip=CidrRange() as cidr):
            return _address(f"{pointer}/destinationIp", "destination address", cidr, lambda s: s.connection.destination)
        case Permission(destination_port=int(port)):
            return _port(f"{pointer}/destinationPort", str(port), lambda found: found == port)
        case Permission(destination_port_range=Int32Range(start=start, end=end)):
            return _port(f"{pointer}/destinationPortRange", f"{start}-{end - 1}", lambda found: start <= found < end)
        case Permission(requested_server_name=StringMatcher() as name):
            accepts = string_predicate(name)
            return RbacCondition(
                f"{pointer}/requestedServerName",
                lambda s: accepts(_server_name(s)),
                "server name",
                wanted_text(name),
                _server_name,
            )
        case Permission(uri_template=TypedExtensionConfig(typed_config=UriTemplateMatchConfig(path_template=text))):
            matches = template_predicate(text)
            return RbacCondition(
                f"{pointer}/uriTemplate", lambda s: matches(s.path), "path", f"template `{text}`", lambda s: s.path
            )
        case Permission(matcher=TypedExtensionConfig() as config):
            return _unknown(pointer, type_name(config.typed_config))
        case _:
            return _common(rule, pointer)


def principal(rule: Principal, pointer: str) -> RbacCondition:
    """The condition of a principal."""
    match rule:
        case Principal(and_ids=PrincipalSet(ids=ids)):
            place = f"{pointer}/andIds"
            return _all(place, tuple(principal(r, f"{place}/ids/{i}") for i, r in enumerate(ids)))
        case Principal(or_ids=PrincipalSet(ids=ids)):
            place = f"{pointer}/orIds"
            return _one(place, tuple(principal(r, f"{place}/ids/{i}") for i, r in enumerate(ids)))
        case Principal(not_id=Principal() as inner):
            return _not(pointer, principal(inner, f"{pointer}/notId"))
        case Principal(any=bool(wanted)):
            return RbacCondition(f"{pointer}/any", lambda _: wanted, "client", "another one")
        case Principal(authenticated=PrincipalAuthenticated(principal_name=name)):
            return _authenticated(pointer, name)
        case Principal(source_ip=CidrRange() as cidr):
            return _address(f"{pointer}/sourceIp", "source address", cidr, lambda s: s.client)
        case Principal(direct_remote_ip=CidrRange() as cidr):
            return _address(f"{pointer}/directRemoteIp", "source address", cidr, lambda s: s.connection.source)
        case Principal(remote_ip=CidrRange() as cidr):
            return _address(f"{pointer}/remoteIp", "client address", cidr, lambda s: s.client)
        case Principal(filter_state=FilterStateMatcher(key=key, string_match=name)):
            return _unknown(pointer, f"filter state {key}") if name is None else _state(pointer, key, name)
        case Principal(custom=TypedExtensionConfig() as config):
            return _unknown(pointer, type_name(config.typed_config))
        case _:
            return _common(rule, pointer)


def _common(rule: Permission | Principal, pointer: str) -> RbacCondition:
    """The kinds of conditions that permissions and principals share."""
    if isinstance(rule.header, HeaderMatcher):
        return _header(rule.header, f"{pointer}/header")
    if isinstance(rule.url_path, PathMatcher) and rule.url_path.path is not None:
        accepts = string_predicate(rule.url_path.path)
        return RbacCondition(
            f"{pointer}/urlPath",
            lambda s: bool(s.path) and accepts(s.path),
            "path",
            wanted_text(rule.url_path.path),
            lambda s: s.path,
        )
    if isinstance(rule.metadata, MetadataMatcher):
        return _metadata(rule.metadata, f"{pointer}/metadata")
    if isinstance(rule.sourced_metadata, SourcedMetadata) and rule.sourced_metadata.metadata_matcher is not None:
        if rule.sourced_metadata.metadata_source == "DYNAMIC":
            return _metadata(rule.sourced_metadata.metadata_matcher, f"{pointer}/sourcedMetadata/metadataMatcher")
        return _unknown(pointer, "metadata of the route")
    return _unknown(pointer, "a condition")


def _state(pointer: str, key: str, name: StringMatcher) -> RbacCondition:
    """A condition of the filter state. A connection of which nothing is known has none."""
    accepts = string_predicate(name)
    return RbacCondition(
        f"{pointer}/filterState",
        lambda s: accepts(s.connection.filter_state.get(key, "")),
        "principal" if key == PEER_PRINCIPAL else f"filter state {key}",
        wanted_text(name),
        lambda s: s.connection.filter_state.get(key) or None,
    )


PEER_PRINCIPAL = "io.istio.peer_principal"
"""The identity at the other end of a tunnel."""


def _unknown(pointer: str, name: str) -> RbacCondition:
    return RbacCondition(pointer, lambda _: False, name, "what cannot be evaluated", unknown=name)


def _header(matcher: HeaderMatcher, pointer: str) -> RbacCondition:
    holds, name = each_line_predicate(matcher), matcher.name
    wanted = ("anything but " if matcher.invert_match else "") + wanted_value(matcher)
    return RbacCondition(
        pointer, lambda s: holds(s.headers), f"header {name}", wanted, lambda s: s.headers.joined(name)
    )


def _metadata(matcher: MetadataMatcher, pointer: str) -> RbacCondition:
    holds = metadata_predicate(matcher)
    keys = tuple(segment.key or "" for segment in matcher.path)
    return RbacCondition(
        pointer,
        lambda s: holds(s.metadata),
        f"metadata {'.'.join(keys)}",
        metadata_wanted(matcher),
        lambda s: metadata_text(s.metadata.get(matcher.filter, {}), keys),
    )


def _authenticated(pointer: str, name: StringMatcher | None) -> RbacCondition:
    if name is None:
        return RbacCondition(
            f"{pointer}/authenticated", lambda s: s.is_tls, "TLS", "any", lambda s: "yes" if s.is_tls else None
        )
    accepts = string_predicate(name)
    return RbacCondition(
        f"{pointer}/authenticated/principalName",
        lambda s: any(map(accepts, _principals(s))),
        "principal",
        wanted_text(name),
        lambda s: ", ".join(_principals(s)) or None,
    )


def _principals(subject: RbacSubject) -> tuple[str, ...]:
    """The names in the certificate of the client. A connection with TLS but without a certificate has the name ""."""
    if not subject.is_tls:
        return ()
    return subject.peer.principals if subject.peer else ("",)


def _address(pointer: str, name: str, cidr: CidrRange, address: Callable[[RbacSubject], str]) -> RbacCondition:
    wanted = f"{cidr.address_prefix}/{cidr.prefix_len or 0}"
    return RbacCondition(pointer, lambda s: contains(cidr, address(s)), name, wanted, address)


def _port(pointer: str, wanted: str, accepts: Callable[[int], bool]) -> RbacCondition:
    return RbacCondition(
        pointer,
        lambda s: accepts(s.connection.port),
        "destination port",
        wanted,
        lambda s: str(s.connection.port),
    )


def _server_name(subject: RbacSubject) -> str:
    return subject.connection.tls.sni.lower() if subject.connection.tls else ""
