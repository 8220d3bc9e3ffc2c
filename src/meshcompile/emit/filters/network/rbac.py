"""`envoy.filters.network.rbac`: AUDIT, DENY and ALLOW policies for connections, one filter per action."""

from meshcompile.emit.rbac import dry_run, dry_run_prefix, enforced
from meshcompile.envoy.config.listener import Filter
from meshcompile.envoy.extensions.filters.network.rbac import RBAC
from meshcompile.queries import derived
from meshcompile.resolve.listeners.tcp_connection import TcpConnection
from meshcompile.resolve.security.authorization import ActionRules, Authorization

NAME = "envoy.filters.network.rbac"
STAT_PREFIX = "tcp."


def filters(connection: TcpConnection) -> tuple[Filter, ...]:
    return _filters(connection.traits.authorization)


@derived
def _filters(authorization: Authorization) -> tuple[Filter, ...]:
    return tuple(_filter(rules) for rules in authorization.tcp.local)


def _filter(rules: ActionRules) -> Filter:
    return Filter(
        name=NAME,
        typed_config=RBAC(
            rules=enforced(rules),
            shadow_rules=dry_run(rules),
            shadow_rules_stat_prefix=dry_run_prefix(rules),
            stat_prefix=STAT_PREFIX,
        ),
    )
