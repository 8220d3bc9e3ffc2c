"""Extension providers that policies and Telemetries name, and that the mesh config or the mesh lacks."""

from collections.abc import Iterator

from msgspec.structs import replace

from meshcompile.analyze.context import Context
from meshcompile.analyze.policies import pods_of, policies_of
from meshcompile.behaviour import capabilities
from meshcompile.codes.security import UNKNOWN_PROVIDER
from meshcompile.codes.telemetry import (
    FILTER_WITHOUT_PROVIDER,
    OVERLAPPING_TELEMETRIES,
    PROVIDER_NOT_FOUND,
    PROXY_TOO_OLD,
    SHADOWED_TELEMETRY,
)
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.mesh.defaults import CODE_DEFAULTS
from meshcompile.models.security.authorization_policy import AuthorizationPolicy, AuthorizationPolicyAction
from meshcompile.resolve.security.authorization import custom_policies, provider_findings
from meshcompile.resolve.security.ext_authz import ext_authz_providers
from meshcompile.resolve.telemetry.findings import telemetry_findings

OF_SEVERAL = frozenset({SHADOWED_TELEMETRY.id, OVERLAPPING_TELEMETRIES.id, PROXY_TOO_OLD.id})
"""Codes that depend on the proxy, or for which istioctl has codes of its own."""
GIVE_MESH_CONFIG = "the input sets no `extensionProviders`: give the mesh config with `--mesh-config FILE`"
NEWEST = (99, 0, 0)
"""A release of proxies with all capabilities."""


OF_MISSING_CONFIG = frozenset({UNKNOWN_PROVIDER.id, PROVIDER_NOT_FOUND.id})
"""Codes of findings that a mesh config outside the input explains."""


def providers(context: Context) -> Iterator[Diagnostic]:
    """A finding for each provider that cannot be used, and for each workload with several."""
    if context.snapshot.mesh.extension_providers != CODE_DEFAULTS.extension_providers:
        yield from _unusable(context)
        return
    for finding in _unusable(context):
        asks = finding.code in OF_MISSING_CONFIG and not finding.suggestion
        yield replace(finding, suggestion=GIVE_MESH_CONFIG) if asks else finding


def _unusable(context: Context) -> Iterator[Diagnostic]:
    snapshot = context.snapshot
    for policy in context.resources.all(AuthorizationPolicy):
        if policy.spec.action is AuthorizationPolicyAction.CUSTOM:
            known = ext_authz_providers(snapshot, None)
            for pod in pods_of(context, policy):
                yield from provider_findings(custom_policies(policies_of(context, pod)), known)
            yield from provider_findings(custom_policies([policy]), known)
    left_to_istio = (
        OF_SEVERAL if snapshot.telemetry.defaults.access_logging else OF_SEVERAL | {FILTER_WITHOUT_PROVIDER.id}
    )
    for telemetry in snapshot.telemetry.all:
        for finding in telemetry_findings(snapshot, (telemetry,), capabilities(NEWEST)):
            if finding.code not in left_to_istio:
                yield finding
