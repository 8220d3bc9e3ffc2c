"""`envoy.filters.network.rbac`: AUDIT, DENY and ALLOW policies on connections, a filter for each action."""

from meshcompile.emit.rbac import enforced, on_trial, trial_prefix
from meshcompile.envoy.config.listener import Filter
from meshcompile.envoy.extensions.filters.network.rbac import RBAC
from meshcompile.resolve.authorization import Rules
from meshcompile.resolve.tcp_connection import TcpConnection

NAME = "envoy.filters.network.rbac"
STAT_PREFIX = "tcp."


def filters(connection: TcpConnection) -> tuple[Filter, ...]:
    guard = connection.traits.authorization
    return guard.memo.once("network rbac", lambda: tuple(_filter(rules) for rules in guard.tcp.local))


def _filter(rules: Rules) -> Filter:
    return Filter(
        name=NAME,
        typed_config=RBAC(
            rules=enforced(rules),
            shadow_rules=on_trial(rules),
            shadow_rules_stat_prefix=trial_prefix(rules),
            stat_prefix=STAT_PREFIX,
        ),
    )
