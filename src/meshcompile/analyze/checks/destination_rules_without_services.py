"""DestinationRules without a service, and subsets without Pods. Follows istioctl's `SubsetSelectPodAnalyzer`.

istioctl takes every wildcard for a mistake that is not the host of a ServiceEntry, such as `*.local`. It looks for the
Pods of a subset among all Pods, also those of other services, and does not know the endpoints of ServiceEntries. Here a
wildcard counts as used if it covers a service, and a subset needs an endpoint of its own service.
"""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.in_mesh import assumption
from meshcompile.analyze.places import whole
from meshcompile.codes.clusters import SUBSET_WITHOUT_PODS, UNKNOWN_HOST
from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.models.networking.destination_rule import DestinationRule, Subset
from meshcompile.snapshot.service import Endpoint, Registry, Resolution, Service
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.hosts import qualified
from meshcompile.values.labels import CLUSTER, NETWORK, selects

SHOWN = 5
"""The maximum number of labels in a suggestion."""


def destination_rules_without_services(context: Context) -> Iterator[Diagnostic]:
    """A finding for each rule whose host nothing has, and for each subset that selects no endpoint."""
    for rule in context.written.all(DestinationRule):
        host = qualified(rule.spec.host, rule.namespace)
        services = context.services_for(host)
        if services:
            yield from _subsets(context, rule, services)
        elif not context.assumes(host) and not context.is_host_of_rejected(host):
            yield UNKNOWN_HOST(rule.spec.at("host"), reported=whole(rule), host=rule.spec.host or '""')


def _subsets(context: Context, rule: DestinationRule, services: tuple[Service, ...]) -> Iterator[Diagnostic]:
    """The findings about subsets without endpoints, and infos about those that select only assumed Pods."""
    known = [service for service in services if _selects_endpoints(service)]
    endpoints = tuple(endpoint for service in known for endpoint in context.snapshot.endpoints.of(service))
    for subset in rule.spec.subsets if known else ():
        if _is_elsewhere(context.snapshot, subset):
            continue
        if not any(selects(subset.labels, endpoint.labels) for endpoint in endpoints):
            fails = "requests to it would fail" if context.rejects(rule) else "requests to it fail"
            yield _without_endpoints(rule, subset, endpoints, fails)
        elif not context.written.given_pods.has(subset.labels) and (assumed := _assumed(context, known[0], subset)):
            yield _with_assumed(rule, subset, assumed)


def _assumed(context: Context, service: Service, subset: Subset) -> tuple[Pod, ...]:
    """The assumed Pods of a Service with the labels of a subset."""
    if service.registry is not Registry.KUBERNETES or not service.selector:
        return ()
    return tuple(context.written.pods.selected({**service.selector, **subset.labels}, service.namespace))


def _with_assumed(rule: DestinationRule, subset: Subset, assumed: tuple[Pod, ...]) -> Diagnostic:
    return SUBSET_WITHOUT_PODS(
        rule,  # the position of the subset would cost much in a mesh where all Pods are assumed
        reported=whole(rule),
        subset=subset.name,
        host=rule.spec.host,
        what="Pod of the input",
        effect=assumption(assumed),
        severity=Severity.INFO,
    )


def _without_endpoints(
    rule: DestinationRule, subset: Subset, endpoints: tuple[Endpoint, ...], effect: str
) -> Diagnostic:
    """The finding is at the first label that no endpoint has, or at the labels that none has together."""
    pairs = {pair for endpoint in endpoints for pair in endpoint.labels.items()}
    missing = next((key for key, value in subset.labels.items() if (key, value) not in pairs), None)
    values = sorted({value for key, value in pairs if key == missing})[:SHOWN]
    return SUBSET_WITHOUT_PODS(
        subset.at("labels") if missing is None else subset.at("labels", missing),
        reported=whole(rule),
        subset=subset.name or '""',
        host=rule.spec.host,
        what="endpoint",
        effect=effect,
        suggestion=f"the endpoints have {', '.join(f'{missing}={value}' for value in values)}" if values else "",
    )


def _is_elsewhere(snapshot: Snapshot, subset: Subset) -> bool:
    """True when the subset is that of a cluster or network, and the input has one cluster only."""
    return len(snapshot.workloads.clusters) < 2 and not subset.labels.keys().isdisjoint((CLUSTER, NETWORK))


def _selects_endpoints(service: Service) -> bool:
    """False for a ServiceEntry without resolution: the client names the address, also with a subset."""
    return service.resolution is not Resolution.PASSTHROUGH or service.registry is Registry.KUBERNETES
