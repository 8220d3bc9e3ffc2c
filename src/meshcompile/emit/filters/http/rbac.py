"""`envoy.filters.http.rbac`: AUDIT, DENY and ALLOW policies for requests, one filter per action."""

from meshcompile.emit.rbac import dry_run, dry_run_prefix, enforced
from meshcompile.envoy.extensions.filters.http.rbac import RBAC
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.queries import derived
from meshcompile.resolve.listeners.http_connection import HttpFilterInputs, HttpTraits
from meshcompile.resolve.security.authorization import ActionRules, Authorization

NAME = "envoy.filters.http.rbac"


def filters(traits: HttpTraits, inputs: HttpFilterInputs) -> tuple[HttpFilter, ...]:
    return _filters(traits.authorization)


@derived
def _filters(authorization: Authorization) -> tuple[HttpFilter, ...]:
    return tuple(_filter(rules) for rules in authorization.http.local)


def _filter(rules: ActionRules) -> HttpFilter:
    return HttpFilter(
        name=NAME,
        typed_config=RBAC(
            rules=enforced(rules), shadow_rules=dry_run(rules), shadow_rules_stat_prefix=dry_run_prefix(rules)
        ),
    )
