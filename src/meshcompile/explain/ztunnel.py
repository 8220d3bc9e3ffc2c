"""What ztunnel decides about a connection to a workload of the ambient mesh.

ztunnel sees connections, not requests. istiod leaves out a rule that allows by something of HTTP. Of a rule that
denies, it leaves out what is about HTTP. ztunnel skips what is left if it is empty: the rule denies nothing.
A policy with a target is for a waypoint.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from ipaddress import ip_address, ip_network

from msgspec import Struct

from meshcompile.documents import NOWHERE, Origin
from meshcompile.models.security.authorization_policy import (
    AuthorizationPolicy,
    AuthorizationPolicyAction,
    Condition,
    Operation,
    Rule,
    Source,
)
from meshcompile.resolve.security.mtls import peer_policy
from meshcompile.snapshot.authentication import MutualTlsMode
from meshcompile.snapshot.policy_targets import targets
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.labels import Labels, selects

SPIFFE = "spiffe://"


class TunnelledConnection(Struct, frozen=True):
    """A connection to a workload. `identity` is the SPIFFE identity of the client, "" for plain text."""

    identity: str
    source: str
    port: int

    @property
    def namespace(self) -> str:
        parts = self.identity.split("/ns/")
        return parts[1].partition("/")[0] if len(parts) == 2 else ""


class ZtunnelDecision(Struct, frozen=True):
    """What ztunnel does with a connection. `origin` is the place that decides; `workload` is the one that it is for."""

    workload: str
    allowed: bool
    why: str
    origin: Origin = NOWHERE


def ztunnel_decision(
    snapshot: Snapshot, workload: tuple[str, str, Labels], connection: TunnelledConnection
) -> ZtunnelDecision:
    """The decision about a connection to a workload: its name, its namespace and its labels."""
    name, namespace, labels = workload
    full_name = f"{name}.{namespace}"
    peer = peer_policy(snapshot.authentication, namespace, labels)
    if peer.for_port(connection.port) is MutualTlsMode.STRICT and not connection.identity:
        origin = peer.policies[0].origin if peer.policies else NOWHERE
        why = "the workload takes mutual TLS only, and the client is not in the mesh"
        return ZtunnelDecision(full_name, False, why, origin)
    policies = [each for each in _policies(snapshot, namespace) if _selects(each, labels)]
    denying = (each for each in policies if each.spec.action is AuthorizationPolicyAction.DENY)
    for policy in denying:
        if (rule := _matching(policy, connection)) is not None:
            return ZtunnelDecision(full_name, False, f"policy {policy.full_name} denies the connection", rule)
    allowing = [each for each in policies if each.spec.action is AuthorizationPolicyAction.ALLOW]
    if not allowing:
        return ZtunnelDecision(full_name, True, "no policy is against it")
    for policy in allowing:
        if (rule := _matching(policy, connection)) is not None:
            return ZtunnelDecision(full_name, True, f"policy {policy.full_name} allows the connection", rule)
    return ZtunnelDecision(full_name, False, _refusal(allowing[0], connection), _nearest(allowing[0]))


def _policies(snapshot: Snapshot, namespace: str) -> Iterable[AuthorizationPolicy]:
    by_namespace, root = snapshot.authorization.by_namespace, snapshot.mesh.root_namespace
    return (policy for each in dict.fromkeys((namespace, root)) for policy in by_namespace.get(each, ()))


def _selects(policy: AuthorizationPolicy, labels: Labels) -> bool:
    selector = policy.spec.selector
    return not targets(policy.spec) and (selector is None or selects(selector.match_labels, labels))


def _refusal(policy: AuthorizationPolicy, connection: TunnelledConnection) -> str:
    who = connection.identity.removeprefix(SPIFFE) or "a client without an identity"
    if any(_is_about_http(rule) for rule in policy.spec.rules):
        return (
            f"policy {policy.full_name} has rules about HTTP, which ztunnel cannot see, and no other rule allows {who}"
        )
    return f"policy {policy.full_name} does not allow {who}"


def _nearest(policy: AuthorizationPolicy) -> Origin:
    """The first rule that is about HTTP, else the first rule, else the policy."""
    rules = policy.spec.rules
    about_http = (rule.origin for rule in rules if _is_about_http(rule))
    return next(about_http, rules[0].origin if rules else policy.origin)


def _matching(policy: AuthorizationPolicy, connection: TunnelledConnection) -> Origin | None:
    """The place of the first rule that matches."""
    denies = policy.spec.action is AuthorizationPolicyAction.DENY
    for rule in policy.spec.rules:
        if (denies or not _is_about_http(rule)) and _holds(rule, connection):
            return rule.origin
    return None


def _is_about_http(rule: Rule) -> bool:
    sources = (each.source for each in rule.from_ if each.source is not None)
    operations = (each.operation for each in rule.to if each.operation is not None)
    return (
        any(s.request_principals or s.not_request_principals or s.remote_ip_blocks for s in sources)
        or any(_has_http(operation) for operation in operations)
        or any(each.key not in CONDITIONS for each in rule.when)
    )


def _has_http(operation: Operation) -> bool:
    http = (operation.hosts, operation.methods, operation.paths)
    return any((*http, operation.not_hosts, operation.not_methods, operation.not_paths))


def _holds(rule: Rule, connection: TunnelledConnection) -> bool:
    sources = [each.source for each in rule.from_ if each.source is not None]
    operations = [each.operation for each in rule.to if each.operation is not None]
    return (
        (not sources or any(_from(source, connection) for source in sources))
        and (not operations or any(_to(operation, connection) for operation in operations))
        and all(condition.key in CONDITIONS and _when(condition, connection) for condition in rule.when)
    )


def _from(source: Source, connection: TunnelledConnection) -> bool:
    identity = connection.identity.removeprefix(SPIFFE)
    return _is_about_connections(source) and (
        _among(source.principals, source.not_principals, lambda each: _text(each, identity))
        and _among(source.namespaces, source.not_namespaces, lambda each: _text(each, connection.namespace))
        and _among(source.ip_blocks, source.not_ip_blocks, lambda each: _in_block(each, connection.source))
        and _among(source.service_accounts, source.not_service_accounts, lambda each: _account(each, connection))
    )


def _is_about_connections(source: Source) -> bool:
    """False for a source without anything that ztunnel compares."""
    wanted = (source.principals, source.namespaces, source.ip_blocks, source.service_accounts)
    unwanted = (source.not_principals, source.not_namespaces, source.not_ip_blocks, source.not_service_accounts)
    return any((*wanted, *unwanted))


def _account(wanted: str, connection: TunnelledConnection) -> bool:
    namespace, slash, name = wanted.rpartition("/")
    place = f"/ns/{namespace}/sa/{name}" if slash else f"/sa/{name}"
    return connection.identity.endswith(place)


def _to(operation: Operation, connection: TunnelledConnection) -> bool:
    has_ports = bool(operation.ports or operation.not_ports)
    return has_ports and _among(operation.ports, operation.not_ports, lambda each: each == str(connection.port))


CONDITIONS: dict[str, Callable[[str, TunnelledConnection], bool]] = {
    "source.ip": lambda wanted, connection: _in_block(wanted, connection.source),
    "source.namespace": lambda wanted, connection: _text(wanted, connection.namespace),
    "source.principal": lambda wanted, connection: _text(wanted, connection.identity.removeprefix(SPIFFE)),
    "destination.port": lambda wanted, connection: wanted == str(connection.port),
}
"""The conditions that are not about HTTP."""


def _when(condition: Condition, connection: TunnelledConnection) -> bool:
    holds = CONDITIONS[condition.key]
    return _among(condition.values, condition.not_values, lambda each: holds(each, connection))


def _among(values: Sequence[str], not_values: Sequence[str], holds: Callable[[str], bool]) -> bool:
    return (not values or any(map(holds, values))) and not any(map(holds, not_values))


def _text(wanted: str, found: str) -> bool:
    """An exact text, `prefix*`, `*suffix`, or `*` for any text but none."""
    if wanted == "*":
        return bool(found)
    if wanted.endswith("*"):
        return found.startswith(wanted[:-1])
    return found.endswith(wanted[1:]) if wanted.startswith("*") else found == wanted


def _in_block(block: str, address: str) -> bool:
    try:
        return ip_address(address) in ip_network(block, strict=False)
    except ValueError:
        return False


def denials(decisions: Iterable[tuple[int, ZtunnelDecision]]) -> Iterator[ZtunnelDecision]:
    """The decisions against a connection."""
    return (decision for _, decision in decisions if not decision.allowed)
