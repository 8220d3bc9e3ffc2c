"""Headers that routes add and remove (`router/header_parser.cc`)."""

import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from meshcompile.envoy.config.core import HeaderValueOption, HeaderValueOptionHeaderAppendAction
from meshcompile.simulate.header_map import HeaderMap
from meshcompile.simulate.streams import HttpStream

COMMAND = re.compile(r"%(?:(?P<percent>%)|(?P<name>[A-Z_0-9]+)(?:\((?P<arguments>[^)]*)\))?(?::(?P<length>\d+))?%)")


class HeaderOperations(Struct, frozen=True):
    """What one level of a route table does to headers: removals first, then what it sets, then what it adds."""

    add: tuple[HeaderValueOption, ...] = ()
    remove: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.add or self.remove)


def operated(headers: HeaderMap, levels: Iterable[HeaderOperations], stream: HttpStream) -> HeaderMap:
    """The headers after the operations of all levels, the most specific level first.

    Values are computed from the request before a level changes it.
    """
    for level in levels:
        if level:
            headers = _operated(headers, level, stream)
            stream = stream.with_headers(headers) if ":path" in headers.lines else stream
    return headers


def _operated(headers: HeaderMap, level: HeaderOperations, stream: HttpStream) -> HeaderMap:
    kept = headers.without(level.remove) if level.remove else headers
    if ":path" in kept.lines:
        stream = stream.with_headers(kept)
    set_, added = [], []
    for option in level.add:
        name, value = _pair(option, stream)
        if not value and not option.keep_empty_value:
            continue
        match _append_action(option):
            case "APPEND_IF_EXISTS_OR_ADD":
                added.append((name, value))
            case "ADD_IF_ABSENT":
                added += [] if kept.get(name) else [(name, value)]
            case "OVERWRITE_IF_EXISTS":
                set_ += [(name, value)] if kept.get(name) else []
            case "OVERWRITE_IF_EXISTS_OR_ADD":
                set_.append((name, value))
    return kept.with_set(set_).with_added(added)


def _append_action(option: HeaderValueOption) -> HeaderValueOptionHeaderAppendAction:
    """The action, or what the deprecated field `append` says."""
    if option.append is None:
        return option.append_action
    return "APPEND_IF_EXISTS_OR_ADD" if option.append else "OVERWRITE_IF_EXISTS_OR_ADD"


def _pair(option: HeaderValueOption, stream: HttpStream) -> tuple[str, str]:
    if option.header is None:
        return "", ""
    return option.header.key, formatted(option.header.value, stream)


def formatted(text: str, stream: HttpStream) -> str:
    """The text with its commands replaced. A command that depends on more than the request stays as it is."""
    return COMMAND.sub(lambda found: _value(found, stream), text) if "%" in text else text


def is_computed(option: HeaderValueOption) -> bool:
    """True if the value has a command that only the running proxy can answer."""
    text = option.header.value if option.header else ""
    return any(not found["percent"] and found["name"] not in KNOWN for found in COMMAND.finditer(text))


KNOWN = frozenset({"REQ", "PROTOCOL", "REQUESTED_SERVER_NAME", "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT"})


def _value(found: re.Match[str], stream: HttpStream) -> str:
    if found["percent"]:
        return "%"
    value = _command(found["name"], found["arguments"] or "", stream)
    if value is None:
        return found[0]
    return value[: int(found["length"])] if found["length"] else value


def _command(name: str, arguments: str, stream: HttpStream) -> str | None:
    match name:
        case "REQ":
            header, _, other = arguments.partition("?")
            return stream.headers.first(header if stream.headers.get(header) or not other else other)
        case "REQUESTED_SERVER_NAME":
            return stream.connection.tls.sni if stream.connection.tls else ""
        case "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT":
            return stream.client
        case "PROTOCOL":
            return {"http/1.0": "HTTP/1.0", "h2c": "HTTP/2"}.get(stream.connection.spoken.value, "HTTP/1.1")
        case _:
            return None


def computed_headers(levels: Sequence[HeaderOperations]) -> Iterator[str]:
    """The names of the headers whose values only the running proxy knows."""
    for level in levels:
        yield from (option.header.key.lower() for option in level.add if option.header and is_computed(option))
