"""What each rule of a policy lets through, and the rules that refuse some of it."""

from collections.abc import Iterator

from msgspec import Struct

from meshcompile.envoy.config.rbac import Policy
from meshcompile.envoy.message import source_map
from meshcompile.prove.arrivals import Question, of_chain
from meshcompile.prove.conditions import policy_conditions
from meshcompile.prove.rows import ReachException
from meshcompile.spaces import EVERYTHING, Space
from meshcompile.symbolic.admissions import ChainAdmission
from meshcompile.symbolic.gates import Gate
from meshcompile.symbolic.rbac import policy_space


class AdmittedPart(Struct, frozen=True):
    """What one rule lets through at some filter chains. `name` is "" where no policy allows anything in particular."""

    gate: Gate
    name: str
    policy: Policy | None
    requests: Space


def allowing(gate: Gate) -> Iterator[tuple[str, Policy | None]]:
    """The rules of which one must let a request through, by name; one without a policy if there are none."""
    last = next((each for each in reversed(gate.rules) if each.action == "ALLOW"), None)
    yield from sorted(last.policies.items()) if last is not None else [("", None)]


def parts_of(admission: ChainAdmission, question: Question) -> Iterator[AdmittedPart]:
    """What each rule lets through at a filter chain."""
    admitted = of_chain(admission, question)
    for name, policy in allowing(admission.gate):
        requests = admitted if policy is None else admitted & admission.as_sent(policy_space(policy))
        if not requests.is_empty:
            yield AdmittedPart(admission.gate, name, policy, requests)


def exceptions(part: AdmittedPart) -> Iterator[ReachException]:
    """The rules that refuse some of what a rule lets through."""
    admitted = policy_space(part.policy) if part.policy is not None else EVERYTHING
    for rules in part.gate.rules:
        for name, policy in sorted(rules.policies.items()) if rules.action == "DENY" else ():
            if not (admitted & policy_space(policy)).is_empty:
                yield ReachException(name, policy_conditions(policy), source_map(policy).get("", ()))
