"""The paths that routes can see, after the connection manager has normalized them."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, reduce
from operator import or_
from typing import NamedTuple

from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager
from meshcompile.envoy.traversal import filter_chains
from meshcompile.spaces import Language, containing, ending_with, matching, starting_with

ANY_PATH = starting_with("/")
SENDABLE = matching(r"/[!-~]*") - matching(r".*[?#].*")
ESCAPED = matching(r".*[\"<>`{}\\].*")
"""Paths with a character that normalization replaces."""
DECODED = matching(r".*%(?:00|2[dDeE]|3[0-9]|[46][1-9a-fA-F]|[57][0-9aA]|5[fF]|7[eE]).*")
"""Paths with an escape of an unreserved character, which normalization decodes, or of the null character."""
ESCAPED_SLASHES = matching(r"(?i).*%(?:2f|5c).*")


class Normalization(NamedTuple):
    """What a connection manager does to paths."""

    normalizes: bool
    keeps_escaped_slashes: bool
    merges_slashes: bool


ISTIO_NORMALIZATION = Normalization(normalizes=True, keeps_escaped_slashes=True, merges_slashes=False)


def visible_paths(manager: HttpConnectionManager | None = None) -> Language:
    """The paths that the routes of a manager can see, without the query.

    None stands for a manager as Istio sets it up by default, which normalizes paths and keeps doubled slashes.
    """
    return _visible(ISTIO_NORMALIZATION if manager is None else _normalization(manager))


@cache
def _visible(normalization: Normalization) -> Language:
    paths = SENDABLE
    if normalization.normalizes:
        dots = containing("/./") | containing("/../") | ending_with("/.") | ending_with("/..")
        paths = paths - ESCAPED - DECODED - dots
    if not normalization.keeps_escaped_slashes:
        paths = paths - ESCAPED_SLASHES
    return paths - containing("//") if normalization.merges_slashes else paths


def visible_paths_of(managers: Iterable[HttpConnectionManager]) -> Language:
    """The paths that the routes of one table can see, which some managers use; those of the default one for none."""
    kinds = {_normalization(each): each for each in managers}
    return reduce(or_, map(visible_paths, kinds.values())) if kinds else visible_paths()


def users_of_tables(listeners: Iterable[Listener]) -> Mapping[str, Sequence[HttpConnectionManager]]:
    """The managers that use each route table, by its name."""
    found: dict[str, list[HttpConnectionManager]] = {}
    for listener in listeners:
        for chain in filter_chains(listener):
            for each in chain.filters:
                if isinstance(each.typed_config, HttpConnectionManager) and each.typed_config.rds is not None:
                    found.setdefault(each.typed_config.rds.route_config_name, []).append(each.typed_config)
    return found


def _normalization(manager: HttpConnectionManager) -> Normalization:
    keeps = manager.path_with_escaped_slashes_action in KEEP
    return Normalization(bool(manager.normalize_path), keeps, manager.merge_slashes)


KEEP = ("KEEP_UNCHANGED", "IMPLEMENTATION_SPECIFIC_DEFAULT")
