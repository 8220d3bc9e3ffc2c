"""The header changes of rules. Follows istiod's `TranslateHeadersOperations`."""

from collections.abc import Iterator, Mapping

from meshcompile.documents import Origin
from meshcompile.models.networking.virtual_service import HeaderOperations, Headers
from meshcompile.resolve.routes.intent import NO_CHANGES, HeaderChange, HeaderChanges, HostRewrite

# The names of the host in Envoy and in HTTP/1. To set it rewrites the host instead of a header.
AUTHORITY = (":authority", "host")
NO_OPERATIONS = HeaderOperations()


def header_changes(*changes: Headers | None) -> HeaderChanges:
    """The changes, in order."""
    given = tuple(each for each in changes if each is not None)
    if not given:
        return NO_CHANGES
    requests = tuple(each.request or NO_OPERATIONS for each in given)
    responses = tuple(each.response or NO_OPERATIONS for each in given)
    return HeaderChanges(
        request_add=tuple(change for each in requests for change in _added(each)),
        request_remove=tuple(name for each in requests for name in each.remove if not is_internal(name)),
        response_add=tuple(change for each in responses for change in _added(each)),
        response_remove=tuple(name for each in responses for name in each.remove if not is_internal(name)),
    )


def host_rewrite(headers: Headers | None) -> HostRewrite | None:
    """The host that a request header operation sets; None without one. `set` takes precedence over `add`."""
    if headers is None or headers.request is None:
        return None
    operations = (headers.request.set, headers.request.add)
    hosts = (value for each in operations for name, value in each.items() if name.lower() in AUTHORITY and value)
    host = next(hosts, None)
    return None if host is None else HostRewrite(host, headers.request.origin)


def is_internal(name: str) -> bool:
    """True for headers that Envoy does not change: pseudo-headers and the host."""
    return name.startswith(":") or name.lower() == "host"


def _added(operations: HeaderOperations) -> Iterator[HeaderChange]:
    """The headers to set, then the headers to add, each sorted by name."""
    yield from _changes(operations.set, False, operations.origin)
    yield from _changes(operations.add, True, operations.origin)


def _changes(headers: Mapping[str, str], append: bool, origin: Origin) -> Iterator[HeaderChange]:
    for name, value in sorted(headers.items()):
        if not is_internal(name):
            yield HeaderChange(name, value, origin, append)
