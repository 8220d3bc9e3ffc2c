"""The order of containers after injection.

Follows `reorderPod` (pkg/kube/inject/webhook.go).
"""

from __future__ import annotations

from collections.abc import Sequence

from meshcompile.inject.input import PROXY
from meshcompile.inject.pods import CONTAINERS, INIT_CONTAINERS, containers_of, named, with_spec
from meshcompile.inject.sidecar import INIT, VALIDATION
from meshcompile.inject.typed import Json

CORE_DUMP = "enable-core-dump"


def in_order_of_start(pod: Json, *, proxy_first: bool) -> Json:
    """The Pod with its containers in the order in which they start."""
    containers, init = containers_of(pod, CONTAINERS), containers_of(pod, INIT_CONTAINERS)
    if named(init, PROXY) is None:
        # Validation blocks all others. Redirection comes last, so that the user's init containers reach the network.
        init = _last(_last(_first(init, VALIDATION), INIT), CORE_DUMP)
    else:
        # A native sidecar runs before the user's init containers, and its traffic is redirected before that.
        init = _first(_first(_first(_first(init, CORE_DUMP), PROXY), VALIDATION), INIT)
    move = _first if proxy_first else _last
    changes = {CONTAINERS: move(containers, PROXY), INIT_CONTAINERS: init}
    return with_spec(pod, changes)


def _first(containers: Sequence[Json], name: str) -> list[Json]:
    moved = [each for each in containers if each["name"] == name][-1:]
    return [*moved, *_others(containers, name)]


def _last(containers: Sequence[Json], name: str) -> list[Json]:
    moved = [each for each in containers if each["name"] == name][-1:]
    return [*_others(containers, name), *moved]


def _others(containers: Sequence[Json], name: str) -> list[Json]:
    return [each for each in containers if each["name"] != name]
