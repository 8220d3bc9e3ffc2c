"""Consistent hashes for a port that routes do not use, because their destinations name no port."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.codes.client_settings import HASH_NOT_USED
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.networking.destination_rule import DestinationRule, PortTrafficPolicy
from meshcompile.models.networking.virtual_service import VirtualService
from meshcompile.values.hosts import qualified


def unused_hashes(context: Context) -> Iterator[Diagnostic]:
    """A finding for each HTTP destination without a port whose host has a hash only for a port."""
    hashed = {
        qualified(rule.spec.host, rule.namespace): settings
        for rule in context.resources.all(DestinationRule)
        if (settings := _only_for_ports(rule)) is not None
    }
    if not hashed:
        return
    for virtual_service in context.resources.all(VirtualService):
        for target in (target for rule in virtual_service.spec.http for target in rule.route):
            host = qualified(target.destination.host, virtual_service.namespace)
            if target.destination.port is None and host in hashed and not target.destination.subset:
                settings = hashed[host]
                number = 0 if settings.port is None else settings.port.number
                related = (Related("the hash", settings.origin),)
                yield HASH_NOT_USED(
                    target.at("destination"),
                    host=host,
                    port=number,
                    suggestion=f"add `port: {{number: {number}}}`",
                    related=related,
                )


def _only_for_ports(rule: DestinationRule) -> PortTrafficPolicy | None:
    """The first settings of a port with a hash, if the rule has none for all ports."""
    policy = rule.spec.traffic_policy
    if policy is None or (policy.load_balancer is not None and policy.load_balancer.consistent_hash is not None):
        return None
    with_hash = (settings for settings in policy.port_level_settings if settings.load_balancer is not None)
    return next(
        (settings for settings in with_hash if settings.load_balancer and settings.load_balancer.consistent_hash), None
    )
