"""Ports in policies that no selected workload listens on, because they are ports of a Service."""

from collections.abc import Iterable, Iterator
from functools import partial

from meshcompile.analyze.context import Context
from meshcompile.analyze.pods import LeadingPort, declared_ports
from meshcompile.analyze.policies import NO_EFFECT, Place, pods_of
from meshcompile.codes.policy_effects import PORT_MTLS_UNKNOWN_PORT, SERVICE_PORT_IN_POLICY
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.models.security.authorization_policy import AuthorizationPolicy
from meshcompile.models.security.peer_authentication import PeerAuthentication
from meshcompile.snapshot.authentication import peer_selector

PORT_KEY = "destination.port"


def policy_ports(context: Context) -> Iterator[Diagnostic]:
    """A finding for each port that is not a port of the selected workloads."""
    for policy in context.resources.all(AuthorizationPolicy):
        written = tuple(_ports(policy))
        if written:
            yield from _of_authorization(context, policy, written)
    for peer in context.resources.all(PeerAuthentication):
        if peer.spec.port_level_mtls and peer.namespace != context.snapshot.mesh.root_namespace:
            yield from _of_authentication(context, peer)


def _ports(policy: AuthorizationPolicy) -> Iterator[tuple[int, Place]]:
    """The ports in a policy, with their positions."""
    for rule in policy.spec.rules:
        for operation in (to.operation for to in rule.to):
            for index, port in enumerate(() if operation is None else operation.ports):
                if operation is not None and port.isdecimal():
                    yield int(port), partial(operation.at, "ports", index)
        for condition in rule.when:
            for index, port in enumerate(condition.values if condition.key == PORT_KEY else ()):
                if port.isdecimal():
                    yield int(port), partial(condition.at, "values", index)


def _of_authorization(
    context: Context, policy: AuthorizationPolicy, written: tuple[tuple[int, Place], ...]
) -> Iterator[Diagnostic]:
    pods = pods_of(context, policy)
    reached, known = _listening(context, pods)
    for port, place in written:
        leading = next((each for each in reached if each.port.port == port and each.target not in (None, port)), None)
        if port not in known and leading is not None:
            yield SERVICE_PORT_IN_POLICY(
                place(),
                port=port,
                service=leading.service.name,
                target=leading.target,
                effect=NO_EFFECT[policy.spec.action],
                suggestion=f"write `{leading.target}`",
                related=(Related("the port of the Service", leading.port.origin),),
            )


def _of_authentication(context: Context, peer: PeerAuthentication) -> Iterator[Diagnostic]:
    pods = tuple(context.pods.selected(peer_selector(peer), peer.namespace)) if peer_selector(peer) else ()
    reached, known = _listening(context, pods)
    for port in peer.spec.port_level_mtls if known else ():
        if int(port) not in known:
            leading = next((each for each in reached if each.port.port == int(port)), None)
            yield PORT_MTLS_UNKNOWN_PORT(
                peer.spec.at("port_level_mtls", str(port)),
                port=port,
                suggestion=f"they listen on {', '.join(map(str, sorted(known)))}"
                if leading is None
                else f"Service {leading.service.name} maps {port} to {leading.target}: write `{leading.target}`",
                related=() if leading is None else (Related("the port of the Service", leading.port.origin),),
            )


def _listening(context: Context, pods: Iterable[Pod]) -> tuple[tuple[LeadingPort, ...], frozenset[int]]:
    """The ports of Services that forward to some Pods, and all ports on which these Pods are known to listen."""
    selected = tuple(pods)
    reached = tuple(port for pod in selected for port in context.pods.reaching(pod))
    declared = frozenset[int]().union(*map(declared_ports, selected))
    return reached, declared | {port.target for port in reached if port.target is not None}
