"""Routes by claims of tokens that nothing validates. Follows istioctl's `JWTClaimRouteAnalyzer`."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from meshcompile.analyze.context import Context
from meshcompile.analyze.places import whole
from meshcompile.codes.security import CLAIMS_WITHOUT_AUTHENTICATION
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.documents import Origin
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.models.networking.virtual_service import MESH_GATEWAY, VirtualService
from meshcompile.models.security.request_authentication import RequestAuthentication
from meshcompile.snapshot.short_names import qualified_gateway
from meshcompile.values.labels import Labels, selects

CLAIMS = "@request.auth.claims"


def claims_without_authentication(context: Context) -> Iterator[Diagnostic]:
    """A finding for each Pod of a gateway that has routes by claims and no RequestAuthentication."""
    selectors: dict[str, list[Labels]] = defaultdict(list)
    for policy in context.written.all(RequestAuthentication):
        selectors[policy.namespace].append({} if policy.spec.selector is None else policy.spec.selector.match_labels)
    for virtual_service in context.written.all(VirtualService):
        claim = _claim(virtual_service)
        if virtual_service.spec.gateways and claim is not None:
            yield from _unauthenticated(context, virtual_service, claim, selectors)


def _unauthenticated(
    context: Context, virtual_service: VirtualService, claim: Origin, selectors: Mapping[str, Sequence[Labels]]
) -> Iterator[Diagnostic]:
    root = context.snapshot.mesh.root_namespace
    for written in virtual_service.spec.gateways:
        gateway = context.gateways.get(qualified_gateway(written, virtual_service.namespace))
        if written == MESH_GATEWAY or gateway is None:
            continue
        for pod in context.written.pods.selected(gateway.spec.selector):
            if not _is_authenticated(pod, (*selectors.get(root, ()), *selectors.get(pod.namespace, ()))):
                yield CLAIMS_WITHOUT_AUTHENTICATION(
                    claim,
                    reported=whole(virtual_service),
                    key=claim.path[-1],
                    gateway=gateway.full_name,
                    pod=pod.name,
                    related=(Related("the Gateway", gateway.origin),),
                )


def _is_authenticated(pod: Pod, selectors: Sequence[Labels]) -> bool:
    return any(selects(selector, pod.metadata.labels) for selector in selectors)


def _claim(virtual_service: VirtualService) -> Origin | None:
    """The first header of a match that stands for a claim; None if there is none."""
    matches = (match for http in virtual_service.spec.http for match in http.match)
    fields = ((match.at(field), getattr(match, field)) for match in matches for field in ("headers", "without_headers"))
    return next((place.at(key) for place, headers in fields for key in headers if _is_claim(key)), None)


def _is_claim(header: str) -> bool:
    name = header[len(CLAIMS) :]
    in_brackets = name.startswith("[") and name.endswith("]") and len(name) > len("[]")
    return header.lower().startswith(CLAIMS) and (in_brackets or (name.startswith(".") and len(name) > 1))
