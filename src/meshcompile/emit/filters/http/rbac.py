"""`envoy.filters.http.rbac`: AUDIT, DENY and ALLOW policies on requests, a filter for each action."""

from meshcompile.emit.rbac import enforced, on_trial, trial_prefix
from meshcompile.envoy.extensions.filters.http.rbac import RBAC
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.resolve.authorization import Rules
from meshcompile.resolve.http_connection import HttpConnection

NAME = "envoy.filters.http.rbac"


def filters(connection: HttpConnection) -> tuple[HttpFilter, ...]:
    guard = connection.traits.authorization
    return guard.memo.once("http rbac", lambda: tuple(_filter(rules) for rules in guard.http.local))


def _filter(rules: Rules) -> HttpFilter:
    return HttpFilter(
        name=NAME,
        typed_config=RBAC(
            rules=enforced(rules), shadow_rules=on_trial(rules), shadow_rules_stat_prefix=trial_prefix(rules)
        ),
    )
