"""The certificates of authorities of a BackendTLSPolicy. Follows istiod's `getBackendTLSCredentialName`."""

from msgspec import Struct

from meshcompile.models.gateway_api.backend_policies import BackendTLSPolicy
from meshcompile.models.gateway_api.references import LocalObjectReference
from meshcompile.snapshot.gateway_api.certificates import missing_authorities
from meshcompile.snapshot.gateway_api.conditions import INVALID, INVALID_KIND, Invalid
from meshcompile.snapshot.gateway_api.references import CONFIG_MAP, GroupKind
from meshcompile.snapshot.gateway_api.referents import REFERABLE, Referents
from meshcompile.values import credentials

FIRST_ONLY = "; warning: only the first caCertificateRefs will be used"
INVALID_AUTHORITY = "InvalidCACertificateRef"


class BackendAuthorities(Struct, frozen=True):
    """The credential name of the authorities, "" for those of the proxy's system.

    `invalid` says why the policy is not accepted, `unresolved` why its reference is not.
    """

    credential: str = ""
    invalid: Invalid | None = None
    unresolved: Invalid | None = None
    warning: str = ""


def backend_authorities(policy: BackendTLSPolicy, referents: Referents) -> BackendAuthorities:
    """The authorities by which a policy checks backends. istiod reads the first reference only."""
    validation = policy.spec.validation
    known, refs = validation.well_known_ca_certificates, validation.ca_certificate_refs
    if known is not None and known != "System":
        place = validation.at("well_known_ca_certificates")
        return BackendAuthorities(invalid=Invalid(INVALID, f"Unknown wellKnownCACertificates: {known}", place))
    if known is not None or not refs:
        return BackendAuthorities()
    ref, warning = refs[0], FIRST_ONLY if len(refs) > 1 else ""
    problem, unresolved = _problem(ref, policy.namespace, referents)
    if not problem:
        return BackendAuthorities(f"{credentials.CONFIG_MAP}{policy.namespace}/{ref.name}", warning=warning)
    invalid = Invalid("NoValidCACertificate", f"Certificate reference invalid: {problem}", ref.origin)
    return BackendAuthorities(credentials.INVALID, invalid, unresolved, warning)


def _problem(ref: LocalObjectReference, namespace: str, referents: Referents) -> tuple[str, Invalid | None]:
    """What is wrong with a reference, and how istiod reports it; "" if it leads to certificates."""
    kind = GroupKind(ref.group, ref.kind)
    if kind not in REFERABLE:
        problem = f"unsupported kind {ref.kind}"
        return problem, Invalid(INVALID_KIND, f"Certificate reference not supported: {problem}", ref.at("kind"))
    if problem := referents.problem(kind, namespace, ref.name):
        return problem, Invalid(INVALID_AUTHORITY, f"Certificate reference not found: {problem}", ref.at("name"))
    if kind != CONFIG_MAP:
        problem = f"unsupported reference kind: {ref.kind}"
        return problem, Invalid(INVALID_KIND, f"Certificate reference invalid: {problem}", ref.at("kind"))
    problem = missing_authorities(referents.config_maps[namespace, ref.name].data)
    return problem, Invalid(INVALID_AUTHORITY, f"Certificate invalid: {problem}", ref.origin) if problem else None
