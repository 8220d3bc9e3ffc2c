"""URLs as Go's `net/url` parses them: the scheme, or the problem.

Applies `url.ParseRequestURI`, which rejects fragments and relative references, and then `url.Parse`, as istiod and the
CEL functions of Kubernetes do.
"""

import re

from meshcompile.validate.names import is_address

CONTROL = re.compile("[\x00-\x1f\x7f]")
SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+\-.]*):(.*)", re.DOTALL)
BAD_ESCAPE = re.compile("%(?![0-9a-fA-F]{2})")
BAD_HOST_ESCAPE = re.compile("%(?!25|[89a-fA-F][0-9a-fA-F])")
ZONE = re.compile("[^\\[\\]/?#]+")
USER = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")
PORT = re.compile("(?::[0-9]*)?", re.ASCII)
HOST = re.compile(r"""[A-Za-z0-9\-._~!$&'()*+,;=:\[\]<>"%\x80-\U0010ffff]*""")


class InvalidURL(Exception):
    """The text is not a valid URL. The message says why."""


def scheme_of(url: str) -> str:
    """The scheme in lower case, or an empty text. Raises InvalidURL unless the text is an absolute URL or a path."""
    scheme, rest = _split_scheme(url)
    if not rest and not scheme:
        raise InvalidURL("it is empty")
    if not scheme and not rest.startswith("/") and url != "*":
        raise InvalidURL("it is neither absolute nor a path")
    without_fragment, _, fragment = rest.partition("#")
    if BAD_ESCAPE.search(fragment):
        raise InvalidURL("a `%` in the fragment is not followed by two hexadecimal digits")
    _check_hierarchy(rest, has_authority=bool(scheme))
    _check_hierarchy(without_fragment, has_authority=bool(scheme) or not rest.startswith("///"))
    return scheme


def _split_scheme(url: str) -> tuple[str, str]:
    if CONTROL.search(url):
        raise InvalidURL("it contains control characters")
    if url.startswith(":"):
        raise InvalidURL("the scheme is missing")
    match = SCHEME.fullmatch(url)
    return (match[1].lower(), match[2]) if match else ("", url)


def _check_hierarchy(rest: str, has_authority: bool) -> None:
    """Raise InvalidURL for an invalid authority or path. Text that does not begin with `/` is not checked."""
    path = rest.partition("?")[0]
    if path.startswith("//") and has_authority:
        authority, slash, below = path[2:].partition("/")
        _check_authority(authority)
        path = slash + below
    if path.startswith("/") and BAD_ESCAPE.search(path):
        raise InvalidURL("a `%` is not followed by two hexadecimal digits")


def _check_authority(authority: str) -> None:
    user, at, host = authority.rpartition("@")
    if at and (not USER.fullmatch(user) or BAD_ESCAPE.search(user)):
        raise InvalidURL("the user is not valid")
    if "[" in host:
        literal, _, port = host.rpartition("]")
        if not _is_literal(literal):
            raise InvalidURL("brackets are only for IPv6 addresses")
    else:
        host, colon, port = host.rpartition(":") if ":" in host else (host, "", "")
        port = colon + port
        if not HOST.fullmatch(host) or BAD_HOST_ESCAPE.search(host):
            raise InvalidURL("the host is not valid")
    if not PORT.fullmatch(port):
        raise InvalidURL(f"`{port}` is not a valid port")


def _is_literal(literal: str) -> bool:
    """Whether the text after a bracket is an IPv6 address. `%25` separates the zone."""
    address, escape, zone = literal.removeprefix("[").partition("%25")
    if not literal.startswith("[") or ":" not in address or (escape and not ZONE.fullmatch(zone)):
        return False
    return is_address(f"{address}%{zone}" if escape else address) and "%" not in address
