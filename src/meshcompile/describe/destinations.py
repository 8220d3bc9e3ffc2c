"""DestinationRules: for which clients they hold, and what their subsets select."""

from collections.abc import Iterator
from itertools import chain

from meshcompile.describe.description import DescribedFact
from meshcompile.describe.mutual_tls import rules_by_client
from meshcompile.describe.usage import full_name
from meshcompile.describe.world import DescribedWorld
from meshcompile.models.networking.destination_rule import DestinationRule, Subset
from meshcompile.snapshot.service import Service
from meshcompile.snapshot.virtual_services import MergedVirtualService
from meshcompile.values.hosts import covering, qualified
from meshcompile.values.labels import matches


def covered_services(world: DescribedWorld, rule: DestinationRule) -> tuple[Service, ...]:
    """The services of the host of a rule, which may be a wildcard."""
    host = qualified(rule.spec.host, rule.namespace)
    return tuple(each for each in world.snapshot.services.all if host in covering(each.hostname))


def clients(world: DescribedWorld, rule: DestinationRule) -> Iterator[DescribedFact]:
    """Who follows the rule for each of its services."""
    services = covered_services(world, rule)
    if not services:
        host = qualified(rule.spec.host, rule.namespace)
        yield DescribedFact(f"{host}: the mesh has no such service", rule.origin.at("spec", "host"), problem=True)
    for service in services:
        for namespaces, found in rules_by_client(world, service):
            where = f"{service.hostname}: clients in {', '.join(namespaces)}"
            if found is None:
                yield DescribedFact(f"{where} follow no rule", problem=True)
            elif rule.origin in found.origins:
                others = tuple(_merged(each) for each in found.parts if each is not rule)
                yield DescribedFact(f"{where} follow it", details=others)
            else:
                yield DescribedFact(
                    f"{where} follow DestinationRule {found.namespace}/{found.name}", found.origins[0], True
                )


def _merged(part: DestinationRule) -> DescribedFact:
    return DescribedFact(f"merged with DestinationRule {part.full_name}", part.origin)


def subsets(world: DescribedWorld, rule: DestinationRule) -> Iterator[DescribedFact]:
    """What each subset selects, and the rules that lead to it."""
    services = covered_services(world, rule)
    for subset in rule.spec.subsets:
        workloads = [w for each in services for w in _workloads(world, each)]
        found = sum(matches(subset.labels, labels) for labels in workloads)
        wanted = ", ".join(f"{key}={value}" for key, value in subset.labels.items()) or "all"
        users = tuple(_users(world, subset, {each.hostname for each in services}))
        text = f"{subset.name} ({wanted}): {found} of {len(workloads)} workloads"
        unused = "" if users else "; no rule leads to it"
        yield DescribedFact(f"{text}{unused}", subset.origin, not found or not users, users)


def _workloads(world: DescribedWorld, service: Service) -> list[dict[str, str]]:
    endpoints = world.snapshot.endpoints.of(service)
    return [dict(each.labels) for each in {e.workload.addresses: e for e in endpoints}.values()]


def _users(world: DescribedWorld, subset: Subset, hosts: set[str]) -> Iterator[DescribedFact]:
    for merged in world.snapshot.virtual_services.all:
        if any((host, name) for host, name in _targets(merged) if name == subset.name and host in hosts):
            yield DescribedFact(f"{full_name(merged)} leads to it", merged.origin)


def _targets(merged: MergedVirtualService) -> Iterator[tuple[str, str]]:
    http = (target.destination for rule in merged.http for target in rule.route)
    tls = (target.destination for rule in merged.tls for target in rule.route)
    tcp = (target.destination for rule in merged.tcp for target in rule.route)
    return ((each.host, each.subset) for each in chain(http, tls, tcp))
