"""Subsets and settings of DestinationRules that nothing uses."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.codes.clusters import (
    CREDENTIAL_OF_SIDECARS,
    UNKNOWN_PORT,
    UNUSED_SUBSET,
)
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.networking.destination_rule import (
    ClientTLSMode,
    DestinationRule,
    TrafficPolicy,
)
from meshcompile.models.networking.virtual_service import Destination
from meshcompile.resolve.scope.traffic_policy import EffectivePolicy, port_policy, subset_policy
from meshcompile.snapshot.service import Service
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.credentials import CONFIG_MAP
from meshcompile.values.hosts import qualified


def idle_destination_rules(context: Context) -> Iterator[Diagnostic]:
    """A finding for each subset and setting without effect, of rules that have a service."""
    snapshot = context.snapshot
    used = frozenset((destination.host, destination.subset) for destination in _destinations(snapshot))
    for rule in snapshot.destination_rules.all:
        services = context.services_for(qualified(rule.spec.host, rule.namespace))
        if not services:
            continue
        yield from _unused_subsets(rule, services, used)
        for policy in (rule.spec.traffic_policy, *(subset.traffic_policy for subset in rule.spec.subsets)):
            if policy is not None:
                yield from _unknown_ports(policy, services)
        yield from _settings(rule)


def _destinations(snapshot: Snapshot) -> Iterator[Destination]:
    """Every destination that a VirtualService names."""
    for virtual_service in snapshot.virtual_services.all:
        for http in virtual_service.http:
            yield from (target.destination for target in http.route if target.destination is not None)
            yield from (mirror.destination for mirror in http.mirrors if mirror.destination is not None)
            if http.mirror is not None:
                yield http.mirror
        routes = (*(rule.route for rule in virtual_service.tcp), *(rule.route for rule in virtual_service.tls))
        yield from (target.destination for route in routes for target in route if target.destination is not None)


def _unused_subsets(
    rule: DestinationRule, services: tuple[Service, ...], used: frozenset[tuple[str, str]]
) -> Iterator[Diagnostic]:
    for subset in rule.spec.subsets:
        if not any((service.hostname, subset.name) in used for service in services):
            yield UNUSED_SUBSET(subset, subset=subset.name, host=rule.spec.host)


def _unknown_ports(policy: TrafficPolicy, services: tuple[Service, ...]) -> Iterator[Diagnostic]:
    for settings in policy.port_level_settings:
        number = 0 if settings.port is None else settings.port.number
        if not any(service.port(number) for service in services):
            yield UNKNOWN_PORT(settings, host=services[0].hostname, port=number)


def _settings(rule: DestinationRule) -> Iterator[Diagnostic]:
    """Settings that need another setting to have an effect, at every level where they apply."""
    for policy in _policies(rule):
        tls = policy.tls
        if (
            tls is not None
            and tls.mode in (ClientTLSMode.SIMPLE, ClientTLSMode.MUTUAL)
            and tls.credential_name
            and not tls.credential_name.startswith(CONFIG_MAP)
            and rule.spec.workload_selector is None
        ):
            yield CREDENTIAL_OF_SIDECARS(tls.at("credential_name"))


def _policies(rule: DestinationRule) -> Iterator[EffectivePolicy]:
    """The policies that apply: those of the rule and of each subset, for ports with settings and for the others."""
    top = rule.spec.traffic_policy
    for own in (None, *(subset.traffic_policy for subset in rule.spec.subsets)):
        for port in {0, *_ports(top), *_ports(own)}:
            yield port_policy(top, port) if own is None else subset_policy(top, own, port)


def _ports(policy: TrafficPolicy | None) -> Iterator[int]:
    for settings in () if policy is None else policy.port_level_settings:
        yield 0 if settings.port is None else settings.port.number
