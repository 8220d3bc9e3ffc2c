"""What ztunnel decides about a connection to a workload of the ambient mesh, in words, with the place that decides.

ztunnel decides by the authorizations that istiod sends it, which `meshcompile ztunnel` prints.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from meshcompile.documents import NOWHERE, Origin
from meshcompile.envoy.workload_security import Authorization, Group
from meshcompile.resolve.security.mtls import peer_policy
from meshcompile.snapshot.authentication import MutualTlsMode, own_mode
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.labels import Labels
from meshcompile.ztunnel.attributes import is_about_http
from meshcompile.ztunnel.peer_authentication import CONVERTED, STATIC_STRICT
from meshcompile.ztunnel.policies import ZtunnelPolicies, policy_name, workload_policies
from meshcompile.ztunnel.rbac import ConnectionVerdict, TunnelledConnection, connection_verdict


class ZtunnelDecision(Struct, frozen=True):
    """What ztunnel does with a connection. `origin` is the place that decides; `workload` is the one that it is for."""

    workload: str
    allowed: bool
    why: str
    origin: Origin = NOWHERE


def snapshot_policies(snapshot: Snapshot) -> ZtunnelPolicies:
    """The policies that istiod sends ztunnel."""
    policies = (policy for group in snapshot.authorization.by_namespace.values() for policy in group)
    peers = (policy for group in snapshot.authentication.peer.values() for policy in group)
    return workload_policies(policies, peers, snapshot.mesh.root_namespace)


def ztunnel_decision(
    snapshot: Snapshot, policies: ZtunnelPolicies, workload: tuple[str, str, Labels], connection: TunnelledConnection
) -> ZtunnelDecision:
    """The decision about a connection to a workload: its name, its namespace and its labels."""
    name, namespace, labels = workload
    verdict = connection_verdict(policies.holding_for(namespace, labels), connection)
    why, origin = _reason(snapshot, verdict, (namespace, labels), connection)
    return ZtunnelDecision(f"{name}.{namespace}", verdict.allowed, why, origin)


def _reason(
    snapshot: Snapshot, verdict: ConnectionVerdict, workload: tuple[str, Labels], connection: TunnelledConnection
) -> tuple[str, Origin]:
    policy = verdict.policy
    if policy is None:
        return "no policy is against it", NOWHERE
    if verdict.group is None:
        return _refusal(snapshot, policy, connection)
    if policy.name.startswith((STATIC_STRICT, CONVERTED)):
        why = "the workload takes mutual TLS only, and the client is not in the mesh"
        return why, _strict_place(snapshot, verdict.group, workload)
    verb = "allows" if verdict.allowed else "denies"
    return f"policy {policy_name(policy)} {verb} the connection", _place(verdict.group)


def _place(group: Group) -> Origin:
    """The place of a rule that matches."""
    return next(iter(group.origins), NOWHERE)


def _strict_place(snapshot: Snapshot, group: Group, workload: tuple[str, Labels]) -> Origin:
    """The port or the policy that demands mutual TLS. All strict workloads share one authorization, which has no place
    of its own.
    """
    modes = peer_policy(snapshot.authentication, *workload).policies
    strict = (policy.origin for policy in modes if own_mode(policy) is MutualTlsMode.STRICT)
    place = _place(group)
    return place if place is not NOWHERE else next(strict, NOWHERE)


def _refusal(snapshot: Snapshot, of: Authorization, connection: TunnelledConnection) -> tuple[str, Origin]:
    """Why a policy does not allow a connection. The place is the first rule about HTTP, else the first rule."""
    policy = snapshot.authorization.named(of.namespace, of.name)
    rules = () if policy is None else policy.spec.rules
    about_http = next((rule.origin for rule in rules if is_about_http(rule)), None)
    who = connection.principal or "a client without an identity"
    if about_http is not None:
        why = f"policy {policy_name(of)} has rules about HTTP, which ztunnel cannot see, and no other rule allows {who}"
        return why, about_http
    return f"policy {policy_name(of)} does not allow {who}", rules[0].origin if rules else of.origins[0]


def denials(decisions: Iterable[tuple[int, ZtunnelDecision]]) -> Iterator[ZtunnelDecision]:
    """The decisions against a connection."""
    return (decision for _, decision in decisions if not decision.allowed)
