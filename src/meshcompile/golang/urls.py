"""URLs as Go's `net/url` prints them, for URLs that istiod parses and prints again."""

import re
from urllib.parse import quote, unquote_to_bytes

# The characters that Go accepts unescaped in a path, and those that it does not escape.
_VALID_PATH = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@\[\]/]|%[0-9A-Fa-f]{2})*")
_UNESCAPED = "$&+,/:;=@~"
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_URL = re.compile(r"(?:([A-Za-z][A-Za-z0-9+\-.]*):)?(?://([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)


def joined(base: str, path: str) -> str | None:
    """`url.JoinPath(base, path)` for a base that is a host name: `host/clean/path`; None where Go reports an error."""
    whole = _clean(f"/{base}/{path}" if path else f"/{base}")
    if path.endswith("/") and not whole.endswith("/"):
        whole += "/"
    return None if _BAD_ESCAPE.search(whole) else _escaped(whole.removeprefix("/"))


def with_scheme(url: str, default: str) -> str | None:
    """The URL with its scheme in lower case, or with the default scheme; None if Go cannot read it."""
    match = _URL.fullmatch(url)
    if match is None or _BAD_ESCAPE.search(url):
        return None
    scheme, host, path, query, fragment = match.groups(default="")
    if match[2] is None and scheme and not path.startswith("/"):
        return f"{scheme.lower()}:{path}{query}{fragment}"  # opaque, such as localhost:5000
    return f"{scheme.lower() or default}://{host}{_escaped(path)}{query}{fragment}"


def _clean(path: str) -> str:
    """Go's `path.Clean` of an absolute path."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def _escaped(path: str) -> str:
    """The path, or the escaped path if it has characters that must be escaped."""
    return path if _VALID_PATH.fullmatch(path) else quote(unquote_to_bytes(path), safe=_UNESCAPED)
