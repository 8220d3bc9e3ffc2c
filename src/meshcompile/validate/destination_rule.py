"""Rules of DestinationRules: istiod's `ValidateDestinationRule`."""

from meshcompile.codes import validation as codes
from meshcompile.models.networking.destination_rule import DestinationRule
from meshcompile.validate.checks import Found, errors, export_to, labels, selector
from meshcompile.validate.names import is_label, wildcard_problem
from meshcompile.validate.traffic_policy import traffic_policy


def violations(rule: DestinationRule) -> Found:
    """Findings about a DestinationRule."""
    spec = rule.spec
    if problem := wildcard_problem(spec.host):
        yield codes.HOST(spec.at("host"), host=spec.host, problem=problem)
    yield from traffic_policy(spec.traffic_policy, rule.namespace)
    seen: set[str] = set()
    for subset in spec.subsets:
        if subset.name in seen:
            yield codes.DUPLICATE(subset.at("name"), what="subset", value=subset.name)
        seen.add(subset.name)
        if not is_label(subset.name):
            yield codes.SUBSET_NAME(subset.at("name"), value=subset.name)
        yield from labels(subset, "labels")
        yield from errors(traffic_policy(subset.traffic_policy, rule.namespace))
    yield from export_to(spec, rule.namespace, selects_workloads=spec.workload_selector is not None)
    yield from selector(spec.workload_selector)
