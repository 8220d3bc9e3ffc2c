"""Paths as Envoy's connection manager normalizes them (`path_utility.cc`, which asks Chromium's URL library)."""

import re

from msgspec import Struct

from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager

# Letters, digits, `-`, `.`, `_` and `~` are decoded.
ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
UNRESERVED = frozenset("-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
TO_ESCAPE = re.compile(r"[\x00-\x20\"<>^`{|}\x7f]|[^\x00-\x7f]")
ESCAPED_SLASH = re.compile(r"%(2f|5c)", re.IGNORECASE)
SLASHES = {"2f": "/", "5c": "\\"}


class NormalizedPath(Struct, frozen=True):
    """A path with its query. Instead of being forwarded, the request may be rejected, or redirected to this path."""

    path: str
    rejected: bool = False
    redirected: bool = False


def normalized_path(path: str, manager: HttpConnectionManager) -> NormalizedPath:
    """The path that routes see. Istio's runtime settings have Envoy cut off a fragment."""
    bare, mark, query = path.partition("#")[0].partition("?")
    unescaped, redirected = bare, False
    action = manager.path_with_escaped_slashes_action
    if action not in ("KEEP_UNCHANGED", "IMPLEMENTATION_SPECIFIC_DEFAULT"):
        unescaped = ESCAPED_SLASH.sub(lambda found: SLASHES[found[1].lower()], bare)
        if unescaped != bare and action == "REJECT_REQUEST":
            return NormalizedPath(unescaped + mark + query, rejected=True)
        redirected = unescaped != bare and action == "UNESCAPE_AND_REDIRECT"
    if manager.normalize_path:
        canonical = canonical_path(unescaped)
        if canonical is None:
            return NormalizedPath(unescaped + mark + query, rejected=True)
        unescaped = canonical
    if manager.merge_slashes:
        unescaped = with_merged_slashes(unescaped)
    return NormalizedPath(unescaped + mark + query, redirected=redirected)


def canonical_path(path: str) -> str | None:
    """The path with unreserved characters decoded and dot segments resolved; None if it has a null character."""
    if "%00" in path:
        return None
    decoded = ESCAPE.sub(_decoded, path).replace("\\", "/")
    escaped = TO_ESCAPE.sub(_escaped, decoded)
    kept: list[str] = []
    segments = escaped[1:].split("/")
    for segment in segments:
        if segment == "..":
            kept = kept[:-1]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def with_merged_slashes(path: str) -> str:
    if "//" not in path:
        return path
    tail = "/" if path.endswith("/") else ""
    return "/" + "/".join(filter(None, path.split("/"))) + tail


def _decoded(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return character if character in UNRESERVED else found[0]


def _escaped(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode())
