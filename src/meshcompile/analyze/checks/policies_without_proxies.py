"""Policies that select only Pods without a proxy. AuthorizationPolicies have a code of istioctl for it."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.pods import has_proxy
from meshcompile.codes.policy_effects import NO_PROXY_ENFORCES
from meshcompile.diagnostics import Diagnostic
from meshcompile.inject.decision import is_ambient
from meshcompile.models.extensions.wasm_plugin import WasmPlugin
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.models.security.peer_authentication import PeerAuthentication
from meshcompile.models.security.request_authentication import RequestAuthentication
from meshcompile.models.telemetry.telemetry import Telemetry

Policy = PeerAuthentication | RequestAuthentication | Telemetry | WasmPlugin

SHOWN = 3


def policies_without_proxies(context: Context) -> Iterator[Diagnostic]:
    """A finding for each policy that selects Pods, but none with a proxy."""
    for policy in _policies(context):
        spec = policy.spec
        if spec.selector is None or not spec.selector.match_labels:
            continue
        namespace = "" if policy.namespace == context.snapshot.mesh.root_namespace else policy.namespace
        pods = tuple(context.pods.selected(spec.selector.match_labels, namespace))
        if pods and not any(_is_in_mesh(context, pod) for pod in pods):
            names = ", ".join(f"{pod.namespace}/{pod.name}" for pod in pods[:SHOWN])
            yield NO_PROXY_ENFORCES(
                spec.selector.at("match_labels"),
                kind=policy.kind,
                pods=names if len(pods) <= SHOWN else f"{names} and {len(pods) - SHOWN} more",
            )


def _policies(context: Context) -> Iterator[Policy]:
    root = context.snapshot.mesh.root_namespace
    yield from (peer for peer in context.resources.all(PeerAuthentication) if peer.namespace != root)
    yield from context.resources.all(RequestAuthentication)
    yield from context.resources.all(Telemetry)
    yield from context.resources.all(WasmPlugin)


def _is_in_mesh(context: Context, pod: Pod) -> bool:
    """True for a Pod with a proxy, a gateway, or a Pod of an ambient namespace."""
    labels = context.snapshot.workloads.here.namespace_labels(pod.namespace)
    return has_proxy(pod) or context.serves_gateway(pod) or is_ambient(labels, pod.metadata.labels)
