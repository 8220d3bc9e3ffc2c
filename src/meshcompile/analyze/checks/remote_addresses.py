"""Policies on the client's address at sidecars, which trust fewer proxies than the gateway before them."""

from collections.abc import Iterator
from functools import partial

from meshcompile.analyze.context import Context
from meshcompile.analyze.policies import Place, pods_of
from meshcompile.analyze.routers import has_sidecar
from meshcompile.codes.policy_rules import REMOTE_ADDRESS_AT_SIDECAR
from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.models.security.authorization_policy import AuthorizationPolicy

FIELDS = ("remote_ip_blocks", "not_remote_ip_blocks")
KEY = "remote.ip"


def remote_addresses(context: Context) -> Iterator[Diagnostic]:
    """A finding for each policy on remote addresses that is for sidecars, where gateways trust proxies before them."""
    policies = [policy for policy in context.resources.all(AuthorizationPolicy) if next(_conditions(policy), None)]
    topologies = [facts.config.gateway_topology for facts in context.routers] if policies else []
    trusted = max((each.num_trusted_proxies for each in topologies if each is not None), default=0)
    for policy in policies if trusted else ():
        pods = pods_of(context, policy)
        if not any(has_sidecar(pod) for pod in pods):
            continue
        also_at_gateways = any(context.serves_gateway(pod) and not has_sidecar(pod) for pod in pods)
        severity = Severity.INFO if also_at_gateways else None
        for place in _conditions(policy):
            yield REMOTE_ADDRESS_AT_SIDECAR(place(), trusted=trusted, severity=severity)


def _conditions(policy: AuthorizationPolicy) -> Iterator[Place]:
    """The places of conditions on the remote address."""
    for rule in policy.spec.rules:
        for source in (each.source for each in rule.from_):
            for field in FIELDS if source is not None else ():
                if source is not None and getattr(source, field):
                    yield partial(source.at, field)
        yield from (partial(each.at, "key") for each in rule.when if each.key == KEY)
