"""Changes to headers. Follows istiod's `TranslateHeadersOperations`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from meshcompile.envoy.config.core import HeaderValue, HeaderValueOption, HeaderValueOptionHeaderAppendAction
from meshcompile.models.networking.virtual_service import HeaderOperations, Headers

# Envoy's name of the host, and HTTP/1's. Setting it is a rewrite of the host, no change to a header.
AUTHORITY = (":authority", "host")
NO_OPERATIONS = HeaderOperations()


@dataclass(frozen=True, slots=True)
class HeaderMutations:
    """The four lists of changes that a route, or one of its clusters, has."""

    request_add: tuple[HeaderValueOption, ...] = ()
    request_remove: tuple[str, ...] = ()
    response_add: tuple[HeaderValueOption, ...] = ()
    response_remove: tuple[str, ...] = ()


NO_MUTATIONS = HeaderMutations()


def header_mutations(*changes: Headers | None) -> HeaderMutations:
    """The changes, in order."""
    given = tuple(each for each in changes if each is not None)
    if not given:
        return NO_MUTATIONS
    requests = tuple(each.request or NO_OPERATIONS for each in given)
    responses = tuple(each.response or NO_OPERATIONS for each in given)
    return HeaderMutations(
        request_add=tuple(option for each in requests for option in _added(each)),
        request_remove=tuple(name for each in requests for name in each.remove if not is_internal(name)),
        response_add=tuple(option for each in responses for option in _added(each)),
        response_remove=tuple(name for each in responses for name in each.remove if not is_internal(name)),
    )


def authority_of(headers: Headers | None) -> str:
    """The host that a request header operation asks for; "" when none does. `set` goes before `add`."""
    if headers is None or headers.request is None:
        return ""
    operations = (headers.request.set, headers.request.add)
    hosts = (value for each in operations for name, value in each.items() if name.lower() in AUTHORITY and value)
    return next(hosts, "")


def is_internal(name: str) -> bool:
    """True for headers that Envoy does not let anybody change: pseudo-headers, and the host."""
    return name.startswith(":") or name.lower() == "host"


def _added(operations: HeaderOperations) -> Iterator[HeaderValueOption]:
    """What is set, then what is added, each by name."""
    yield from _options(operations.set, "OVERWRITE_IF_EXISTS_OR_ADD")
    yield from _options(operations.add, "APPEND_IF_EXISTS_OR_ADD")


def _options(headers: Mapping[str, str], action: HeaderValueOptionHeaderAppendAction) -> Iterator[HeaderValueOption]:
    for name, value in sorted(headers.items()):
        if not is_internal(name):
            yield HeaderValueOption(header=HeaderValue(key=name, value=value), append_action=action)
