"""BackendTLSPolicy and XBackendTrafficPolicy: how clients and gateways talk to a Service."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from meshcompile.models.gateway_api.base import GatewayApiNode, GatewayApiResource
from meshcompile.models.gateway_api.limits import REQUIRED, Limits, choice, items
from meshcompile.models.gateway_api.references import (
    LocalObjectReference,
    LocalPolicyTargetReferenceWithSectionName,
)
from meshcompile.models.gateway_api.scalars import GatewayDuration, Hostname, Int, PreciseHostname
from meshcompile.models.gateway_api.session_persistence import SessionPersistence


class SubjectAltName(GatewayApiNode):
    """A name that the backend's certificate may have."""

    type: Annotated[str, choice("Hostname", "URI", required=True)] = ""
    """Whether it is a host or a URI."""
    hostname: Hostname | None = None
    """The host, for `Hostname`."""
    uri: Annotated[str, Limits(1, 253)] | None = None
    """The URI, for `URI`, such as a SPIFFE identity."""


class BackendTLSPolicyValidation(GatewayApiNode):
    """How the backend's certificate is checked."""

    hostname: Annotated[PreciseHostname, REQUIRED] = ""
    """Server name (SNI), which the certificate must have unless `subjectAltNames` are set."""
    ca_certificate_refs: Annotated[tuple[LocalObjectReference, ...], items(8)] = ()
    """ConfigMaps with the certificates of authorities in `ca.crt`; istiod takes the first."""
    well_known_ca_certificates: Annotated[str, Limits(1, 253)] | None = Field(
        default=None, alias="wellKnownCACertificates"
    )
    """`System` for the authorities of the proxy's system."""
    subject_alt_names: Annotated[tuple[SubjectAltName, ...], items(5)] = ()
    """Names of which the certificate must have one, instead of `hostname`."""


class BackendTLSPolicySpec(GatewayApiNode):
    """Specification of a BackendTLSPolicy."""

    target_refs: Annotated[tuple[LocalPolicyTargetReferenceWithSectionName, ...], items(16, 1, required=True)] = ()
    """Services or ServiceEntries of the policy's namespace, or single ports of them."""
    validation: Annotated[BackendTLSPolicyValidation, REQUIRED] = BackendTLSPolicyValidation.model_construct()
    """How the backend's certificate is checked."""
    options: Annotated[Mapping[str, str], items(16)] = {}
    """istiod reads none."""


class BackendTLSPolicy(GatewayApiResource):
    """TLS to a Service: a generated DestinationRule."""

    api_version: Literal["gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1alpha3"] = (
        "gateway.networking.k8s.io/v1"
    )
    kind: Literal["BackendTLSPolicy"] = "BackendTLSPolicy"
    spec: Annotated[BackendTLSPolicySpec, REQUIRED] = BackendTLSPolicySpec.model_construct()
    """Specification."""


class BudgetDetails(GatewayApiNode):
    """How many of the requests may be retries."""

    percent: Annotated[Int, Limits(0, 100)] = 20
    """Share of the active requests, in percent."""
    interval: GatewayDuration = "10s"
    """Time over which they are counted (`budget_interval`). Until Istio 1.30, istiod does not read it."""


class RequestRate(GatewayApiNode):
    """Retries that are always allowed."""

    count: Annotated[Int, Limits(1, 1_000_000)] = 10
    """How many."""
    interval: GatewayDuration = "1s"
    """Time over which they are counted. istiod does not read it."""


class RetryConstraint(GatewayApiNode):
    """Limit on retries."""

    budget: BudgetDetails = BudgetDetails.model_construct()
    """Share of the requests that may be retries."""
    min_retry_rate: RequestRate = RequestRate.model_construct()
    """Retries that are always allowed."""


class XBackendTrafficPolicySpec(GatewayApiNode):
    """Specification of an XBackendTrafficPolicy."""

    target_refs: Annotated[tuple[LocalObjectReference, ...], items(16, 1, required=True)] = ()
    """Services of the policy's namespace."""
    retry_constraint: RetryConstraint | None = None
    """Limit on retries."""
    session_persistence: SessionPersistence | None = None
    """istiod does not support it."""


class XBackendTrafficPolicy(GatewayApiResource):
    """Limit on retries to a Service: a generated DestinationRule."""

    api_version: Literal["gateway.networking.x-k8s.io/v1alpha1"] = "gateway.networking.x-k8s.io/v1alpha1"
    kind: Literal["XBackendTrafficPolicy"] = "XBackendTrafficPolicy"
    spec: Annotated[XBackendTrafficPolicySpec, REQUIRED] = XBackendTrafficPolicySpec.model_construct()
    """Specification."""
