"""URLs as Go's `net/url` parses them: the scheme, or what is wrong.

`url.ParseRequestURI` first, which takes no fragment and no relative reference, then `url.Parse`, as istiod and the CEL
functions of Kubernetes do.
"""

import re

CONTROL = re.compile("[\x00-\x1f\x7f]")
SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+\-.]*):(.*)", re.DOTALL)
BAD_ESCAPE = re.compile("%(?![0-9a-fA-F]{2})")
USER = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")
PORT = re.compile("(?::[0-9]*)?", re.ASCII)
HOST = re.compile(r"""[A-Za-z0-9\-._~!$&'()*+,;=:\[\]<>"%\x80-\U0010ffff]*""")


class InvalidURL(Exception):
    """What is wrong with a URL."""


def scheme_of(url: str) -> str:
    """The scheme, in lower case, empty where there is none; raises InvalidURL for what is no absolute URL or path."""
    scheme, rest = _split_scheme(url)
    if not rest and not scheme:
        raise InvalidURL("it is empty")
    body = rest.partition("?")[0]
    if not body.startswith("/"):
        if not scheme and url != "*":
            raise InvalidURL("it is neither absolute nor a path")
        return scheme
    _check_hierarchy(scheme, rest, with_fragment=False)
    _check_hierarchy(scheme, rest, with_fragment=True)
    return scheme


def _split_scheme(url: str) -> tuple[str, str]:
    if CONTROL.search(url):
        raise InvalidURL("it has control characters")
    if url.startswith(":"):
        raise InvalidURL("the scheme is missing")
    match = SCHEME.fullmatch(url)
    return (match[1].lower(), match[2]) if match else ("", url)


def _check_hierarchy(scheme: str, rest: str, with_fragment: bool) -> None:
    """Refuse an authority or a path that cannot be."""
    if with_fragment:
        rest, _, fragment = rest.partition("#")
        if BAD_ESCAPE.search(fragment):
            raise InvalidURL("a `%` in the fragment is followed by no number")
    path = rest.partition("?")[0]
    if path.startswith("//") and (scheme or (with_fragment and not path.startswith("///"))):
        authority, slash, below = path[2:].partition("/")
        _check_authority(authority)
        path = slash + below
    if BAD_ESCAPE.search(path):
        raise InvalidURL("a `%` is followed by no number")


def _check_authority(authority: str) -> None:
    user, at, host = authority.rpartition("@")
    if at and (not USER.fullmatch(user) or BAD_ESCAPE.search(user)):
        raise InvalidURL("the user is not valid")
    if host.startswith("["):
        address, bracket, port = host.rpartition("]")
        if not bracket:
            raise InvalidURL("a `]` is missing")
        host = address.partition("%25")[0]
    else:
        host, colon, port = host.rpartition(":") if ":" in host else (host, "", "")
        port = colon + port
    if not PORT.fullmatch(port):
        raise InvalidURL(f"`{port}` is no port")
    if not HOST.fullmatch(host) or BAD_ESCAPE.search(host):
        raise InvalidURL("the host is not valid")
