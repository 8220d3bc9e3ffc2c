"""Clients without an identity, because there is no mutual TLS between them and the server."""

from collections.abc import Iterator
from functools import partial

from meshcompile.analyze.context import Context
from meshcompile.analyze.pods import has_proxy, runs_application
from meshcompile.analyze.policies import Place, pods_of
from meshcompile.analyze.workloads import selector_text
from meshcompile.codes.policy_effects import CALLERS_WITHOUT_PROXY, IDENTITY_WITHOUT_MTLS
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.inject.decision import NEVER_INJECTED, is_ambient
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.models.security.authorization_policy import AuthorizationPolicy
from meshcompile.models.security.peer_authentication import PeerAuthentication
from meshcompile.resolve.security.mtls import peer_policy
from meshcompile.snapshot.authentication import MutualTlsMode, own_mode, peer_selector

IDENTITY_FIELDS = ("principals", "namespaces", "service_accounts")
IDENTITY_KEYS = frozenset({"source.principal", "source.namespace", "source.serviceAccount"})
SHOWN = 3


def identities(context: Context) -> Iterator[Diagnostic]:
    """A finding for each policy on identities without mutual TLS, and for each STRICT server with plaintext clients."""
    modes = {own_mode(peer) for peer in context.resources.all(PeerAuthentication)}
    if MutualTlsMode.DISABLE in modes:
        for policy in context.resources.all(AuthorizationPolicy):
            place = next(_identity_conditions(policy), None)
            if place is not None:
                yield from _without_identity(context, policy, place)
    if MutualTlsMode.STRICT in modes:
        yield from _without_proxy(context)


def _identity_conditions(policy: AuthorizationPolicy) -> Iterator[Place]:
    """The positions of conditions on the identity of clients."""
    for rule in policy.spec.rules:
        for source in (each.source for each in rule.from_):
            for field in IDENTITY_FIELDS if source is not None else ():
                if source is not None and getattr(source, field):
                    yield partial(source.at, field, 0)
        yield from (partial(each.at, "key") for each in rule.when if each.key in IDENTITY_KEYS and each.values)


def _without_identity(context: Context, policy: AuthorizationPolicy, place: Place) -> Iterator[Diagnostic]:
    index = context.snapshot.authentication
    found = [peer_policy(index, pod.namespace, pod.metadata.labels) for pod in pods_of(context, policy)]
    if not found or any({peer.mode, *peer.ports.values()} != {MutualTlsMode.DISABLE} for peer in found):
        return
    deciding = next(each for each in found[0].policies if own_mode(each) is MutualTlsMode.DISABLE)
    asking = place()
    if deciding.spec.mtls is not None:
        yield IDENTITY_WITHOUT_MTLS(
            deciding.spec.mtls.at("mode"),
            rule=f"`{asking.field.rpartition('.')[2].partition('[')[0]}`",
            policy=policy.full_name,
            related=(Related("it asks for an identity", asking),),
        )


def _without_proxy(context: Context) -> Iterator[Diagnostic]:
    callers = [pod for pod in context.pods.all if _sends_plain_text(context, pod)]
    if not callers:
        return
    root = context.snapshot.mesh.root_namespace
    names = ", ".join(sorted({f"{pod.namespace}/{pod.name}" for pod in callers})[:SHOWN])
    more = f" and {len(callers) - SHOWN} more" if len(callers) > SHOWN else ""
    for peer in context.resources.all(PeerAuthentication):
        labels, is_root = peer_selector(peer), peer.namespace == root
        if own_mode(peer) is not MutualTlsMode.STRICT or peer.spec.mtls is None or (labels and is_root):
            continue
        servers = context.pods.selected(labels, "" if is_root else peer.namespace)
        if any(has_proxy(pod) and _is_strict_by(context, pod, peer) for pod in servers):
            whole = "the workloads of the mesh" if is_root else f"the workloads of namespace {peer.namespace}"
            yield CALLERS_WITHOUT_PROXY(
                peer.spec.mtls.at("mode"),
                servers=f"the workloads with {selector_text(labels)}" if labels else whole,
                callers=names + more,
                related=(Related("a workload without a proxy", callers[0].origin),),
            )


def _is_strict_by(context: Context, pod: Pod, peer: PeerAuthentication) -> bool:
    """True if a policy decides the mode of a Pod, and no narrower or older one does."""
    policies = peer_policy(context.snapshot.authentication, pod.namespace, pod.metadata.labels).policies
    return next((each for each in policies if own_mode(each) is not None), None) is peer


def _sends_plain_text(context: Context, pod: Pod) -> bool:
    """True for an application without a proxy, outside system namespaces."""
    workloads = context.snapshot.workloads.here
    return (
        not has_proxy(pod)
        and pod.namespace not in NEVER_INJECTED
        and pod.namespace != context.snapshot.mesh.root_namespace
        and runs_application(pod)
        and not is_ambient(workloads.namespace_labels(pod.namespace), pod.metadata.labels)
        and not context.serves_gateway(pod)
    )
