"""istiod that fetches keys from any address. Follows istioctl's `authn.BlockedCIDRsAnalyzer`."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.places import whole
from meshcompile.codes.installation import UNRESTRICTED_KEYS
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.kubernetes.workloads import Deployment
from meshcompile.models.security.request_authentication import RequestAuthentication

BLOCKED = "BLOCKED_CIDRS_IN_JWKS_URIS"
SHOWN = 5


def unrestricted_keys(context: Context) -> Iterator[Diagnostic]:
    """A finding for each Deployment of istiod that restricts no addresses, if there are RequestAuthentications."""
    names = [policy.full_name for policy in context.written.all(RequestAuthentication)]
    if not names:
        return
    shown = ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
    for deployment in context.written.all(Deployment):
        if deployment.metadata.labels.get("app") == "istiod" and not _restricts(deployment):
            yield UNRESTRICTED_KEYS(deployment, reported=whole(deployment), count=len(names), names=shown)


def _restricts(deployment: Deployment) -> bool:
    containers = deployment.spec.template.spec.containers
    return any(variable.name == BLOCKED and variable.value for each in containers for variable in each.env)
