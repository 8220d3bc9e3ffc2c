"""AuthorizationPolicy: access control for workloads."""

from typing import Annotated, Literal

from pydantic import Field

from meshcompile.models.base import Node, ProtoEnum
from meshcompile.models.common import IstioResource, PolicyTargetReference, WorkloadSelector, size


class Source(Node):
    """Source of a request. All fields that are set must match. A `*` at the start or end of a value is a wildcard."""

    principals: tuple[str, ...] = ()
    """Identities of the peer, as `TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT`. Requires mutual TLS."""
    not_principals: tuple[str, ...] = ()
    """Identities of the peer that do not match."""
    request_principals: tuple[str, ...] = ()
    """Identities from the token, as `ISSUER/SUBJECT`. Requires a RequestAuthentication."""
    not_request_principals: tuple[str, ...] = ()
    """Identities from the token that do not match."""
    namespaces: tuple[str, ...] = ()
    """Namespaces of the peer. Requires mutual TLS."""
    not_namespaces: tuple[str, ...] = ()
    """Namespaces of the peer that do not match."""
    service_accounts: Annotated[tuple[Annotated[str, size(320)], ...], size(16)] = ()
    """Service accounts of the peer, as `NAMESPACE/ACCOUNT`, or `ACCOUNT` in the namespace of the policy. `*` is not
    allowed.
    """
    not_service_accounts: Annotated[tuple[Annotated[str, size(320)], ...], size(16)] = ()
    """Service accounts of the peer that do not match."""
    ip_blocks: tuple[str, ...] = ()
    """IP addresses or CIDR ranges of the connection (`direct_remote_ip`)."""
    not_ip_blocks: tuple[str, ...] = ()
    """IP addresses or CIDR ranges of the connection that do not match."""
    remote_ip_blocks: tuple[str, ...] = ()
    """IP addresses or CIDR ranges of the original client, from `x-forwarded-for` or the PROXY protocol (`remote_ip`).
    """
    not_remote_ip_blocks: tuple[str, ...] = ()
    """IP addresses or CIDR ranges of the original client that do not match."""
    trust_domains: tuple[str, ...] = ()
    """Trust domains of the peer. Requires mutual TLS."""
    not_trust_domains: tuple[str, ...] = ()
    """Trust domains of the peer that do not match."""


class Operation(Node):
    """Operation of a request: all fields that are set must match.

    A `*` at the start or end of a value is a wildcard.
    """

    hosts: tuple[str, ...] = ()
    """Hosts (`:authority`). Case is ignored. HTTP only."""
    not_hosts: tuple[str, ...] = ()
    """Hosts that do not match. HTTP only."""
    ports: tuple[str, ...] = ()
    """Ports of the workload."""
    not_ports: tuple[str, ...] = ()
    """Ports of the workload that do not match."""
    methods: tuple[str, ...] = ()
    """HTTP methods. gRPC always uses POST. HTTP only."""
    not_methods: tuple[str, ...] = ()
    """HTTP methods that do not match. HTTP only."""
    paths: tuple[str, ...] = ()
    """Paths, which may contain `{*}` and `{**}`. For gRPC, `/package.Service/Method`. HTTP only."""
    not_paths: tuple[str, ...] = ()
    """Paths that do not match. HTTP only."""


class RuleFrom(Node):
    """One alternative source."""

    source: Source | None = None
    """The source."""


class RuleTo(Node):
    """One alternative operation."""

    operation: Operation | None = None
    """The operation."""


class Condition(Node):
    """A condition on an attribute of the request."""

    key: str
    """Name of the attribute, for example `request.headers[x-token]`, `source.ip` or `request.auth.claims[sub]`."""
    values: tuple[str, ...] = ()
    """Values; the attribute must have one of them."""
    not_values: tuple[str, ...] = ()
    """Values that do not match."""


class Rule(Node):
    """Requests by source, operation and further conditions, all of which must match. Empty parts match all requests."""

    from_: Annotated[tuple[RuleFrom, ...], size(512)] = ()
    """Alternative sources; one of them must match."""
    to: tuple[RuleTo, ...] = ()
    """Alternative operations; one of them must match."""
    when: tuple[Condition, ...] = ()
    """Further conditions, all of which must hold."""


class AuthorizationPolicyAction(ProtoEnum):
    """What happens to a request that a rule matches."""

    ALLOW = "ALLOW"
    DENY = "DENY"
    AUDIT = "AUDIT"
    CUSTOM = "CUSTOM"


class AuthorizationPolicyProvider(Node):
    """The external authorizer of a CUSTOM policy."""

    name: str = ""
    """Name of an extension provider in the mesh config."""


class AuthorizationPolicySpec(Node):
    """Access control: the filters `envoy.filters.http.rbac` and `envoy.filters.network.rbac`."""

    selector: WorkloadSelector | None = None
    """Workloads in the namespace of the policy. Without selector and target: the whole namespace or, in the root
    namespace, the whole mesh.
    """
    target_ref: PolicyTargetReference | None = None
    """The object that the policy is attached to."""
    target_refs: Annotated[tuple[PolicyTargetReference, ...], size(16)] = ()
    """The objects that the policy is attached to."""
    rules: Annotated[tuple[Rule, ...], size(512)] = ()
    """Alternative rules; one of them must match. An empty list matches nothing, but an empty rule matches all requests.
    """
    action: AuthorizationPolicyAction = AuthorizationPolicyAction.ALLOW
    """What happens to a matching request. CUSTOM policies are evaluated first, then DENY, then ALLOW. AUDIT only marks
    requests.
    """
    provider: AuthorizationPolicyProvider | None = None
    """The external authorizer. For CUSTOM only."""


class AuthorizationPolicy(IstioResource):
    """Allows or denies requests and connections.

    If a workload has any ALLOW policy, requests that no ALLOW policy matches are denied.
    """

    api_version: Literal["security.istio.io/v1", "security.istio.io/v1beta1"] = "security.istio.io/v1"
    kind: Literal["AuthorizationPolicy"] = "AuthorizationPolicy"
    spec: AuthorizationPolicySpec = Field(default_factory=AuthorizationPolicySpec)
