"""`envoy.filters.network.ext_authz`: calls a provider for the connections that CUSTOM policies match."""

from meshcompile.emit.ext_authz import DENIED_SUFFIX, grpc_service, where_matched
from meshcompile.emit.filters.network import rbac as rbac_filter
from meshcompile.emit.rbac import EXT_AUTHZ, rbac
from meshcompile.envoy.config.listener import Filter
from meshcompile.envoy.extensions.filters.network.ext_authz import ExtAuthz
from meshcompile.envoy.extensions.filters.network.rbac import RBAC
from meshcompile.models.security.authorization_policy import AuthorizationPolicyAction as Action
from meshcompile.resolve.listeners.tcp_connection import TcpConnection
from meshcompile.resolve.security.authorization import CustomRules

NAME = "envoy.filters.network.ext_authz"


def filters(connection: TcpConnection) -> tuple[Filter, ...]:
    return tuple(
        network_filter for rules in connection.traits.authorization.tcp.custom for network_filter in _of_provider(rules)
    )


def _of_provider(rules: CustomRules) -> tuple[Filter, ...]:
    if rules.ext_authz is None:
        denied = RBAC(rules=rbac(Action.CUSTOM, rules.enforced, DENIED_SUFFIX), stat_prefix=rbac_filter.STAT_PREFIX)
        return (Filter(name=rbac_filter.NAME, typed_config=denied),)
    noted = RBAC(
        rules=rbac(Action.CUSTOM, rules.dry_run) if rules.dry_run else None,
        shadow_rules=rbac(Action.CUSTOM, rules.enforced),
        shadow_rules_stat_prefix=EXT_AUTHZ,
        stat_prefix=rbac_filter.STAT_PREFIX,
    )
    ext_authz = ExtAuthz(
        stat_prefix=rbac_filter.STAT_PREFIX,
        grpc_service=grpc_service(rules.ext_authz),
        failure_mode_allow=rules.ext_authz.fail_open,
        transport_api_version="V3",
        filter_enabled_metadata=where_matched(rbac_filter.NAME, rules.prefix),
    )
    return (Filter(name=rbac_filter.NAME, typed_config=noted), Filter(name=NAME, typed_config=ext_authz))
