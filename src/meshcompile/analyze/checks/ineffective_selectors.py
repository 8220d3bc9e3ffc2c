"""Selectors for gateways of the Gateway API. Follows istioctl's `k8sgateway.SelectorAnalyzer`."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.places import selector_place, whole
from meshcompile.analyze.pods import Pods
from meshcompile.codes.security import INEFFECTIVE_SELECTOR
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.extensions.wasm_plugin import WasmPlugin
from meshcompile.models.security.authorization_policy import AuthorizationPolicy
from meshcompile.models.security.request_authentication import RequestAuthentication
from meshcompile.models.telemetry.telemetry import Telemetry

GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"


def ineffective_selectors(context: Context) -> Iterator[Diagnostic]:
    """A finding for each such gateway whose Pods a policy selects."""
    written = context.written
    pods = Pods(tuple(pod for pod in written.pods.all if GATEWAY_NAME in pod.metadata.labels), ())
    if not pods.all:
        return
    policies: tuple[AuthorizationPolicy | RequestAuthentication | Telemetry | WasmPlugin, ...] = (
        *written.all(AuthorizationPolicy),
        *written.all(RequestAuthentication),
        *written.all(Telemetry),
        *written.all(WasmPlugin),
    )
    for policy in policies:
        if policy.spec.selector is None or policy.spec.target_ref is not None:
            continue
        labels = policy.spec.selector.match_labels
        place = selector_place(policy, labels, "spec", "selector", "matchLabels")
        selected = pods.selected(labels, policy.namespace)
        for gateway in sorted({pod.metadata.labels[GATEWAY_NAME] for pod in selected}):
            yield INEFFECTIVE_SELECTOR(place, reported=whole(policy), gateway=gateway)
