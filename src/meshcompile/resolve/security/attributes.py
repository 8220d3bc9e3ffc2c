"""The attributes that authorization policies compare, and the conditions that they become.

Follows istiod's `pilot/pkg/security/authz/model/generator.go`.
"""

from collections.abc import Callable, Iterable
from typing import Generic, TypeAlias, TypeVar

from msgspec import Struct

from meshcompile.golang.regex import quoted
from meshcompile.resolve.security.conditions import (
    SOMETHING,
    All,
    AnyOf,
    ClientAddress,
    Comparison,
    DestinationAddress,
    DestinationPort,
    DynamicMetadata,
    Header,
    Identity,
    ListValue,
    OneOfValues,
    Path,
    PathTemplate,
    Pattern,
    PermissionCondition,
    PrincipalCondition,
    ServerName,
    SourceAddress,
    TextValue,
    Value,
    one_of,
    pattern,
)
from meshcompile.values.ip import cidr_range
from meshcompile.values.spiffe import PREFIX as SPIFFE

JWT_FILTER = "envoy.filters.http.jwt_authn"
JWT_PAYLOAD = "payload"
ENVOY_FILTER_KEY = "experimental."


class AttributeContext(Struct, frozen=True):
    """The context of a value: its key as written, the namespace of the policy, and how peers are known."""

    key: str
    namespace: str
    tunnelled: bool


C = TypeVar("C", covariant=True)
Compare: TypeAlias = Callable[[AttributeContext, str], C | None]
CompareAll: TypeAlias = Callable[[AttributeContext, tuple[str, ...]], C | None]


class Attribute(Struct, Generic[C], frozen=True):
    """An attribute of connections or, if `http_only`, of requests, and the conditions that its values become.

    Values are alternatives. Either each value becomes a condition (`compare`), or all values together become one
    (`compare_all`). An invalid value has no condition (None).
    """

    compare: Compare[C] | None = None
    compare_all: CompareAll[C] | None = None
    http_only: bool = False


# ---- of connections


def _destination_address(context: AttributeContext, value: str) -> PermissionCondition | None:
    addresses = cidr_range(value)
    return None if addresses is None else DestinationAddress(addresses)


def _source_address(context: AttributeContext, value: str) -> PrincipalCondition | None:
    addresses = cidr_range(value)
    return None if addresses is None else SourceAddress(addresses)


def _client_address(context: AttributeContext, value: str) -> PrincipalCondition | None:
    addresses = cidr_range(value)
    return None if addresses is None else ClientAddress(addresses)


def _destination_port(context: AttributeContext, value: str) -> PermissionCondition | None:
    return DestinationPort(int(value)) if value.isdecimal() and int(value) <= 65535 else None


def _server_name(context: AttributeContext, value: str) -> PermissionCondition:
    return ServerName(pattern(value))


def _identity(context: AttributeContext, expected: Pattern) -> PrincipalCondition:
    return Identity(expected, context.tunnelled)


def _principal(context: AttributeContext, value: str) -> PrincipalCondition:
    return _identity(context, pattern(value, SPIFFE))


def _namespace(context: AttributeContext, value: str) -> PrincipalCondition:
    """Any `*` in the value matches any text."""
    pattern = ".*".join(quoted(part) for part in value.split("*"))
    return _identity(context, Pattern(Comparison.REGEX, f".*/ns/{pattern}/.*"))


def _service_account(context: AttributeContext, value: str) -> PrincipalCondition:
    """`namespace/name`, or a name in the namespace of the policy. An identity may have further parts."""
    namespace, slash, name = value.partition("/")
    if not slash:
        namespace, name = context.namespace, value
    identity = f"spiffe://.+/ns/{quoted(namespace)}/(.+/|)sa/{quoted(name)}(/.+)?"
    return _identity(context, Pattern(Comparison.REGEX, identity))


def _trust_domain(context: AttributeContext, value: str) -> PrincipalCondition:
    if value == "*":
        return _identity(context, Pattern(Comparison.PREFIX, SPIFFE))
    start, star, end = value.partition("*")
    if not star:
        return _identity(context, Pattern(Comparison.PREFIX, f"{SPIFFE}{value}/"))
    return _identity(context, Pattern(Comparison.REGEX, f"{SPIFFE}{quoted(start)}[^/]*{quoted(end)}/.*"))


# ---- of requests


def _host(context: AttributeContext, value: str) -> PermissionCondition:
    host = _header_pattern(value)
    return Header(":authority", None if host is None else Pattern(host.comparison, host.text, ignore_case=True))


def _method(context: AttributeContext, value: str) -> PermissionCondition:
    return Header(":method", _header_pattern(value))


def _header_pattern(value: str) -> Pattern | None:
    """The pattern of a header value; None when any value matches, as long as there is one."""
    return None if value == "*" else pattern(value)


def _path(context: AttributeContext, value: str) -> PermissionCondition:
    if "{*}" in value or "{**}" in value:
        return PathTemplate(value.replace("{*}", "*").replace("{**}", "**"))
    return Path(pattern(value))


def _request_header(context: AttributeContext, value: str) -> PrincipalCondition | None:
    name = _in_brackets(context.key.removeprefix("request.headers"))
    return None if name is None else Header(name, _header_pattern(value))


# ---- of tokens


def _token_principal(context: AttributeContext, values: tuple[str, ...]) -> PrincipalCondition | None:
    """`issuer/subject`: both claims must match."""
    principals: tuple[PrincipalCondition, ...] = tuple(
        All((_text_claim("iss", issuer), _text_claim("sub", subject))) for issuer, subject in _pairs(values)
    )
    return principals[0] if len(principals) == 1 else AnyOf(principals)


def _pairs(values: Iterable[str]) -> Iterable[tuple[Pattern, Pattern]]:
    """The issuer and subject of each value. They are split at the last `/`, since an issuer may be a URL."""
    for value in values:
        issuer, slash, subject = value.rpartition("/")
        if value == "*":
            yield SOMETHING, SOMETHING
        elif value.startswith("*"):
            end = (issuer if slash else value).removeprefix("*")
            if slash:
                yield (pattern(issuer) if issuer == "*" else Pattern(Comparison.SUFFIX, end)), _exact(subject)
            else:
                yield SOMETHING, Pattern(Comparison.SUFFIX, end)
        elif value.endswith("*"):
            start = (subject if slash else value).removesuffix("*")
            if slash:
                yield _exact(issuer), (SOMETHING if subject == "*" else Pattern(Comparison.PREFIX, start))
            else:
                yield Pattern(Comparison.PREFIX, start), SOMETHING
        elif slash:
            yield _exact(issuer), _exact(subject)
        else:
            yield _exact(value), _exact("")


def _exact(text: str) -> Pattern:
    return Pattern(Comparison.EXACT, text)


def _text_claim(name: str, expected: Pattern) -> PrincipalCondition:
    return DynamicMetadata(JWT_FILTER, (JWT_PAYLOAD, name), TextValue(expected))


def _audiences(context: AttributeContext, values: tuple[str, ...]) -> PrincipalCondition:
    return _claim(("aud",), values)


def _presenter(context: AttributeContext, values: tuple[str, ...]) -> PrincipalCondition:
    return _claim(("azp",), values)


def _claims(context: AttributeContext, values: tuple[str, ...]) -> PrincipalCondition | None:
    names = _in_nested_brackets(context.key.removeprefix("request.auth.claims"))
    return None if names is None else _claim(names, values)


def _claim(names: tuple[str, ...], values: tuple[str, ...]) -> PrincipalCondition:
    """A claim that equals one of the values, or is a list that contains one."""
    value = one_of(tuple(TextValue(pattern(each)) for each in values))
    return DynamicMetadata(JWT_FILTER, (JWT_PAYLOAD, *names), OneOfValues((ListValue(value), value)))


def _envoy_filter(context: AttributeContext, values: tuple[str, ...]) -> PermissionCondition | None:
    """`experimental.envoy.filters.a.b[key]`: metadata of any filter. `[value]` means a list that contains the value."""
    name, bracket, key = context.key.removeprefix(ENVOY_FILTER_KEY).removesuffix("]").partition("[")
    if not bracket:
        return None
    return DynamicMetadata(name, (key,), one_of(tuple(_filter_value(value) for value in values)))


def _filter_value(value: str) -> Value:
    if value.startswith("[") and value.endswith("]"):
        return ListValue(TextValue(pattern(value.strip("[]"))))
    return TextValue(pattern(value))


def _in_brackets(text: str) -> str | None:
    """The name in `[name]`; None when there are no brackets."""
    return text[1:-1] if text.startswith("[") and text.endswith("]") else None


def _in_nested_brackets(text: str) -> tuple[str, ...] | None:
    """The names in `[a][b]`; None when the text is not in brackets.

    Text that does not split in this way counts as one name, brackets included.
    """
    outer = _in_brackets(text)
    if outer is None:
        return () if not text else None
    names = outer.split("][")
    return tuple(names) if not any("[" in name or "]" in name for name in names) else (outer,)


# ---- tables

Permissions: TypeAlias = Attribute[PermissionCondition]
Principals: TypeAlias = Attribute[PrincipalCondition]

SOURCE_IP: Principals = Attribute(_source_address)
REMOTE_IP: Principals = Attribute(_client_address)
SOURCE_NAMESPACE: Principals = Attribute(_namespace)
SOURCE_TRUST_DOMAIN: Principals = Attribute(_trust_domain)
SOURCE_SERVICE_ACCOUNT: Principals = Attribute(_service_account)
SOURCE_PRINCIPAL: Principals = Attribute(_principal)
REQUEST_PRINCIPAL: Principals = Attribute(compare_all=_token_principal, http_only=True)
DESTINATION_PORT: Permissions = Attribute(_destination_port)
HOST: Permissions = Attribute(_host, http_only=True)
METHOD: Permissions = Attribute(_method, http_only=True)
PATH: Permissions = Attribute(_path, http_only=True)

# Keys of `when` about the request and its destination.
DESTINATION_KEYS: dict[str, Permissions] = {
    "destination.ip": Attribute(_destination_address),
    "destination.port": DESTINATION_PORT,
    "connection.sni": Attribute(_server_name),
}
# Keys of `when` about the peer.
SOURCE_KEYS: dict[str, Principals] = {
    "source.ip": SOURCE_IP,
    "remote.ip": REMOTE_IP,
    "source.namespace": SOURCE_NAMESPACE,
    "source.trustDomain": SOURCE_TRUST_DOMAIN,
    "source.serviceAccount": SOURCE_SERVICE_ACCOUNT,
    "source.principal": SOURCE_PRINCIPAL,
    "request.auth.principal": REQUEST_PRINCIPAL,
    "request.auth.audiences": Attribute(compare_all=_audiences, http_only=True),
    "request.auth.presenter": Attribute(compare_all=_presenter, http_only=True),
}
_ENVOY_FILTER: Permissions = Attribute(compare_all=_envoy_filter)
_REQUEST_HEADER: Principals = Attribute(_request_header, http_only=True)
_REQUEST_CLAIM: Principals = Attribute(compare_all=_claims, http_only=True)


def destination_attribute(key: str) -> Permissions | None:
    """The attribute of the request or its destination with this key; None when there is none."""
    return _ENVOY_FILTER if key.startswith("experimental.envoy.filters.") else DESTINATION_KEYS.get(key)


def source_attribute(key: str) -> Principals | None:
    """The attribute of the peer with this key; None when there is none."""
    if key in SOURCE_KEYS:
        return SOURCE_KEYS[key]
    if key.startswith("request.headers"):
        return _REQUEST_HEADER
    return _REQUEST_CLAIM if key.startswith("request.auth.claims") else None
