"""Filter chains and rules of authorization policies that no request reaches."""

from collections.abc import Mapping, Sequence

from meshcompile.config import Config
from meshcompile.documents import Origin
from meshcompile.envoy.config.listener import FilterChain, Listener
from meshcompile.envoy.config.rbac import RBAC, Permission, Policy
from meshcompile.envoy.message import source_map
from meshcompile.spaces import Space, Undecided
from meshcompile.symbolic.chains import chain_connections
from meshcompile.symbolic.gates import Gate, gates
from meshcompile.symbolic.rbac import admitted, policy_space
from meshcompile.unreachable.found import Found, UnreachableKind, UnreachableRoute

NEVER = (Permission(not_rule=Permission(any=True)),)
"""The permissions of a policy without rules, which is meant to match nothing."""
Spaces = Mapping[str, Space]


def sort_chains_and_rules(config: Config, found: Found, seen: set[object]) -> None:
    """Add the filter chains and rules of a proxy to those that no request reaches, or to the others."""
    extensions, tables = {each.name: each for each in config.extensions}, {each.name: each for each in config.routes}
    for listener in config.listeners:
        if listener not in seen:
            seen.add(listener)
            _sort_chains(listener, found)
        for _, gate in gates(listener, extensions, tables):
            if gate.rules and gate not in seen:
                seen.add(gate)
                _sort_rules(gate, found)


def _sort_chains(listener: Listener, found: Found) -> None:
    if len(listener.filter_chains) < 2:
        return
    try:
        connections = chain_connections(listener)
    except Undecided:
        return
    for each in connections:
        if each.chain is None or not (places := _places(each.chain)):
            continue
        if each.connections.is_empty:
            kind = UnreachableKind.FILTER_CHAIN
            found.add(UnreachableRoute(listener.name, "", each.chain.name, places, (), kind))
        else:
            found.reached(places[0])


def _sort_rules(gate: Gate, found: Found) -> None:
    try:
        passing = gate.requests()
        for index, rules in enumerate(gate.rules):
            _sort_policies(rules, passing, gate.rules[:index], found)
            passing = admitted(rules, passing)
    except Undecided:
        for rules in gate.rules:
            for policy in rules.policies.values():
                _reached(policy, found)


def _sort_policies(rules: RBAC, passing: Space, before: Sequence[RBAC], found: Found) -> None:
    """Add the policies of one filter. Of two that match the same, the second one is not reached."""
    spaces = {name: policy_space(each) for name, each in sorted(rules.policies.items())}
    needed = dict(spaces)
    for name in reversed(spaces):
        policy = rules.policies[name]
        del needed[name]
        covering = _covering(spaces[name], needed, rules, passing, before)
        if covering is None or policy.permissions == NEVER:
            needed[name] = spaces[name]
            _reached(policy, found)
        elif places := _places(policy):
            kind = UnreachableKind.POLICY_RULE
            found.add(UnreachableRoute("", rules.action, name, places, covering, kind))


def _reached(policy: Policy, found: Found) -> None:
    for place in _places(policy)[:1]:
        found.reached(place)


def _covering(
    wanted: Space, others: Spaces, rules: RBAC, passing: Space, before: Sequence[RBAC]
) -> tuple[tuple[Origin, ...], ...] | None:
    """The places of the policies that take all requests of another one; None if a request is left for it."""
    try:
        rest = wanted & passing
        if rest.is_empty:
            return _refusing(wanted, before)
        by = []
        for name, space in others.items():
            remaining = rest - space
            if remaining != rest:
                by.append(_places(rules.policies[name]))
            rest = remaining
    except Undecided:
        return None
    return tuple(places for places in by if places) if rest.is_empty else None


def _refusing(wanted: Space, before: Sequence[RBAC]) -> tuple[tuple[Origin, ...], ...]:
    """The places of the policies that deny requests of a space before another one is asked."""
    denying = (each for rules in before if rules.action == "DENY" for each in rules.policies.values())
    return tuple(places for each in denying if (places := _places(each)) and not (policy_space(each) & wanted).is_empty)


def _places(message: Policy | FilterChain) -> tuple[Origin, ...]:
    """The places of a message, the innermost first; empty for one that no object asks for."""
    return tuple(sorted(source_map(message).get("", ()), key=lambda origin: -len(origin.path)))
