"""Which proxies use an object, why the others do not, and what the checks say about it."""

from collections.abc import Iterator

from meshcompile.describe.description import DescribedFact
from meshcompile.describe.world import DescribedWorld, RunningProxy
from meshcompile.diagnostics import Severity
from meshcompile.models.base import Resource
from meshcompile.snapshot.virtual_services import MergedVirtualService
from meshcompile.uses import READ_FOR_OTHERS

MOST_NAMES = 4


def names(running: list[RunningProxy]) -> str:
    """The names of the first proxies, and how many there are."""
    distinct = list(dict.fromkeys(each.name for each in running))
    more = len(distinct) - MOST_NAMES
    return ", ".join(distinct[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def full_name(merged: MergedVirtualService) -> str:
    """`VirtualService shop/catalog`, or the kind of the route that it comes from."""
    return f"{merged.origin.document.kind or 'VirtualService'} {merged.namespace}/{merged.name}"


def usage(world: DescribedWorld, resource: Resource) -> Iterator[DescribedFact]:
    """The proxies that get something of an object, and those that do not by their reasons."""
    if resource.kind in READ_FOR_OTHERS:
        yield DescribedFact(READ_FOR_OTHERS[resource.kind])
        return
    using = [each for each in world.proxies if world.places_in(each.proxy, resource.origin.document)]
    if using:
        yield DescribedFact(f"used by {len(using)} of {len(world.proxies)}: {names(using)}")
    elif world.proxies:
        yield DescribedFact("no proxy uses it", problem=True)
    users, left_out = set(using), dict[str, list[RunningProxy]]()
    for running in world.proxies:
        if running not in users:
            left_out.setdefault(world.reason(running, resource), []).append(running)
    for reason, several in left_out.items():
        yield DescribedFact(f"not used by {names(several)}: {reason}")


def findings(world: DescribedWorld, *resources: Resource) -> Iterator[DescribedFact]:
    """What the checks say about some objects."""
    for finding in world.about(each.origin.document for each in resources):
        is_problem = finding.severity is not Severity.INFO
        yield DescribedFact(f"{finding.code} {finding.message}", finding.origin, is_problem)


def conditions(world: DescribedWorld, resource: Resource) -> Iterator[DescribedFact]:
    """The conditions that istiod writes into the status of an object of the Gateway API."""
    for status in world.mesh.status():
        if status.origin.document is resource.origin.document:
            for condition in status.conditions:
                text = f"{condition.type}: {condition.status} ({condition.reason})"
                yield DescribedFact(text, problem=condition in status.problems)
