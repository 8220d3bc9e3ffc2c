"""Routes of a virtual host that no request can reach."""

from functools import cached_property

from meshcompile.envoy.config.route import RouteConfiguration, VirtualHost
from meshcompile.spaces import (
    NO_REQUESTS,
    Answer,
    FirstMatch,
    Language,
    Proved,
    Refuted,
    Row,
    Space,
    Undecided,
    Unknown,
    space,
)
from meshcompile.symbolic.authorities import authorities_of
from meshcompile.symbolic.paths import visible_paths
from meshcompile.symbolic.rows import USUAL, rows_of, taken_for_granted


class HostTable:
    """The routes of one virtual host, whose first matching route decides."""

    def __init__(self, host: VirtualHost, table: RouteConfiguration, paths: Language | None = None) -> None:
        """The routes of a virtual host.

        Args:
            host: The virtual host.
            table: The table that it is in.
            paths: The paths that its routes can see; by default those that Istio's normalization leaves.
        """
        self.host, self.configuration = host, table
        self.paths = paths or visible_paths()

    @cached_property
    def table(self) -> FirstMatch:
        """The rows, one per route, over all paths."""
        (rows,), _ = rows_of((self.host,), lambda: authorities_of(self.host, self.configuration))
        return FirstMatch(rows, USUAL)

    def unreachable(self, index: int) -> Answer:
        """Whether no request reaches a route. The witness is a request that reaches it.

        A witness has a value for each dimension that the table uses. For `chance:N`, True means that route N takes its
        share of the requests.
        """
        answer = self.table.unreachable(index)
        if isinstance(answer, Refuted) and not self.paths.accepts(answer.witness.get("path", "/")):
            answer = self._with_visible_paths.unreachable(index)
        return _checked(answer)

    @cached_property
    def _with_visible_paths(self) -> FirstMatch:
        """The table over the paths that routes can see. It is exact, and slower."""
        visible = space(path=self.paths)
        return FirstMatch([_within(each, visible) for each in self.table.rows], USUAL)


def _within(each: Row, visible: Space) -> Row:
    try:
        return Row(each.certain & visible, each.possible & visible, each.unknown)
    except Undecided as undecided:
        return Row(NO_REQUESTS, each.possible, str(undecided))


def _checked(answer: Answer) -> Answer:
    """The answer, if its witness takes nothing for granted."""
    match answer:
        case Refuted(witness) if (needed := taken_for_granted(witness)) is not None:
            return Unknown(f"it depends on {needed}")
        case Proved() | Refuted() | Unknown():
            return answer
