"""Comparison of the `uri` matches of HTTP rules."""

from meshcompile.models.common import StringMatch

ALL_PATHS = frozenset({".*", "/.*", ".+", "/.+"})
"""Regular expressions that match every path."""


def takes_every_path(uri: StringMatch | None) -> bool:
    """True if a `uri` has no condition on the path."""
    return uri is None or uri.prefix in ("", "/") or uri.regex in ALL_PATHS or uri == StringMatch()


def may_cover(uri: StringMatch | None, other: StringMatch | None) -> bool:
    """False if some path of `other` certainly does not match `uri`. Regular expressions are assumed to match."""
    if takes_every_path(uri) or uri is None:
        return True
    if takes_every_path(other) or other is None:
        return False
    if uri.regex is not None or other.regex is not None:
        return uri == other or other.regex is None
    if uri.exact is not None:
        return uri.exact == other.exact
    return (other.exact if other.exact is not None else other.prefix or "").startswith(uri.prefix or "")


def path_text(uri: StringMatch | None) -> str:
    """The paths of a `uri` as in a URL: `/api*` for a prefix, empty for every path."""
    if uri is None or takes_every_path(uri):
        return ""
    if uri.exact is not None:
        return uri.exact
    return f"{uri.prefix}*" if uri.prefix is not None else f" with path {uri.regex}"
