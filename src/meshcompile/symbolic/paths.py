"""The paths that routes can see, after the connection manager has normalized them."""

from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager
from meshcompile.spaces import Language, containing, ending_with, matching, starting_with

ANY_PATH = starting_with("/")
SENDABLE = matching(r"/[!-~]*") - matching(r".*[?#].*")
ESCAPED = matching(r".*[\"<>`{}\\].*")
"""Paths with a character that normalization replaces."""
DECODED = matching(r".*%(?:00|2[dDeE]|3[0-9]|[46][1-9a-fA-F]|[57][0-9aA]|5[fF]|7[eE]).*")
"""Paths with an escape of an unreserved character, which normalization decodes, or of the null character."""
ESCAPED_SLASHES = matching(r"(?i).*%(?:2f|5c).*")


def visible_paths(manager: HttpConnectionManager | None = None) -> Language:
    """The paths that the routes of a manager can see, without the query.

    None stands for a manager as Istio sets it up by default, which normalizes paths and keeps doubled slashes.
    """
    paths = SENDABLE
    if manager is None or manager.normalize_path:
        dots = containing("/./") | containing("/../") | ending_with("/.") | ending_with("/..")
        paths = paths - ESCAPED - DECODED - dots
    if manager is not None and manager.path_with_escaped_slashes_action not in KEEP:
        paths = paths - ESCAPED_SLASHES
    return paths - containing("//") if manager is not None and manager.merge_slashes else paths


KEEP = ("KEEP_UNCHANGED", "IMPLEMENTATION_SPECIFIC_DEFAULT")
